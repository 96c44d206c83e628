import Engine
import Foundation
import Notebook

/// A run of an experiment that others do not wait for: what several ranks can make at once. What it starts from
/// (models, generators, images) is made by whoever needs it first.
public enum IndependentRun: Hashable, Sendable {
  case judge
  case classifier(Expansion, seed: UInt64)
  case method(Expansion, LongTailMethod, seed: UInt64)
  case images(GeneratorVariant, noiseRatio: Float?)
  case quality(Expansion)
}

extension [IndependentRun] {
  /// The judge, and a classifier for each expansion and seed.
  public static func runs(expansions: [Expansion], seeds: [UInt64]) -> [IndependentRun] {
    [.judge] + expansions.flatMap { expansion in seeds.map { .classifier(expansion, seed: $0) } }
  }

  /// A classifier for each compared method and seed.
  public static func runs(
    _ methods: [ComparedMethod], _ settings: PipelineSettings, seeds: [UInt64]
  ) -> [IndependentRun] {
    methods.flatMap { row in seeds.map { .method(row.expansion(settings), row.method, seed: $0) } }
  }
}

extension Pipeline {
  /// Makes a run's results, or finds them in the store.
  ///
  /// - Throws: What its stages throw.
  func make(_ run: IndependentRun) throws {
    switch run {
    case .judge: _ = try judge()
    case .classifier(let expansion, let seed): _ = try classify(expansion, seed: seed)
    case .method(let expansion, let method, let seed): _ = try classify(expansion, method: method, seed: seed)
    case .quality(let expansion): _ = try quality(of: expansion)
    case .images(let variant, let ratio): _ = try generatedImages(variant, noiseRatio: ratio)
    }
  }

  /// Makes runs together with the other ranks, by way of the store: each rank makes what no other is making, and goes
  /// on to the next where another is. When it returns all of them are in the store.
  ///
  /// - Throws: What a stage throws.
  func sweep(_ runs: [IndependentRun], _ ranks: any Communicator) throws {
    try Self.sweep(runs, from: ranks.rank * runs.count / ranks.size, in: store, make)
    Console.standardError.say("all of this experiment's runs are made")
  }

  static func sweep(
    _ runs: [IndependentRun], from start: Int, in store: StageStore, _ make: (IndependentRun) throws -> Void
  ) throws {
    store.waits = false
    defer { store.waits = true }
    // Ranks begin at different places, so that they meet late.
    var waiting = Array(runs[start...] + runs[..<start])
    while !waiting.isEmpty {
      var busy: [IndependentRun] = []
      for run in waiting {
        do { try make(run) } catch StageError.busy { busy.append(run) }
      }
      if busy.count == waiting.count { usleep(200_000) }
      waiting = busy
    }
  }
}

public enum SweepError: Error, CustomStringConvertible {
  case fresh

  public var description: String {
    switch self {
    case .fresh: "--fresh would make every run anew on every rank; give an empty folder with --store instead"
    }
  }
}

extension PipelineSettings {
  /// Batch normalisation by the rank for every classifier.
  mutating func useBatchNorm(ofRanks ranks: Int) {
    for path in [\PipelineSettings.headModel, \.tailModel, \.distillation.schedule, \.classifier, \.judge] {
      self[keyPath: path].batchNormRanks = ranks
    }
  }
}
