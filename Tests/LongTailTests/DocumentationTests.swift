import Checkpoints
import Engine
import Imaging
import Models
import Notebook
import XCTest

@testable import LongTail

/// The code of the articles in Sources/TGN.docc, compiled and run. What stands in an article must stand here
/// between `// snippet` and `// end`, word for word.
final class DocumentationTests: XCTestCase {
  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  func testEveryPieceOfCodeInTheArticlesIsCompiled() throws {
    let folder = Self.package.appendingPathComponent("Sources/TGN.docc")
    let articles = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".md") }
    XCTAssertGreaterThanOrEqual(articles.count, 5)
    let compiled = Self.snippets(in: try String(contentsOf: URL(fileURLWithPath: #filePath), encoding: .utf8))
    var found = 0
    for article in articles.sorted() {
      let text = try String(contentsOf: folder.appendingPathComponent(article), encoding: .utf8)
      for code in Self.code(in: text) {
        found += 1
        XCTAssertTrue(compiled.contains(code), "\(article): not in DocumentationTests.swift:\n\(code)")
      }
    }
    XCTAssertEqual(found, compiled.count, "a snippet stands in no article, or twice")
  }

  /// The ```swift blocks of an article.
  private static func code(in article: String) -> [String] {
    article.components(separatedBy: "\n```swift\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
  }

  /// What lies between `// snippet` and `// end`, moved to the left.
  private static func snippets(in source: String) -> [String] {
    var snippets: [String] = []
    var current: [String]?
    for line in source.components(separatedBy: "\n") {
      switch line.trimmingCharacters(in: .whitespaces) {
      case "// snippet": current = []
      case "// end":
        guard let lines = current else { continue }
        let indent = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        snippets.append(lines.map { String($0.dropFirst(indent)) }.joined(separator: "\n"))
        current = nil
      default: current?.append(line)
      }
    }
    return snippets
  }

  // MARK: - A tour of the engine

  func testTensorsAndGradients() {
    // snippet
    var stream = RandomStream(seed: 1, name: "tour")
    let pictures = Tensor.normal([4, 32, 32, 3], from: &stream)
    let brightness = pictures.mean([1, 2, 3])
    print(brightness.shape)
    // end
    XCTAssertEqual(brightness.shape, [4])
    // snippet
    let x = Tensor([1, 2, 3], shape: [3]).tracked
    let cubes = (x * x * x).sum()
    let slope = gradients(of: cubes, withRespectTo: [x], recording: true)[0]
    let curvature = gradients(of: slope.sum(), withRespectTo: [x])[0]
    print(slope.values, curvature.values)
    // end
    XCTAssertEqual(slope.values, [3, 12, 27])
    XCTAssertEqual(curvature.values, [6, 12, 18])
  }

  // snippet
  /// A perceptron with one hidden layer.
  final class Perceptron: Module {
    let hidden: Linear
    let output: Linear

    init(_ inputs: Int, _ classes: Int, stream: inout RandomStream) {
      hidden = Linear(inputs, 32, stream: &stream)
      output = Linear(32, classes, stream: &stream)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(hidden(x).relu()) }
  }
  // end

  func testModulesTrain() {
    // snippet
    var stream = RandomStream(seed: 7, name: "perceptron")
    let model = Perceptron(2, 2, stream: &stream)
    let inputs = Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
    let labels = [0, 1, 1, 0]

    let parameters = model.parameters.map(\.parameter)
    let optimizer = Adam(parameters, learningRate: 0.02)
    for _ in 0..<300 {
      let loss = crossEntropy(model(inputs), labels)
      optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value), keepingGraph: false))
    }
    let answers = withoutRecording { model(inputs).logSoftmax() }
    // end
    let rows = (0..<4).map { Array(answers.values[(2 * $0)..<(2 * $0 + 2)]) }
    XCTAssertEqual(rows.map { $0[0] > $0[1] ? 0 : 1 }, labels)
    XCTAssertEqual(
      model.parameters.map(\.key), ["hidden.weight", "hidden.bias", "output.weight", "output.bias"])
  }

  func testWeightsAreLoadedStrictly() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tour-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("resnet.safetensors")
    var stream = RandomStream(seed: 1, name: "weights")
    let small = ResNetConfiguration(block: .basic, blocks: [1, 1, 1, 1], width: 8, classes: 3, stem: .smallHalving)
    try SafeTensors(StateDictionary(ResNet(small, stream: &stream))).write(to: file)
    // snippet
    let model = ResNet(small, stream: &stream)
    try SafeTensors(contentsOf: file).tensors.load(into: model)
    model.isTraining = false
    let logits = withoutRecording { model(Tensor.zeros([1, 32, 32, 3])).logits }
    // end
    XCTAssertEqual(logits.shape, [1, 3])
  }

  // MARK: - A data set

  func testADataSetInTheLayoutIsReadAndDivided() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("layout-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (split, counts) in [("train", [3, 2, 1]), ("test", [1, 1, 1])] {
      var lines = ""
      for (label, count) in counts.enumerated() {
        let folder = root.appendingPathComponent("\(split)/\(label)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<count {
          try Data([0]).write(to: folder.appendingPathComponent("\(number).jpg"))
          lines += "\(label)/\(number).jpg \(label)\n"
        }
      }
      let anno = root.appendingPathComponent("anno")
      try FileManager.default.createDirectory(at: anno, withIntermediateDirectories: true)
      try Data(lines.utf8).write(to: anno.appendingPathComponent("HARBOURS_\(split).txt"))
    }
    // snippet
    let layout = TGNLayout(root: root)
    let train = try layout.read(.train)
    let split = try HeadTailSplit(counts: train.counts, headShare: 0.4)
    let (head, tail) = split.parts(of: train)
    print(train.classNames, head.count, tail.count)
    // end
    XCTAssertEqual([head.count, tail.count], [3, 3])
  }

  // snippet
  /// Chips of ships in one folder, named by their class: "cargo_0001.png". Every fifth is a test picture.
  enum ChipImporter {
    static func plan(_ root: URL, classNames: [String]) throws -> ImportPlan {
      let folder = try DataFolder(root, contents: "pictures named CLASS_NUMBER.png")
      var images: [AnnotatedImage] = []
      for name in try folder.pictures(in: "") {
        guard let label = classNames.firstIndex(where: { name.hasPrefix($0 + "_") }) else { continue }
        let object = AnnotatedObject(label: label, box: nil, index: 0, position: "file name")
        images.append(AnnotatedImage(path: name, annotation: name, objects: [object]))
      }
      let test = stride(from: 4, to: images.count, by: 5).map { images[$0] }
      let train = images.enumerated().filter { $0.offset % 5 != 4 }.map(\.element)
      return try ImportPlan(
        folder: folder, name: "CHIPS", classNames: classNames, train: train, test: test, skipped: [])
    }
  }
  // end

  func testAnImporterMakesTheLayout() throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("chips-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    let chips = root.appendingPathComponent("in")
    try FileManager.default.createDirectory(at: chips, withIntermediateDirectories: true)
    let picture = Image(width: 8, height: 8, channels: 3, pixels: [UInt8](repeating: 90, count: 192))
    for number in 0..<10 {
      let name = "\(number % 2 == 0 ? "cargo" : "tanker")_\(number).png"
      try picture.pngData().write(to: chips.appendingPathComponent(name))
    }
    let (folder, output) = (chips, root.appendingPathComponent("out"))
    // snippet
    let plan = try ChipImporter.plan(folder, classNames: ["cargo", "tanker"])
    try CropRun(plan, into: output).run()
    // end
    XCTAssertEqual(plan.train.count, 8)
    XCTAssertEqual(try TGNLayout(root: output).read(.train, requiresEveryClass: false).count, 8)
  }

  // MARK: - An experiment

  /// Compiled, not run: it would read the test runner's arguments.
  private func experiment() {
    // snippet
    let ratios: [Float] = [0, 0.2, 1]

    Experiment.run(
      "noise-sketch",
      parts: { settings, seeds in
        settings.parts(expansions: ratios.map { .generated(.full, noiseRatio: $0) }, seeds: seeds)
      }
    ) { experiment in
      let notebook = experiment.notebook
      notebook.text(experiment.dataSummary)
      let rows = try ratios.map { ratio in
        try ScoredRow("r = \(ratio)", seeds: experiment.seeds) {
          try experiment.pipeline.classify(.generated(.full, noiseRatio: ratio), seed: $0)
        }
      }
      for row in rows { notebook.value(row.name, row.json) }
      notebook.table(rows, columns: ScoredRow.columns(against: rows[0]), caption: "Accuracy in %, by noise ratio.")
      notebook.claim(
        "Noise alone is worse on the tail than features alone.",
        difference: PairedDifference(rows[0].values(\.tail), minus: rows[2].values(\.tail)), scale: 100)
    }
    // end
  }

  // MARK: - A method for long tails

  // snippet
  /// Cross-entropy whose samples count in proportion to n^(-power), n being their class's training images.
  func powerLoss(_ logits: Tensor, _ labels: [Int], counts: [Int], power: Float) -> Tensor {
    let weights = counts.map { pow(Float(max(1, $0)), -power) }
    let each = Tensor(labels.map { weights[$0] }, shape: [labels.count])
    let logP = (logits.logSoftmax() * Tensor.oneHot(labels, classes: counts.count)).sum([1])
    return -(logP * each).sum() / each.sum()
  }
  // end

  func testTheLossIsCrossEntropyForPowerZeroAndFavoursTheTailOtherwise() {
    var stream = RandomStream(seed: 3, name: "logits")
    let logits = Tensor.normal([4, 2], from: &stream).tracked
    // snippet
    let plain = powerLoss(logits, [0, 0, 0, 1], counts: [300, 10], power: 0)
    XCTAssertEqual(plain.item, crossEntropy(logits, [0, 0, 0, 1]).item, accuracy: 1e-6)
    // end
    let sizes = [Float(0), 1].map { power -> Float in
      let loss = powerLoss(logits, [0, 0, 0, 1], counts: [300, 10], power: power)
      let slope = gradients(of: loss, withRespectTo: [logits])[0].values
      return abs(slope[6]) / (abs(slope[0]) + abs(slope[2]) + abs(slope[4]))
    }
    XCTAssertGreaterThan(sizes[1], 5 * sizes[0])
  }

  func testAnObjectiveIsPutTogether() {
    // snippet
    var objective = ClassifierObjective()
    objective.loss = .balancedSoftmax
    objective.sampling = .squareRoot
    objective.mixing = .mixup(alpha: 0.2)
    // end
    XCTAssertEqual(LongTailMethod.balancedSoftmax.objective.loss, objective.loss)
  }
}
