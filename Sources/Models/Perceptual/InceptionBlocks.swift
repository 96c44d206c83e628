import Engine

// The blocks of Inception-v3 (Szegedy et al. 2016) with torchvision's keys and TensorFlow's poolings. Channels are
// joined in the order 1×1, then smaller to larger receptive fields, then the pooling.

/// The mean of each 3×3 window's pixels inside the picture.
private func neighbourMean(_ x: Tensor) -> Tensor {
  averagePool2d(x, kernel: 3, Window(padding: 1), countsPadding: false)
}

/// 35×35 maps.
final class InceptionA: Module {
  private let branch1x1, branch5x5_1, branch5x5_2, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3: ConvolutionUnit
  private let branch_pool: ConvolutionUnit

  init(_ inputs: Int, pooled: Int, stream: inout RandomStream) {
    branch1x1 = ConvolutionUnit(inputs, 64, 1, stream: &stream)
    branch5x5_1 = ConvolutionUnit(inputs, 48, 1, stream: &stream)
    branch5x5_2 = ConvolutionUnit(48, 64, 5, keepsSize: true, stream: &stream)
    branch3x3dbl_1 = ConvolutionUnit(inputs, 64, 1, stream: &stream)
    branch3x3dbl_2 = ConvolutionUnit(64, 96, 3, keepsSize: true, stream: &stream)
    branch3x3dbl_3 = ConvolutionUnit(96, 96, 3, keepsSize: true, stream: &stream)
    branch_pool = ConvolutionUnit(inputs, pooled, 1, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    concatenated(
      [
        branch1x1(x), branch5x5_2(branch5x5_1(x)), branch3x3dbl_3(branch3x3dbl_2(branch3x3dbl_1(x))),
        branch_pool(neighbourMean(x)),
      ], axis: 3)
  }
}

/// 35×35 → 17×17 maps.
final class InceptionB: Module {
  private let branch3x3, branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3: ConvolutionUnit

  init(_ inputs: Int, stream: inout RandomStream) {
    branch3x3 = ConvolutionUnit(inputs, 384, 3, stride: 2, stream: &stream)
    branch3x3dbl_1 = ConvolutionUnit(inputs, 64, 1, stream: &stream)
    branch3x3dbl_2 = ConvolutionUnit(64, 96, 3, keepsSize: true, stream: &stream)
    branch3x3dbl_3 = ConvolutionUnit(96, 96, 3, stride: 2, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    concatenated(
      [branch3x3(x), branch3x3dbl_3(branch3x3dbl_2(branch3x3dbl_1(x))), maxPool2d(x, kernel: 3, Window(stride: 2))],
      axis: 3)
  }
}

/// 17×17 maps of 768 channels.
final class InceptionC: Module {
  private let branch1x1, branch7x7_1, branch7x7_2, branch7x7_3: ConvolutionUnit
  private let branch7x7dbl_1, branch7x7dbl_2, branch7x7dbl_3, branch7x7dbl_4, branch7x7dbl_5: ConvolutionUnit
  private let branch_pool: ConvolutionUnit

  init(inner: Int, stream: inout RandomStream) {
    func row(_ inputs: Int, _ outputs: Int, _ stream: inout RandomStream) -> ConvolutionUnit {
      ConvolutionUnit(inputs, outputs, kernel: (1, 7), keepsSize: true, stream: &stream)
    }
    func column(_ inputs: Int, _ outputs: Int, _ stream: inout RandomStream) -> ConvolutionUnit {
      ConvolutionUnit(inputs, outputs, kernel: (7, 1), keepsSize: true, stream: &stream)
    }
    branch1x1 = ConvolutionUnit(768, 192, 1, stream: &stream)
    branch7x7_1 = ConvolutionUnit(768, inner, 1, stream: &stream)
    branch7x7_2 = row(inner, inner, &stream)
    branch7x7_3 = column(inner, 192, &stream)
    branch7x7dbl_1 = ConvolutionUnit(768, inner, 1, stream: &stream)
    branch7x7dbl_2 = column(inner, inner, &stream)
    branch7x7dbl_3 = row(inner, inner, &stream)
    branch7x7dbl_4 = column(inner, inner, &stream)
    branch7x7dbl_5 = row(inner, 192, &stream)
    branch_pool = ConvolutionUnit(768, 192, 1, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let long = branch7x7dbl_5(branch7x7dbl_4(branch7x7dbl_3(branch7x7dbl_2(branch7x7dbl_1(x)))))
    return concatenated(
      [branch1x1(x), branch7x7_3(branch7x7_2(branch7x7_1(x))), long, branch_pool(neighbourMean(x))], axis: 3)
  }
}

/// 17×17 → 8×8 maps.
final class InceptionD: Module {
  private let branch3x3_1, branch3x3_2: ConvolutionUnit
  private let branch7x7x3_1, branch7x7x3_2, branch7x7x3_3, branch7x7x3_4: ConvolutionUnit

  init(stream: inout RandomStream) {
    branch3x3_1 = ConvolutionUnit(768, 192, 1, stream: &stream)
    branch3x3_2 = ConvolutionUnit(192, 320, 3, stride: 2, stream: &stream)
    branch7x7x3_1 = ConvolutionUnit(768, 192, 1, stream: &stream)
    branch7x7x3_2 = ConvolutionUnit(192, 192, kernel: (1, 7), keepsSize: true, stream: &stream)
    branch7x7x3_3 = ConvolutionUnit(192, 192, kernel: (7, 1), keepsSize: true, stream: &stream)
    branch7x7x3_4 = ConvolutionUnit(192, 192, 3, stride: 2, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    concatenated(
      [
        branch3x3_2(branch3x3_1(x)), branch7x7x3_4(branch7x7x3_3(branch7x7x3_2(branch7x7x3_1(x)))),
        maxPool2d(x, kernel: 3, Window(stride: 2)),
      ], axis: 3)
  }
}

/// 8×8 maps.
final class InceptionE: Module {
  /// What the last branch takes of each 3×3 window.
  enum Pooling {
    case mean, maximum
  }

  private let branch1x1, branch3x3_1, branch3x3_2a, branch3x3_2b: ConvolutionUnit
  private let branch3x3dbl_1, branch3x3dbl_2, branch3x3dbl_3a, branch3x3dbl_3b: ConvolutionUnit
  private let branch_pool: ConvolutionUnit
  private let pooling: Pooling

  init(_ inputs: Int, pooling: Pooling, stream: inout RandomStream) {
    branch1x1 = ConvolutionUnit(inputs, 320, 1, stream: &stream)
    branch3x3_1 = ConvolutionUnit(inputs, 384, 1, stream: &stream)
    branch3x3_2a = ConvolutionUnit(384, 384, kernel: (1, 3), keepsSize: true, stream: &stream)
    branch3x3_2b = ConvolutionUnit(384, 384, kernel: (3, 1), keepsSize: true, stream: &stream)
    branch3x3dbl_1 = ConvolutionUnit(inputs, 448, 1, stream: &stream)
    branch3x3dbl_2 = ConvolutionUnit(448, 384, 3, keepsSize: true, stream: &stream)
    branch3x3dbl_3a = ConvolutionUnit(384, 384, kernel: (1, 3), keepsSize: true, stream: &stream)
    branch3x3dbl_3b = ConvolutionUnit(384, 384, kernel: (3, 1), keepsSize: true, stream: &stream)
    branch_pool = ConvolutionUnit(inputs, 192, 1, stream: &stream)
    self.pooling = pooling
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let (short, long) = (branch3x3_1(x), branch3x3dbl_2(branch3x3dbl_1(x)))
    let pooled = pooling == .mean ? neighbourMean(x) : maxPool2d(x, kernel: 3, Window(padding: 1))
    return concatenated(
      [
        branch1x1(x), branch3x3_2a(short), branch3x3_2b(short), branch3x3dbl_3a(long), branch3x3dbl_3b(long),
        branch_pool(pooled),
      ], axis: 3)
  }
}
