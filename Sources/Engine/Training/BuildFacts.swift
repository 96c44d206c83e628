import COpenBLAS

/// What results may depend on besides the code: for provenance.
public enum BuildFacts {
  /// Such as "0.3.21".
  public static var openBLASVersion: String {
    guard let text = openblas_get_config() else { return "unknown" }
    return String(cString: text).split(separator: " ").dropFirst().first.map(String.init) ?? "unknown"
  }

  /// The kernels that OpenBLAS chose for this machine, such as "SkylakeX".
  public static var openBLASKernel: String {
    guard let text = openblas_get_corename() else { return "unknown" }
    return String(cString: text)
  }

  /// What our own loops are compiled for.
  public static var instructionSet: String {
    #if arch(x86_64)
      return "x86-64-v3 (AVX2, FMA)"
    #elseif arch(arm64)
      return "AArch64 (NEON)"
    #else
      return "the compiler's own choice"
    #endif
  }
}
