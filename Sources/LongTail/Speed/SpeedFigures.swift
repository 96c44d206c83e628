import Foundation
import Notebook

extension SpeedExperiment {
  /// Every row, and the operations that it spends its time in, under the machine's ceilings.
  public func roofline(_ rows: [MeasuredRow], peak: MachinePeak) -> Roofline {
    let whole = rows.map { Roofline.Point($0.row.id, intensity: $0.intensity, rate: $0.rate) }
    // An operation under a fiftieth of its row's time says more about the clock than about the machine.
    let single = rows.flatMap { row in row.operations.filter { $0.seconds >= 0.02 * row.tracedSeconds } }
    func points(_ totals: [OperationTotal]) -> [Roofline.Point] {
      totals.map {
        Roofline.Point(
          "", intensity: Double($0.operations) / Double($0.bytes), rate: Double($0.operations) / $0.seconds)
      }
    }
    return Roofline(
      "What the machine allows, and what is reached",
      groups: [
        .init("whole rows", whole), .init("their convolutions and products", points(single.filter(\.isProduct))),
        .init("their other operations", points(single.filter { !$0.isProduct })),
      ], peakOperations: peak.operations, peakBytes: peak.copy)
  }

  /// Our time over PyTorch's, with the spread over the rounds.
  public func ratioChart(_ rows: [MeasuredRow]) -> BarChart {
    let compared = rows.filter { !$0.ratios.isEmpty }
    return BarChart(
      "Time beside PyTorch's", yLabel: "ours / PyTorch", groups: compared.map(\.row.id),
      series: [
        .init("measured", values: compared.map(\.ratio)),
        .init("target", values: compared.map { $0.row.target ?? .nan }),
      ],
      reference: ("PyTorch", 1))
  }

  /// How many times faster all threads are than one.
  public func threadChart(_ rows: [MeasuredRow]) -> BarChart {
    let scaled = rows.filter { !$0.threadPairs.isEmpty }
    return BarChart(
      "All threads over one", yLabel: "times as fast", groups: scaled.map(\.row.id),
      series: [.init("", values: scaled.map(\.speedUp))],
      reference: scaled.isEmpty ? nil : ("target", threadTarget))
  }

  /// Time for a unit of work at growing sizes; a level line is growth in proportion.
  public func growthPlot(
    _ sweeps: [MeasuredSweep], title: String, xLabel: String, yLabel: String, work: (Int) -> Double
  ) -> LinePlot {
    let sizes = sweeps.flatMap { $0.times.map { Double($0.size) } }
    let ends = [sizes.min() ?? 0, sizes.max() ?? 1]
    let series = sweeps.map { LinePlot.Series($0.title, points: $0.relativeCosts(work)) }
    let highest = series.flatMap { $0.points.map(\.y) }.max() ?? 1
    return LinePlot(
      title, xLabel: xLabel, yLabel: yLabel,
      series: sweeps.isEmpty ? [] : series + [.init("in proportion", points: ends.map { ($0, 1) })],
      yRange: 0...max(1.2, highest * 1.1))
  }
}
