import Engine
import Foundation
import Models
import Notebook

/// What each stage of a pipeline will cost on this machine: operations, memory, time.
///
/// A few steps of each kind are run with random weights, and their time is multiplied up. Memory is the most that the
/// process will hold in the stage: what it holds with the data loaded, the decoded pictures it keeps, and what the
/// steps were seen to hold. Pictures of more than 64 pixels are measured in two small batches, and a line is drawn.
///
/// How it was checked: a run notes the memory of each of its stages in `runs/NAME.json` of the store. In the profiles
/// smoke and default of the ablation all 22 stages held within 15 % of what is told here.
public struct Estimate {
  public struct Row {
    public let part: String
    public let steps: Double
    /// Multiplications and additions.
    public let operations: Double
    /// The most memory the process holds in the stage.
    public let bytes: Double
    public let seconds: Double
  }

  public let rows: [Row]

  /// What a run itself takes on its way: libraries that it comes to need, results, the report. It was seen to grow from
  /// 5 to 14 MiB.
  private static let runBytes = Double(10 << 20)

  /// - Parameters:
  ///   - parts: Names as of `PipelineSettings.parts`.
  ///   - progress: Told what is measured next.
  /// - Throws: What training throws; what reading the text model throws.
  public init(
    of parts: [String], settings: PipelineSettings, data: PipelineData, progress: (String) -> Void = { _ in }
  ) throws {
    let measuring = MeasuredSteps(settings: settings, data: data)
    // The threads and the libraries' buffers that every stage has are there before the first is measured.
    MeasuredSteps.warmUp()
    ResidentMemory.release()
    let base = Double((ResidentMemory.bytes ?? 0) + data.undrawnBytes)
    var kept = KeptPictures()
    var costs: [String: (step: StepCost, scoring: StepCost)] = [:]
    func cost(_ key: String, _ measure: () throws -> (step: StepCost, scoring: StepCost)) rethrows -> (
      step: StepCost, scoring: StepCost
    ) {
      if let known = costs[key] { return known }
      progress(key)
      let new = try measure()
      costs[key] = new
      return new
    }
    func stepCount(_ training: ClassifierSettings, images: Int) -> Double {
      Double(training.totalSteps(perEpoch: (images + training.batchSize - 1) / training.batchSize))
    }
    let (headData, tailData) = data.split.parts(of: data.train)
    let drawn = data.split.tailClasses.count * settings.generation.imagesPerClass

    rows = try parts.map { part in
      let words = part.split(separator: " ").map(String.init)
      var (total, steps) = (StepCost(), 0.0)
      func train(_ training: ClassifierSettings, _ dataset: ObjectDataset, added: Int = 0, name: String, tests: Int = 0,
        _ cost: (step: StepCost, scoring: StepCost))
      {
        steps = stepCount(training, images: dataset.count + added)
        total = cost.step * steps + cost.scoring * Double(tests)
        kept.keep(dataset, added: added, name: name, side: training.side)
      }
      switch words[0] {
      case "head-model", "tail-model":
        let (training, images) =
          words[0] == "head-model"
          ? (settings.headModel, headData) : (settings.tailModel, tailData)
        train(
          training, images, name: words[0],
          try cost(words[0]) { try measuring.classifier(training, settings.network, on: images, tests: nil) })
      case "distillation-to-head", "distillation-to-tail":
        let images = words[0].hasSuffix("head") ? headData : tailData
        train(
          settings.distillation.schedule, images, name: words[0],
          try cost(words[0]) { (try measuring.distillation(on: images), StepCost()) })
      case "judge":
        train(
          settings.judge, data.judging, name: "judging", tests: data.test.count,
          try cost("judge") {
            try measuring.classifier(
              settings.judge, settings.judgeNetwork, on: data.judging, tests: data.test, isStarted: false)
          })
        kept.keep(data.test, name: "test", side: settings.judge.side)
      case "generator", "images":
        // A label may follow, where several pipelines are at work.
        guard let variant = GeneratorVariant.all.first(where: { $0.name == words.dropFirst().first }) else { break }
        let isDrawing = words[0] == "images"
        steps = Double(isDrawing ? drawn : settings.cdtg.iterations)
        let one = try cost(part) {
          if isDrawing { return try measuring.drawing(variant) }
          let step = try measuring.generator(variant) {
            data.textGuide(try StartingWeights().clip(), drawsHeadClasses: settings.cdtg.drawsHeadClasses)
          }
          return (step, StepCost())
        }
        total = one.step * steps
        if isDrawing {
          total = total + one.scoring * Double(tailData.count)
          kept.keep(data.train, name: "train", side: settings.cdtg.side)
        } else {
          let dataset = settings.cdtg.drawsHeadClasses ? data.train : tailData
          kept.keep(dataset, name: "cdtg", side: settings.cdtg.side)
        }
      default:
        let isExpanded = words.count > 1 && words[1].hasPrefix("generated")
        let added = words.contains("long-tailed") ? 0 : drawn
        train(
          settings.classifier, data.train, added: added,
          name: "expanded \(words.dropFirst().first ?? "")", tests: data.test.count,
          try cost("classifier on \(data.train.count + added) pictures") {
            try measuring.classifier(
              settings.classifier, settings.network, on: data.train, added: added, tests: data.test)
          })
        kept.keep(data.test, name: "test", side: settings.classifier.side)
        if isExpanded {
          kept.keep(drawn, name: words[1], side: settings.cdtg.side, decodedSide: settings.classifier.side)
        }
      }
      return Row(
        part: part, steps: steps, operations: total.operations, bytes: base + Self.runBytes + kept.bytes + total.bytes,
        seconds: total.seconds)
    }
  }

  /// The table, with a row for all.
  public var text: String {
    var table = TextTable(["part", "steps", "operations", "memory", "time"])
    func append(_ part: String, steps: String, operations: Double, bytes: Double, seconds: Double) {
      table.append([
        part, steps, NumberFormat.fixed(operations / 1e12, digits: 1) + " T",
        "\(NumberFormat.count(Int(bytes) >> 20)) MiB", ProgressBar.duration(seconds),
      ])
    }
    for row in rows {
      append(
        row.part, steps: NumberFormat.count(Int(row.steps)), operations: row.operations, bytes: row.bytes,
        seconds: row.seconds)
    }
    append(
      "in all", steps: "", operations: rows.map(\.operations).reduce(0, +), bytes: rows.map(\.bytes).max() ?? 0,
      seconds: rows.map(\.seconds).reduce(0, +))
    return table.text
  }
}

/// The decoded pictures that a pipeline keeps from stage to stage.
private struct KeptPictures {
  private var recent = RecentSets()
  private var drawn: [String: Double] = [:]

  var bytes: Double { Double(recent.bytes) + drawn.values.reduce(0, +) }

  /// The pictures of a data set at one size; those that are in memory at that size already take no more.
  ///
  /// - Parameter added: Pictures that it is expanded with, which are read like its own.
  mutating func keep(_ dataset: ObjectDataset, added: Int = 0, name: String, side: Int) {
    let own = DecodedImages.mostBytes(dataset, side: side)
    let all = own == 0 ? 0 : DecodedImages.mostBytes(read: dataset.count + added, side: side)
    _ = recent.use("\(name) \(side)", bytes: all)
  }

  /// Drawn pictures, which are in memory themselves where they are small.
  mutating func keep(_ count: Int, name: String, side: Int, decodedSide: Int) {
    drawn[name] = Pipeline.keepsFiles(side: side) ? 0 : Double(count * side * side * 3)
      + (side == decodedSide ? 0 : Double(DecodedImages.mostBytes(read: count, side: decodedSide)))
  }
}

extension Experiment {
  /// Prints what each part will cost here.
  func printEstimate(_ parts: [(name: String, weight: Double)]) throws {
    print(try Estimate(of: parts.map(\.name), settings: settings, data: data).text)
  }
}
