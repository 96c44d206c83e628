import Checkpoints
import Engine

/// Learned perceptual image patch similarity (Zhang et al. 2018, version 0.1) with the keys of the `lpips` package:
/// how far apart two pictures look. For measuring; the package's dropout, used in its training alone, is left out.
public final class LPIPS: Module {
  /// The network whose maps are compared.
  public enum Network: String, CaseIterable, Sendable {
    case alexNet = "alex"
    case vgg
  }

  public let network: Network
  private let scaling_layer = ScalingLayer()
  private let net: any SlicedFeatures
  private let lins: [ChannelWeights]

  public init(_ network: Network, stream: inout RandomStream) {
    self.network = network
    switch network {
    case .alexNet:
      net = AlexNetFeatures(stream: &stream)
      lins = [64, 192, 384, 256, 256].map { ChannelWeights($0) }
    case .vgg:
      net = VGGFeatures(.vgg16, isSliced: true, stream: &stream)
      lins = [64, 128, 256, 512, 512].map { ChannelWeights($0) }
    }
  }

  public override func key(for property: String, at index: Int) -> String { "lin\(index)" }

  /// The distance of each pair: two batches of pictures [N,H,W,3] in [-1, 1] → [N].
  public func callAsFunction(_ a: Tensor, _ b: Tensor) -> Tensor {
    let layers = layerDistances(a, b)
    return layers.dropFirst().reduce(layers[0]) { $0 + $1 }
  }

  /// What each of the five layers adds to the distance: five times [N].
  public func layerDistances(_ a: Tensor, _ b: Tensor) -> [Tensor] {
    precondition(a.shape == b.shape && a.rank == 4, "pairs of pictures are needed, not \(a.shape) and \(b.shape)")
    // One pass for both.
    let maps = net(scaling_layer(concatenated([a, b], axis: 0)))
    return zip(maps, lins).map { map, weights in
      let unit = unitChannels(map)
      let count = a.shape[0]
      let difference = unit.slice(0, 0..<count) - unit.slice(0, count..<(2 * count))
      return weights(difference.squared()).mean([1, 2, 3])
    }
  }

  /// Fills the network from public files: torchvision's AlexNet or VGG-16, of which the `features` are taken, and the
  /// package's `lin*` weights (`weights/v0.1/alex.pth`, `vgg.pth`).
  ///
  /// - Throws: `StateMismatch`.
  public func load(trunk: StateDictionary, linear: StateDictionary) throws {
    var weights = StateDictionary(source: "\(trunk.source) and \(linear.source)")
    for (key, value) in StateDictionary(self).entries {
      let parts = key.split(separator: ".")
      switch parts[0] {
      // net.slice1.0.weight is features.0.weight.
      case "net": weights[key] = trunk["features.\(parts[2]).\(parts[3])"]
      case "scaling_layer": weights[key] = value
      default: break
      }
    }
    weights.merge(linear)
    try load(weights)
  }

  /// Fills the network from a whole state dictionary of the package, which names each `lin` twice.
  ///
  /// - Throws: `StateMismatch`.
  public func load(_ weights: StateDictionary) throws {
    var single = StateDictionary(source: weights.source)
    for (key, value) in weights.entries where !key.hasPrefix("lins.") { single[key] = value }
    try single.load(into: self)
  }
}

/// A network that gives the maps of its five stages.
private protocol SlicedFeatures: Module {
  /// [N,H,W,3] → five maps, after their ReLU.
  func callAsFunction(_ x: Tensor) -> [Tensor]
}

extension VGGFeatures: SlicedFeatures {}

/// From [-1, 1] to ImageNet's colours.
private final class ScalingLayer: Module {
  private let shift = Buffer(Tensor([-0.030, -0.088, -0.188], shape: [1, 1, 1, 3]), .picture)
  private let scale = Buffer(Tensor([0.458, 0.448, 0.450], shape: [1, 1, 1, 3]), .picture)

  func callAsFunction(_ x: Tensor) -> Tensor { (x - shift.value) / scale.value }
}

/// The convolutions of AlexNet (Krizhevsky 2014), numbered as in torchvision's `features`.
private final class AlexNetFeatures: Module, SlicedFeatures {
  private let convolutions: [Conv2d]

  init(stream: inout RandomStream) {
    convolutions = [
      Conv2d(3, 64, kernel: 11, stride: 4, padding: 2, bias: true, stream: &stream),
      Conv2d(64, 192, kernel: 5, padding: 2, bias: true, stream: &stream),
      Conv2d(192, 384, kernel: 3, padding: 1, bias: true, stream: &stream),
      Conv2d(384, 256, kernel: 3, padding: 1, bias: true, stream: &stream),
      Conv2d(256, 256, kernel: 3, padding: 1, bias: true, stream: &stream),
    ]
  }

  override func key(for property: String, at index: Int) -> String {
    ["slice1.0", "slice2.3", "slice3.6", "slice4.8", "slice5.10"][index]
  }

  func callAsFunction(_ x: Tensor) -> [Tensor] {
    var maps: [Tensor] = []
    for (index, convolution) in convolutions.enumerated() {
      var y = maps.last ?? x
      if index == 1 || index == 2 { y = maxPool2d(y, kernel: 3, Window(stride: 2)) }
      maps.append(convolution(y).relu())
    }
    return maps
  }
}

/// A weighted sum of the channels: `model.1` of the package, behind its dropout.
private final class ChannelWeights: Module {
  private let weight: Parameter

  /// The plain mean of the channels, until weights are loaded.
  init(_ channels: Int) {
    weight = Parameter(Tensor(repeating: 1 / Float(channels), shape: [1, 1, channels, 1]), .convolution)
  }

  override func key(for property: String) -> String { "model.1.\(property)" }

  /// [N,H,W,C] → [N,H,W,1].
  func callAsFunction(_ x: Tensor) -> Tensor { conv2d(x, weight.value) }
}

/// Each pixel's channels scaled to length 1. (The package adds 1e-10 to the length; under the root the same number
/// keeps the gradient of an empty pixel finite.)
private func unitChannels(_ x: Tensor) -> Tensor {
  x * (x.squared().sum([3], keepingAxes: true) + 1e-20).reciprocalSquareRoot()
}
