/// The class names, in label order, of the data sets that the paper uses, for layouts without `anno/classes.txt`.
public enum KnownClasses {
  /// DIOR's 20 classes.
  public static let dior = [
    "airplane", "airport", "baseballfield", "basketballcourt", "bridge", "chimney", "dam", "Expressway-Service-area",
    "Expressway-toll-station", "golffield", "groundtrackfield", "harbor", "overpass", "ship", "stadium",
    "storagetank", "tenniscourt", "trainstation", "vehicle", "windmill",
  ]
  /// DOTA's 15 classes.
  public static let dota = [
    "baseball-diamond", "basketball-court", "bridge", "ground-track-field", "harbor", "helicopter", "large-vehicle",
    "plane", "roundabout", "ship", "small-vehicle", "soccer-ball-field", "storage-tank", "swimming-pool",
    "tennis-court",
  ]
  /// FGSC-23's 23 classes.
  public static let fgsc = [
    "non-ship", "air carrier", "destroyer", "landing craft", "frigate", "amphibious transport dock", "cruiser",
    "Tarawa-class amphibious assault ship", "amphibious assault ship", "command ship", "submarine", "medical ship",
    "combat boat", "auxiliary ship", "container ship", "car carrier", "hovercraft", "bulk carrier", "oil tanker",
    "fishing boat", "passenger ship", "liquefied gas ship", "barge",
  ]

  /// The names that go with an annotation file such as `DIOR_train.txt`; nil for a data set that is not known.
  public static func names(forAnnotation file: String) -> [String]? {
    let prefixes = [("DIOR", dior), ("DOTA", dota), ("FGSC", fgsc)]
    return prefixes.first { file.uppercased().hasPrefix($0.0) }?.1
  }
}
