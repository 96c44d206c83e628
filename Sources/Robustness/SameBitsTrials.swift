import Foundation
import LongTail

/// The pipeline under other circumstances, which must not change a bit.
public struct SameBitsOutcome: Codable, Sendable {
  public var circumstance: String
  /// Whether the promise covers it; the others are for information.
  public var isPromised: Bool
  /// What was not as in the unbroken run on one thread; nil if nothing was.
  public var difference: String?
}

struct SameBitsTrials {
  struct Circumstance {
    var name: String
    var isPromised = true
    var threads = 1
    var more: [String] = []
    var environment: [String: String] = [:]
  }

  let pipeline: TinyPipeline
  let reference: TinyPipeline.Reference
  let circumstances: [Circumstance]

  /// - Parameter folder: For locales that are made here.
  init(_ pipeline: TinyPipeline, reference: TinyPipeline.Reference, counts: RobustnessCounts, folder: URL) {
    self.pipeline = pipeline
    self.reference = reference
    var all = counts.threadCounts.map { Circumstance(name: "\($0) thread\($0 == 1 ? "" : "s")", threads: $0) }
    for locale in counts.locales {
      let made = Self.makeLocale(locale, in: folder)
      all.append(Circumstance(
        name: "locale \(locale)" + (made ? "" : " (named only: the system has no such locale)"),
        environment: ["LC_ALL": locale, "LANG": locale, "LANGUAGE": locale, "LOCPATH": folder.path]))
    }
    for zone in counts.timeZones { all.append(Circumstance(name: "time zone \(zone)", environment: ["TZ": zone])) }
    all.append(Circumstance(
      name: "OPENBLAS_NUM_THREADS=4, OMP_NUM_THREADS=4", threads: 2,
      environment: ["OPENBLAS_NUM_THREADS": "4", "OMP_NUM_THREADS": "4"]))
    all.append(Circumstance(name: "never saved on the way", more: ["--checkpoint-seconds", "1000"]))
    #if arch(x86_64)
      for kernel in ["Haswell", "SkylakeX"] where kernel == "Haswell" || Self.hasAVX512 {
        all.append(Circumstance(
          name: "OpenBLAS's kernels for \(kernel)", isPromised: false, environment: ["OPENBLAS_CORETYPE": kernel]))
      }
    #endif
    circumstances = all
  }

  func run(_ number: Int) throws -> SameBitsOutcome {
    let one = circumstances[number]
    let trial = try pipeline.trial("bits-\(number)")
    defer { try? FileManager.default.removeItem(at: trial.all) }
    let end = try pipeline.start(
      store: trial.store, out: trial.out, threads: one.threads, more: one.more, environment: one.environment
    ).wait()
    let problem = end.status == 0
      ? pipeline.difference(store: trial.store, out: trial.out, from: reference) : "it ended with \(end.summary)"
    return SameBitsOutcome(circumstance: one.name, isPromised: one.isPromised, difference: problem)
  }

  static var hasAVX512: Bool {
    (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8))?.contains("avx512f") ?? false
  }

  /// Compiles a locale from the system's sources, where it has them. "C" is always there.
  private static func makeLocale(_ name: String, in folder: URL) -> Bool {
    if name == "C" { return true }
    let compiler = URL(fileURLWithPath: "/usr/bin/localedef")
    let language = name.split(separator: ".").first.map(String.init) ?? name
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard FileManager.default.isExecutableFile(atPath: compiler.path),
      let child = try? Child(
        compiler, ["-i", language, "-f", "UTF-8", "--no-archive", folder.appendingPathComponent(name).path])
    else { return false }
    _ = child.wait(atMost: 60)
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent(name + "/LC_NUMERIC").path)
  }
}
