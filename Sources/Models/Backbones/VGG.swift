import Engine

/// VGG (Simonyan and Zisserman 2015) with torchvision's keys, and the head of the released `model_finetune.py`:
/// 25088 → 1024, ReLU, dropout of one half, 1024 → classes.
public final class VGG: Module, Backbone {
  public enum Depth: String, Sendable {
    case vgg11, vgg13, vgg16, vgg19

    /// 3×3 convolutions in each of the five stages, of 64, 128, 256, 512 and 512 channels.
    var convolutions: [Int] {
      switch self {
      case .vgg11: [1, 1, 2, 2, 2]
      case .vgg13: [2, 2, 2, 2, 2]
      case .vgg16: [2, 2, 3, 3, 3]
      case .vgg19: [2, 2, 4, 4, 4]
      }
    }
  }

  private let features: VGGFeatures
  private let classifier: VGGHead

  public init(_ depth: Depth, classes: Int, stream: inout RandomStream) {
    features = VGGFeatures(depth, stream: &stream)
    classifier = VGGHead(classes: classes, stream: &stream)
  }

  public var headKey: String { "classifier" }

  public func logits(_ x: Tensor) -> Tensor {
    let pooled = adaptiveAveragePool2d(maxPool2d(features(x).last!, kernel: 2, Window(stride: 2)), height: 7, width: 7)
    // PyTorch flattens channels first.
    return classifier(pooled.transposed([0, 3, 1, 2]).reshaped([x.shape[0], -1]))
  }
}

/// The convolutions of VGG, numbered as in torchvision's `features`, where each ReLU and each pooling counts too.
final class VGGFeatures: Module {
  private let convolutions: [Conv2d]
  private let keys: [String]
  private let stages: [Int]

  /// - Parameter isSliced: Whether a stage's number stands before a convolution's, as in LPIPS: `slice1.0`.
  init(_ depth: VGG.Depth, isSliced: Bool = false, stream: inout RandomStream) {
    stages = depth.convolutions
    var convolutions: [Conv2d] = []
    var keys: [String] = []
    var (inputs, number) = (3, 0)
    for (stage, count) in stages.enumerated() {
      let width = min(64 << stage, 512)
      for _ in 0..<count {
        convolutions.append(Conv2d(inputs, width, kernel: 3, padding: 1, bias: true, stream: &stream))
        keys.append(isSliced ? "slice\(stage + 1).\(number)" : "\(number)")
        inputs = width
        number += 2
      }
      number += 1
    }
    self.convolutions = convolutions
    self.keys = keys
  }

  override func key(for property: String, at index: Int) -> String { keys[index] }

  /// The last map of each stage, before it is pooled: [N,H,W,3] → five maps, the first of full size.
  func callAsFunction(_ x: Tensor) -> [Tensor] {
    var maps: [Tensor] = []
    var next = 0
    for count in stages {
      var y = maps.last.map { maxPool2d($0, kernel: 2, Window(stride: 2)) } ?? x
      for convolution in convolutions[next..<(next + count)] { y = convolution(y).relu() }
      next += count
      maps.append(y)
    }
    return maps
  }
}

/// Two layers, numbered as in a PyTorch `Sequential` with a ReLU and a dropout between them.
private final class VGGHead: Module {
  private let hidden: Linear
  private let dropout = Dropout(0.5)
  private let last: Linear

  init(classes: Int, stream: inout RandomStream) {
    hidden = Linear(512 * 7 * 7, 1024, stream: &stream)
    last = Linear(1024, classes, stream: &stream)
  }

  override func key(for property: String) -> String {
    switch property {
    case "hidden": "0"
    case "last": "3"
    default: property
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor { last(dropout(hidden(x).relu())) }
}
