import Checkpoints
import Engine
import Foundation

/// The back-bones of the released `model_finetune.py`, by its names.
public enum BackboneName: String, CaseIterable, Codable, Sendable {
  case vgg11, vgg13, vgg16, vgg19
  case resnet18, resnet34, resnet50, resnet101, resnet152
  case efficientNetB0 = "efficientnet-b0"
  case efficientNetB1 = "efficientnet-b1"
  case efficientNetB2 = "efficientnet-b2"
  case efficientNetB3 = "efficientnet-b3"
  case efficientNetB4 = "efficientnet-b4"
  case efficientNetB5 = "efficientnet-b5"
  case efficientNetB6 = "efficientnet-b6"
  case efficientNetB7 = "efficientnet-b7"
  case seResNet50 = "se_resnet50"
  case seResNet101 = "se_resnet101"
  case seResNet152 = "se_resnet152"
  case seResNeXt50 = "se_resnext50_32x4d"
  case seResNeXt101 = "se_resnext101_32x4d"
  case seNet154 = "senet154"
  case denseNet121 = "densenet121"
  case denseNet161 = "densenet161"
  case denseNet169 = "densenet169"
  case denseNet201 = "densenet201"
  case inceptionResNetV2 = "inceptionresnetv2"

  /// - Throws: `UnknownBackbone`, which tells the nearest name and all others.
  public init(named name: String) throws {
    guard let known = BackboneName(rawValue: name) else { throw UnknownBackbone(name: name) }
    self = known
  }

  /// Whether its batch norms take a hundredth of every batch into their running means, others a tenth: after few steps
  /// it is then tested with what it started from.
  public var hasSlowAverages: Bool { rawValue.hasPrefix("efficientnet") }

  /// The network with random weights and the head that the released code puts on it.
  public func network(classes: Int, stream: inout RandomStream) -> any Backbone {
    switch self {
    case .vgg11, .vgg13, .vgg16, .vgg19: VGG(VGG.Depth(rawValue: rawValue)!, classes: classes, stream: &stream)
    case .resnet18: resNet(.resNet18(classes: classes), &stream)
    case .resnet34: resNet(.resNet34(classes: classes), &stream)
    case .resnet50: resNet(.resNet50(classes: classes), &stream)
    case .resnet101: resNet(.resNet101(classes: classes), &stream)
    case .resnet152: resNet(.resNet152(classes: classes), &stream)
    case .efficientNetB0, .efficientNetB1, .efficientNetB2, .efficientNetB3, .efficientNetB4, .efficientNetB5,
      .efficientNetB6, .efficientNetB7:
      EfficientNet(.init(scale: efficientNetScale), classes: classes, stream: &stream)
    case .seResNet50: SENet(.seResNet([3, 4, 6, 3]), classes: classes, stream: &stream)
    case .seResNet101: SENet(.seResNet([3, 4, 23, 3]), classes: classes, stream: &stream)
    case .seResNet152: SENet(.seResNet([3, 8, 36, 3]), classes: classes, stream: &stream)
    case .seResNeXt50: SENet(.seResNeXt([3, 4, 6, 3]), classes: classes, stream: &stream)
    case .seResNeXt101: SENet(.seResNeXt([3, 4, 23, 3]), classes: classes, stream: &stream)
    case .seNet154: SENet(.seNet154, classes: classes, stream: &stream)
    case .denseNet121: DenseNet(.init(blocks: [6, 12, 24, 16]), classes: classes, stream: &stream)
    case .denseNet161:
      DenseNet(.init(blocks: [6, 12, 36, 24], growth: 48, stem: 96), classes: classes, stream: &stream)
    case .denseNet169: DenseNet(.init(blocks: [6, 12, 32, 32]), classes: classes, stream: &stream)
    case .denseNet201: DenseNet(.init(blocks: [6, 12, 48, 32]), classes: classes, stream: &stream)
    case .inceptionResNetV2: InceptionResNetV2(classes: classes, stream: &stream)
    }
  }

  /// torchvision's ResNet whose head is a `Sequential` of one layer.
  private func resNet(_ configuration: ResNetConfiguration, _ stream: inout RandomStream) -> ResNet {
    var configuration = configuration
    configuration.naming = .downsample
    return ResNet(configuration, headKey: "fc.0", stream: &stream)
  }

  /// The N of EfficientNet-bN.
  private var efficientNetScale: Int { Int(rawValue.suffix(1))! }

  /// The side of the pictures that the public weights were trained with. (The released classifier gives every
  /// back-bone 224 pixels, but 299 to Inception-ResNet-v2.)
  public var inputSize: Int {
    switch self {
    case .efficientNetB0, .efficientNetB1, .efficientNetB2, .efficientNetB3, .efficientNetB4, .efficientNetB5,
      .efficientNetB6, .efficientNetB7:
      EfficientNet.Configuration(scale: efficientNetScale).imageSize
    case .inceptionResNetV2: 299
    default: 224
    }
  }

  /// How the public weights want their colours.
  public var normalization: ColourNormalization { self == .inceptionResNetV2 ? .half : .imageNet }
}

/// A name that no back-bone has.
public struct UnknownBackbone: Error, Equatable, CustomStringConvertible, LocalizedError {
  public let name: String

  public var description: String {
    let names = BackboneName.allCases.map(\.rawValue)
    let nearest = nearestName(to: name, in: names).map { "; did you mean \($0)?" } ?? ";"
    return "there is no back-bone \(name)\(nearest) Choose one of \(names.joined(separator: ", "))"
  }

  public var errorDescription: String? { description }
}
