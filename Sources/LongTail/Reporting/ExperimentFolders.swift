import Foundation

/// Where an experiment of this package stands, where it writes, and where it keeps what it has made.
public struct ExperimentFolders {
  /// That of `main.swift`: `Experiments/NAME`.
  public let experiment: URL
  public let package: URL
  /// `Reports/NAME` unless given.
  public let report: URL
  /// `.stages` in the package unless given.
  public let store: URL

  /// - Parameters:
  ///   - source: The path of the experiment's `main.swift`.
  ///   - report: The name of its report.
  ///   - out: The report's folder, if another.
  ///   - store: The folder of finished stages, if another.
  public init(source: String, report: String, out: String?, store: String?) {
    experiment = URL(fileURLWithPath: source).deletingLastPathComponent()
    package = experiment.deletingLastPathComponent().deletingLastPathComponent()
    self.report = out.map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent("Reports/\(report)")
    self.store = store.map { URL(fileURLWithPath: $0) } ?? package.appendingPathComponent(".stages")
  }
}
