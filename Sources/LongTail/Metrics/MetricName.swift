import Engine

/// What a measure's features or distances come from. It decides the measure's name: a standard name promises the
/// standard network.
public enum FeatureSource: Hashable, Codable, Sendable {
  /// The pooled features of Inception-v3 with the weights of the original FID.
  case inception
  /// LPIPS distances of VGG-16.
  case lpips
  /// Anything else, named for the reader: "own features".
  case other(String)

  /// The features of a network trained here.
  public static let own = FeatureSource.other("own features")

  var words: String {
    switch self {
    case .inception: "Inception features"
    case .lpips: "LPIPS"
    case .other(let name): name
    }
  }
}

/// The measures of generated pictures.
public enum PictureMeasure: CaseIterable, Sendable {
  case frechetDistance, kernelDistance, precision, recall, density, coverage
  case diversity, nearestTrainingPicture, pathLength

  /// The standard name where the source is the standard one; otherwise the formula's name and the source.
  public func name(with source: FeatureSource) -> String {
    switch (self, source) {
    case (.frechetDistance, .inception): return "FID"
    case (.kernelDistance, .inception): return "KID"
    case (.precision, .inception), (.recall, .inception), (.density, .inception), (.coverage, .inception):
      return formula
    case (.diversity, .lpips): return "LPIPS diversity"
    case (.nearestTrainingPicture, .lpips): return "LPIPS to the nearest training picture"
    case (.pathLength, .lpips): return "PPL"
    default: return "\(formula) (\(source.words))"
    }
  }

  private var formula: String {
    switch self {
    case .frechetDistance: "Fréchet distance"
    case .kernelDistance: "Kernel distance"
    case .precision: "Precision"
    case .recall: "Recall"
    case .density: "Density"
    case .coverage: "Coverage"
    case .diversity: "Diversity"
    case .nearestTrainingPicture: "Distance to the nearest training picture"
    case .pathLength: "Path length"
    }
  }
}

/// Features that a measure cannot be taken of.
public enum MetricError: Error, Equatable, CustomStringConvertible {
  case tooFew(measure: String, pictures: Int, needed: Int)
  case widthsDiffer(Int, Int)
  case notFinite(measure: String)

  public var description: String {
    switch self {
    case .tooFew(let measure, let pictures, let needed):
      "\(measure) needs \(needed) pictures; there are \(pictures): give it more"
    case .widthsDiffer(let a, let b):
      "features of \(a) and of \(b) numbers cannot be compared: take both from one network"
    case .notFinite(let measure):
      "\(measure): a feature is not finite; look for broken pictures or weights"
    }
  }
}

/// Throws unless two lists of features [N,C] and [M,C] can be compared.
func requireComparable(_ a: DoubleRows, _ b: DoubleRows, measure: String, atLeast needed: Int) throws {
  guard a.width == b.width else { throw MetricError.widthsDiffer(a.width, b.width) }
  let pictures = min(a.count, b.count)
  guard pictures >= needed else { throw MetricError.tooFew(measure: measure, pictures: pictures, needed: needed) }
  guard a.isFinite && b.isFinite else { throw MetricError.notFinite(measure: measure) }
}
