import COpenBLAS

/// What results may depend on besides the code: for provenance.
public enum BuildFacts {
  /// Such as "0.3.21".
  public static var openBLASVersion: String {
    guard let text = openblas_get_config() else { return "unknown" }
    return String(cString: text).split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
  }
}
