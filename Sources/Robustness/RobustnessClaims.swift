import Foundation
import Notebook
import NumericalChecks

extension RobustnessExperiment {
  /// A claim that nothing in a list has a problem; the first problem is its evidence.
  private static func none(_ statement: String, of count: Int, _ problems: [String]) -> Claim {
    let good = "\(NumberFormat.count(count - problems.count)) of \(NumberFormat.count(count))"
    return Claim(
      statement, holds: count == 0 ? nil : problems.isEmpty,
      evidence: good + (problems.first.map { "; first: \(withoutFolders($0))" } ?? ""))
  }

  public static func killClaim(_ kills: [KillOutcome]) -> Claim {
    none("Whenever a run is killed, starting it again gives the unbroken run's results and report, to the bit.",
      of: kills.count, kills.compactMap(\.problem))
  }

  /// Of all finished stages that killed runs left.
  public static func halfStageClaim(_ kills: [KillOutcome]) -> Claim {
    let problems = kills.compactMap(\.problem).filter { $0.hasPrefix("taken for finished") }
    let stages = kills.reduce(0) { $0 + $1.stagesLeft }
    return Claim(
      "No half-written stage is ever taken for a finished one.", holds: stages == 0 ? nil : problems.isEmpty,
      evidence: "\(NumberFormat.count(stages)) stages of killed runs have their checksums"
        + (problems.first.map { "; but \($0)" } ?? ""))
  }

  public static func pairClaim(_ pairs: [PairOutcome]) -> Claim {
    none("Two processes on one store do no work twice, and take over what a killed one left.",
      of: pairs.count, pairs.compactMap(\.problem))
  }

  public static func diskClaim(_ disk: [DiskOutcome]) -> Claim {
    none("Trouble with the disk ends a run with one line that names the file; nothing is lost; the next run ends well.",
      of: disk.count, disk.compactMap { one in one.problem.map { "\(one.trouble): \($0)" } })
  }

  public static func sameBitsClaim(_ outcomes: [SameBitsOutcome]) -> Claim {
    let promised = outcomes.filter(\.isPromised)
    return none("Threads, locales, time zones and interruptions change no bit.", of: promised.count,
      promised.compactMap { one in one.difference.map { "\(one.circumstance): \($0)" } })
  }

  public static func fuzzClaim(_ outcomes: [FuzzOutcome]) -> Claim {
    none("Damaged input gives values or a typed error of one line: no crash, no hang.",
      of: outcomes.reduce(0) { $0 + $1.trials }, outcomes.flatMap(\.findings))
  }

  public static func gradientClaim(_ outcomes: [GradientProperty.Outcome]) -> Claim {
    none("Gradients to the second order agree with finite differences at random shapes.",
      of: outcomes.reduce(0) { $0 + $1.cases }, outcomes.flatMap(\.problems))
  }

  public static func extremeClaim(_ checks: [ExtremeCheck]) -> Claim {
    none("Extreme values, rows without variance and single pictures give what they should.", of: checks.count,
      checks.filter { !$0.holds }.map { "\($0.name): \($0.finding)" })
  }

  public static func memoryClaim(_ stages: [StageMemoryOutcome]) -> Claim {
    let ratios = stages.compactMap { one in one.predicted.map { (one.stage, Double(one.peak) / Double($0)) } }
    let list = ratios.map { "\($0.0) \(NumberFormat.fixed($0.1))" }.joined(separator: ", ")
    return Claim(
      "`--estimate` predicts each stage's resident memory within a fifth.",
      holds: ratios.isEmpty ? nil : ratios.allSatisfy { (0.8...1.2).contains($0.1) },
      evidence: ratios.isEmpty ? "not measured in this profile" : list)
  }

  public static func soakClaim(_ soak: SoakOutcome) -> Claim {
    // A hundredth: pages that the system gives and takes.
    return Claim(
      "A long training's memory grows by nothing (within a hundredth), once it is warm.",
      holds: soak.seconds < 60 ? nil : soak.growth <= 0.01,
      evidence: "\(NumberFormat.signed(100 * soak.growth)) % from "
        + "\(NumberFormat.fixed(Double(soak.warm) / 1_048_576, digits: 0)) MiB over the last three quarters of "
        + "\(NumberFormat.fixed(soak.seconds / 60, digits: 1)) minutes")
  }

  public static func leakClaim(_ leaks: LeakOutcome) -> Claim {
    let growth = leaks.end - leaks.quarter
    return Claim(
      "Nothing is lost at the boundaries to libraries in C.",
      holds: growth < 4 << 20 && (leaks.lostBytes ?? 0) == 0 && (leaks.errors ?? 0) == 0,
      evidence: leakSummary(leaks))
  }
}
