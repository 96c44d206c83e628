import Engine

/// The sizes of a discriminator.
public struct DiscriminatorConfiguration: Codable, Hashable, Sendable {
  /// The picture's side: a power of two of at least 16.
  public var size: Int
  public var classes: Int
  /// The planes that the label's embedding adds to the 4×4 map.
  public var labelWidth: Int
  public var channels: ChannelPlan

  /// The defaults are the released code's.
  public init(size: Int = 256, classes: Int, labelWidth: Int = 512, channels: ChannelPlan = .released()) {
    self.size = size
    self.classes = classes
    self.labelWidth = labelWidth
    self.channels = channels
  }
}

/// StyleGAN2's discriminator in the wavelet domain, told the class at 4×4. The released `tgn.Discriminator`.
public final class Discriminator: Module, BatchCoupled {
  public let configuration: DiscriminatorConfiguration
  private let dwt: HaarWavelet
  private let from_rgbs: [FromRGB]
  private let convs: [HalvingBlock]
  private let label_emb: Embedding
  private let final_conv: ConvLayer
  private let final_linear: [EqualLinear]
  private let fusion_conv: ConvLayer
  public var parallel: DataParallel?

  public init(_ configuration: DiscriminatorConfiguration, stream: inout RandomStream) {
    self.configuration = configuration
    let plan = configuration.channels
    let top = levels(ofSide: configuration.size) - 1
    dwt = HaarWavelet(inverse: false)
    // The first map has half of the picture's side, but the plan's channels for the whole side.
    var (inputs, readers, blocks) = (plan.channels(at: configuration.size), [FromRGB](), [HalvingBlock]())
    for level in stride(from: top, to: 2, by: -1) {
      let outputs = plan.channels(at: 1 << (level - 1))
      readers.append(FromRGB(inputs, isHalving: level != top, stream: &stream))
      blocks.append(HalvingBlock(inputs, outputs, stream: &stream))
      inputs = outputs
    }
    let last = plan.channels(at: 4)
    readers.append(FromRGB(last, isHalving: true, stream: &stream))
    from_rgbs = readers
    convs = blocks
    label_emb = Embedding(configuration.classes, configuration.labelWidth, stream: &stream)
    final_conv = ConvLayer(inputs + 1, last, kernel: 3, stream: &stream)
    final_linear = [
      EqualLinear(last * 16, last, isActivated: true, stream: &stream), EqualLinear(last, 1, stream: &stream),
    ]
    fusion_conv = ConvLayer(inputs + configuration.labelWidth, inputs, kernel: 3, stream: &stream)
  }

  /// Whether activations inside the blocks are computed again for the gradient instead of kept: less memory, more time,
  /// the same results.
  public var recomputesActivations = false {
    didSet { for block in convs { block.recomputesActivations = recomputesActivations } }
  }

  /// How real pictures look, for their classes: [N,size,size,3] and N labels → logits [N, 1].
  public func callAsFunction(_ image: Tensor, labels: [Int]) -> Tensor {
    let batch = image.shape[0]
    precondition(
      image.shape == [batch, configuration.size, configuration.size, 3] && labels.count == batch,
      "pictures [N, \(configuration.size), \(configuration.size), 3] and N labels are needed, not \(image.shape) "
        + "and \(labels.count)")
    var bands = dwt(image)
    var features: Tensor?
    for (reader, block) in zip(from_rgbs, convs) {
      if let halve = reader.halve { bands = halve(bands) }
      features = block(reader(bands, addedTo: features))
    }
    let last = from_rgbs[from_rgbs.count - 1]
    if let halve = last.halve { bands = halve(bands) }
    let map = last(bands, addedTo: features)

    let planes = label_emb(labels).reshaped([batch, 1, 1, configuration.labelWidth])
      .broadcast(to: [batch, 4, 4, configuration.labelWidth])
    let fused = fusion_conv(concatenated([map, planes], axis: 3))
    let judged = final_conv(withBatchDeviation(fused, parallel: parallel))
    // PyTorch's order, channel first: the linear layer's columns follow it.
    return final_linear[1](final_linear[0](judged.transposed([0, 3, 1, 2]).reshaped([batch, -1])))
  }
}

/// Appends one channel: how much the pictures of a group differ, so that a generator that draws one picture only is
/// found out (minibatch standard deviation, Karras et al. 2018): [N,H,W,C] → [N,H,W,C+1].
///
/// Groups have four pictures, or the largest number below that divides N; the released code fails where min(N, 4) does
/// not divide N, and agrees elsewhere.
///
/// - Parameter parallel: With whom the batch is shared. Groups that lie across ranks are put together first.
func withBatchDeviation(_ x: Tensor, parallel: DataParallel? = nil) -> Tensor {
  if let parallel {
    let share = parallel.share
    let groups = share.total / groupSize(share.total)
    // Pictures of a group are `groups` apart in the batch, those of a rank `ranks` apart.
    if groups % share.ranks != 0 { return share.part(of: withBatchDeviation(parallel.gathered(x))) }
  }
  let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let group = groupSize(batch)
  let grouped = x.reshaped([group, batch / group, height * width * channels])
  let centred = grouped - grouped.mean([0], keepingAxes: true)
  let deviation = (centred.squared().mean([0]) + 1e-8).squareRoot().mean([1])
  // Picture n belongs to group n mod (N / group).
  let plane = deviation.reshaped([1, batch / group, 1]).broadcast(to: [group, batch / group, height * width])
  return concatenated([x, plane.reshaped([batch, height, width, 1])], axis: 3)
}

private func groupSize(_ batch: Int) -> Int { (1...4).last { batch % $0 == 0 }! }

/// Two convolutions, of which the second halves the map (the released `ConvBlock`).
final class HalvingBlock: Module {
  private let conv1: ConvLayer
  private let conv2: ConvLayer

  init(_ inputs: Int, _ outputs: Int, stream: inout RandomStream) {
    conv1 = ConvLayer(inputs, inputs, kernel: 3, stream: &stream)
    conv2 = ConvLayer(inputs, outputs, kernel: 3, isHalving: true, stream: &stream)
  }

  /// Whether what is inside is computed again for the gradient instead of kept.
  var recomputesActivations = false

  func callAsFunction(_ x: Tensor) -> Tensor {
    guard recomputesActivations else { return conv2(conv1(x)) }
    return recomputed([x], parameters: parameters.map(\.parameter.value)) { [self] in conv2(conv1($0[0])) }
  }
}

/// Features of the picture's wavelet bands at one resolution (the released `FromRGB`).
final class FromRGB: Module {
  private let iwt: HaarWavelet?
  private let downsample: FixedBlur?
  private let dwt: HaarWavelet?
  private let conv: ConvLayer

  init(_ outputs: Int, isHalving: Bool, stream: inout RandomStream) {
    iwt = isHalving ? HaarWavelet(inverse: true) : nil
    downsample = isHalving ? .halving() : nil
    dwt = isHalving ? HaarWavelet(inverse: false) : nil
    conv = ConvLayer(12, outputs, kernel: 1, stream: &stream)
  }

  /// The bands of the picture at half the side, where this reader looks at those.
  var halve: ((Tensor) -> Tensor)? {
    guard let iwt, let downsample, let dwt else { return nil }
    return { dwt(downsample(iwt($0))) }
  }

  /// [N,H,W,12] → [N,H,W,C], added to the features of the finer resolutions.
  func callAsFunction(_ bands: Tensor, addedTo features: Tensor?) -> Tensor {
    let own = conv(bands)
    return features.map { own + $0 } ?? own
  }
}
