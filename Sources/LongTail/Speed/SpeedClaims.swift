import Foundation
import Notebook

extension SpeedExperiment {
  /// Two threads should be 1.85 times as fast as one; more in the same share of their number.
  public var threadTarget: Double { 1.85 / 2 * Double(threadCount) }
  /// How far above proportion a growing cost may lie, as measurements vary.
  private static let growthTolerance = 1.1

  /// One claim per row with a target.
  public func timeClaims(_ rows: [MeasuredRow]) -> [Claim] {
    rows.compactMap { row in
      row.row.target.map { target in
        let statement = "\(row.row.title): at most \(NumberFormat.fixed(target)) of PyTorch's time."
        guard let low = row.ratios.min(), let high = row.ratios.max() else {
          let reason = row.peerFailure == nil ? "PyTorch was not at hand" : "PyTorch failed"
          return Claim(statement, holds: nil, evidence: reason)
        }
        return Claim(
          statement, holds: row.ratio <= target,
          evidence: "\(NumberFormat.fixed(row.ratio)), from \(NumberFormat.fixed(low)) to \(NumberFormat.fixed(high)) "
            + "over \(row.ratios.count) rounds")
      }
    }
  }

  /// That no row needs more memory than PyTorch.
  public func memoryClaim(_ rows: [MeasuredRow]) -> Claim {
    claim(
      "No row needs more memory at its peak than PyTorch.",
      values: rows.compactMap { row in row.memoryRatio.map { (row.row.id, $0) } }, missing: "PyTorch was not at hand"
    ) { $0 <= 1 }
  }

  /// That all threads are worth their number on each row, of the paper's networks and of the small ones. Not decided
  /// where the machine was busy with something else.
  public func threadClaims(_ rows: [MeasuredRow], peak: (one: MachinePeak, all: MachinePeak)) -> [Claim] {
    [("the paper's networks", false), ("the small networks", true)].map { networks, areSmall in
      var claim = claim(
        "\(threadCount) threads are at least \(NumberFormat.fixed(threadTarget)) times as fast as one, on every row of "
          + "\(networks).",
        values: rows.filter { !$0.threadPairs.isEmpty && $0.row.isSmall == areSmall }.map { ($0.row.id, $0.speedUp) },
        missing: threadCount > 1 ? "no such row was measured" : "only one thread was used"
      ) { $0 >= threadTarget }
      if threadCount > 1, peak.all.wasDisturbed(over: peak.one) {
        claim.holds = nil
        claim.evidence += "; the machine was busy, and even the register loop ran "
          + "\(NumberFormat.fixed(peak.all.speedUp(over: peak.one))) times as fast"
      }
      return claim
    }
  }

  /// That the cost grows no faster than the work.
  public func growthClaim(_ statement: String, _ sweeps: [MeasuredSweep], work: (Int) -> Double) -> Claim {
    claim(
      statement, values: sweeps.compactMap { sweep in
        sweep.relativeCosts(work).dropFirst().map(\.y).max().map { (sweep.title, $0) }
      }, missing: "growing sizes were not measured"
    ) { $0 <= Self.growthTolerance }
  }

  /// A claim about every one of some values; its evidence names those that break it, or else the extreme ones.
  private func claim(
    _ statement: String, values: [(name: String, value: Double)], missing: String, _ holds: (Double) -> Bool
  ) -> Claim {
    if values.isEmpty { return Claim(statement, holds: nil, evidence: missing) }
    let broken = values.filter { !holds($0.value) }
    func list(_ values: [(name: String, value: Double)]) -> String {
      values.map { "\($0.name) \(NumberFormat.fixed($0.value))" }.joined(separator: ", ")
    }
    let sorted = values.map(\.value).sorted()
    let evidence = "from \(NumberFormat.fixed(sorted[0])) to \(NumberFormat.fixed(sorted.last!))"
      + (broken.isEmpty ? "" : "; not: \(list(broken))")
    if isSmoke {
      return Claim(statement, holds: nil, evidence: evidence + "; the sizes of this profile decide nothing")
    }
    return Claim(statement, holds: broken.isEmpty, evidence: evidence)
  }
}
