/// One way to distil head and tail model, for the comparison of KMDN's directions, order, α and stage.
public struct DistillationPlan {
  let name: String
  let directions: [DistillationDirection]
  let label: String
  let change: (inout PipelineSettings) -> Void

  /// - Parameters:
  ///   - directions: One after the other; none leaves both models as they were.
  ///   - label: Tells its parts from those of others in the progress; plans that share one share their stages.
  ///   - change: What is otherwise than in the profile.
  public init(
    name: String, directions: [DistillationDirection] = [.toHead, .toTail], label: String = "",
    change: @escaping (inout PipelineSettings) -> Void = { _ in }
  ) {
    (self.name, self.directions, self.label, self.change) = (name, directions, label, change)
  }
}

/// Both models of a plan on the test pictures of their own classes, seed by seed.
public struct DistilledExperts {
  public let head: ScoredRow
  public let tail: ScoredRow
}

extension Experiment {
  /// Trains both models by a plan, once for every seed, and writes their scores into the record.
  ///
  /// - Throws: What reading, training and storing throw.
  public func experts(_ plan: DistillationPlan) throws -> DistilledExperts {
    var models: [UInt64: (head: StageResult, tail: StageResult)] = [:]
    for seed in seeds {
      let varied = pipeline.varied("\(plan.label) seed \(seed)") {
        $0.seed = seed
        plan.change(&$0)
      }
      models[seed] = try varied.distilled(plan.directions)
    }
    func row(_ part: DataPart) throws -> ScoredRow {
      let row = try ScoredRow(plan.name, seeds: seeds) { seed in
        let model = models[seed]!
        return try pipeline.scores(of: part == .head ? model.head : model.tail, on: part)
      }
      notebook.value("\(plan.name), \(part.rawValue) model", row.json)
      return row
    }
    return DistilledExperts(head: try row(.head), tail: try row(.tail))
  }
}
