import Engine
import Foundation
import Notebook

// The tables and figures of `exp-scaling`.

extension ScalingExperiment {
  /// Measured trainings, each beside one rank's.
  public func trainingTable(_ rows: [Row]) -> Table {
    Table(
      [
        "Training", "ranks", "batch", "step, ms", "pictures/s", "speed-up", "efficiency, %", "waiting, %",
        "summed, KiB",
      ],
      rows: rows.map { row in
        let speedUp = row.picturesPerSecond / one(row, rows).picturesPerSecond
        return [
          .text(row.name), .count(row.ranks), .count(row.batch), .number(1e3 * row.seconds, digits: 1),
          .number(row.picturesPerSecond, digits: 0), .number(speedUp), .percent(speedUp / Double(row.ranks), digits: 0),
          .percent(row.waitingShare, digits: 1), .count(Int(row.answer.reducedBytes) >> 10),
        ]
      })
  }

  private func one(_ row: Row, _ rows: [Row]) -> Row { rows.first { $0.name == row.name && $0.ranks == 1 }! }

  /// How many times as many pictures a second as one rank, by ranks.
  public func speedUpPlot(_ rows: [Row], title: String) -> LinePlot {
    var names: [String] = []
    for row in rows where !names.contains(row.name) { names.append(row.name) }
    let ranks = rows.map { Double($0.ranks) }
    let series = names.map { name in
      let own = rows.filter { $0.name == name }
      return LinePlot.Series(
        name, points: own.map { (Double($0.ranks), $0.picturesPerSecond / own[0].picturesPerSecond) })
    }
    return LinePlot(
      title, xLabel: "ranks", yLabel: "times as many pictures a second",
      series: series + [.init("in proportion", points: Set(ranks).sorted().map { ($0, $0) })],
      yRange: 0...max(2, (ranks.max() ?? 1) * 1.1))
  }

  /// What hiding sums behind the backward pass gains: the same training with and without.
  public func overlapTable(with rows: [Row], without: [Row]) -> Table {
    Table(
      ["Training", "ranks", "step with overlap, ms", "without, ms", "gain, %"],
      rows: without.compactMap { plain in
        guard let row = rows.first(where: { $0.name == plain.name && $0.ranks == plain.ranks }) else { return nil }
        return [
          .text(row.name), .count(row.ranks), .number(1e3 * row.seconds, digits: 1),
          .number(1e3 * plain.seconds, digits: 1), .percent(1 - row.seconds / plain.seconds, digits: 1),
        ]
      })
  }

  public func sumPlot(_ sums: [(bytes: Double, seconds: Double)]) -> LinePlot {
    LinePlot(
      "Summing over this machine's ranks", xLabel: "bytes", yLabel: "milliseconds",
      series: [.init("measured", points: sums.map { ($0.bytes, 1e3 * $0.seconds) })], logarithmicX: true,
      logarithmicY: true)
  }

  public func sumTable(_ sums: [(bytes: Double, seconds: Double)]) -> Table {
    Table(
      ["Bytes", "milliseconds", "10⁹ bytes/s"],
      rows: sums.map { bytes, seconds in
        [.count(Int(bytes)), .number(1e3 * seconds, digits: 3), .number(bytes / seconds * 1e-9)]
      })
  }

  // MARK: - Projection

  /// Clusters that are projected to.
  public static let nodeCounts = [1, 16, 64, 256]
  private static let curve = [1, 2, 4, 8, 16, 32, 64, 128, 256]

  /// Pictures of a node: as many as the paper's whole batch.
  private func pictures(_ work: ClusterModel.Work) -> Double {
    let paper = PipelineSettings.profile(.paper)
    return Double(work.name == "generator" ? paper.cdtg.batchSize : paper.classifier.batchSize)
  }

  public var inputTable: Table {
    Table(["Input", "Value"], rows: [
      ["latency of a message, µs", .number(options.latency, digits: 1)],
      ["bandwidth of a node, Gbit/s", .number(options.bandwidth, digits: 1)],
      ["bucket of gradients, MiB", .number(options.bucket, digits: 1)],
      ["rate of a node", .text(options.nodeRate.map { "\($0) · 10⁹ operations/s" } ?? "as measured here, by work")],
    ])
  }

  public func workTable(_ works: [ClusterModel.Work]) -> Table {
    Table(
      [
        "Training", "10⁹ operations per picture", "10⁹ operations/s of a node", "pictures of a node",
        "MiB summed a step",
      ],
      rows: works.map {
        [
          .text($0.name), .number($0.operationsPerPicture * 1e-9, digits: 0), .number($0.nodeRate * 1e-9, digits: 0),
          .count(Int(pictures($0))), .number($0.bytes / 1_048_576, digits: 0),
        ]
      })
  }

  /// Weak scaling: every node has the paper's batch.
  public func weakTable(_ works: [ClusterModel.Work]) -> Table {
    var table = Table([
      "Training", "nodes", "batch", "computing, s", "sums, s", "small messages, s", "efficiency, %", "overlapped, %",
    ])
    for work in works {
      for nodes in Self.nodeCounts {
        let cost = model.cost(work, nodes: nodes, picturesPerNode: pictures(work))
        table.append([
          .text(work.name), .count(nodes), .count(nodes * Int(pictures(work))), .number(cost.compute),
          .number(cost.sums, digits: 3), .number(cost.exchanges, digits: 4),
          .percent(cost.compute / cost.seconds, digits: 1), .percent(cost.compute / cost.overlapped, digits: 1),
        ])
      }
    }
    return table
  }

  public func weakPlot(_ works: [ClusterModel.Work]) -> LinePlot {
    plot("Weak scaling, projected", works, yLabel: "efficiency, %", yRange: 0...105) { work, nodes, isOverlapped in
      let cost = model.cost(work, nodes: nodes, picturesPerNode: pictures(work))
      return 100 * cost.compute / (isOverlapped ? cost.overlapped : cost.seconds)
    }
  }

  /// Strong scaling: one batch for all, which 256 nodes can still divide.
  public func strongPlot(_ works: [ClusterModel.Work]) -> LinePlot {
    plot(
      "Strong scaling, projected: 256 pictures for all", works, yLabel: "times as fast as one node",
      logarithmicY: true
    ) { work, nodes, isOverlapped in
      let one = model.cost(work, nodes: 1, picturesPerNode: 256)
      let cost = model.cost(work, nodes: nodes, picturesPerNode: 256 / Double(nodes))
      return one.seconds / (isOverlapped ? cost.overlapped : cost.seconds)
    }
  }

  private func plot(
    _ title: String, _ works: [ClusterModel.Work], yLabel: String, yRange: ClosedRange<Double>? = nil,
    logarithmicY: Bool = false, _ value: (ClusterModel.Work, Int, Bool) -> Double
  ) -> LinePlot {
    let series = works.flatMap { work in
      [false, true].map { isOverlapped in
        LinePlot.Series(
          work.name + (isOverlapped ? ", overlapped" : ""),
          points: Self.curve.map { (Double($0), value(work, $0, isOverlapped)) })
      }
    }
    return LinePlot(
      title, xLabel: "nodes", yLabel: yLabel, series: series, yRange: yRange, logarithmicX: true,
      logarithmicY: logarithmicY)
  }

  /// Sums and small messages over computing, on a cluster of the largest size.
  public func costChart(_ works: [ClusterModel.Work]) -> BarChart {
    let groups = works.flatMap { work in Self.nodeCounts.dropFirst().map { (work, $0) } }
    let costs = groups.map { model.cost($0, nodes: $1, picturesPerNode: pictures($0)) }
    return BarChart(
      "Beside the computing of a step", yLabel: "% of the computing", groups: groups.map { "\($0.name), \($1) nodes" },
      series: [
        .init("sums of gradients", values: costs.map { 100 * $0.sums / $0.compute }),
        .init("small messages", values: costs.map { 100 * $0.exchanges / $0.compute }),
      ])
  }

  /// The efficiency at the largest size, without overlap.
  public func largestEfficiency(_ work: ClusterModel.Work) -> Double {
    let cost = model.cost(work, nodes: Self.nodeCounts.max()!, picturesPerNode: pictures(work))
    return cost.compute / cost.seconds
  }

  // MARK: - Verdict

  /// Whether the most ranks reach a share of what as many times one rank would, in every training.
  public func claim(_ statement: String, _ rows: [Row], efficiency: Double) -> Claim {
    let most = rows.map(\.ranks).max() ?? 1
    let reached = rows.filter { $0.ranks == most && most > 1 }.map { row in
      row.picturesPerSecond / one(row, rows).picturesPerSecond / Double(most)
    }
    guard !isSmoke, let worst = reached.min(), most <= Cores.allowed else {
      return Claim(statement, holds: nil, evidence: "not measured in this run")
    }
    return Claim(
      statement, holds: worst >= efficiency,
      evidence: "\(most) ranks reach \(NumberFormat.fixed(100 * worst, digits: 0)) % at least")
  }

  /// A claim about the projection, which its inputs decide.
  public func claim(_ statement: String, _ works: [ClusterModel.Work], efficiency: Double) -> Claim {
    let found = works.map { "\($0.name) \(NumberFormat.fixed(100 * largestEfficiency($0), digits: 0)) %" }
    return Claim(
      statement, holds: works.allSatisfy { largestEfficiency($0) >= efficiency },
      evidence: "by the model: \(found.joined(separator: ", "))")
  }
}

extension ScalingExperiment.Row {
  public var json: JSONValue {
    [
      "name": .string(name), "ranks": .integer(ranks), "batch": .integer(batch), "seconds": .number(seconds),
      "waited": .number(answer.waited), "operations": .number(answer.operations),
      "reducedBytes": .number(answer.reducedBytes),
    ]
  }
}
