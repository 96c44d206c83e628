import Checkpoints
import Engine
import Imaging
import LongTail
import Models
import XCTest

/// The released workflow, command by command, at tiny sizes on procedural pictures, in folders whose names are not
/// ASCII.
final class WorkflowCommandTests: XCTestCase {
  /// Five classes: two are head, three tail.
  private static var folder: TemporaryFolder!
  private static var failure: Error?
  private static let classNames = ["Flugzeug", "Brücke", "港口", "dam", "stade d'été"]

  override class func setUp() {
    do {
      folder = try TemporaryFolder()
      let counts = [8, 6, 4, 3, 2]
      let layout = TGNLayout(root: folder.url.appendingPathComponent("daten", isDirectory: true))
      for (split, seed) in [(TGNLayout.Split.train, UInt64(1)), (.test, 2)] {
        let wanted = split == .train ? counts : counts.map { _ in 2 }
        let others = [Int](repeating: 0, count: SceneCatalogue.dior.classNames.count - counts.count)
        let scenes = SceneCatalogue.dior.scenes(counts: wanted + others, side: 32, seed: seed).prefix(counts.count)
        let items = scenes.enumerated().flatMap { label, scenes in
          scenes.map { ObjectDataset.Item(label: label, source: .memory($0.image)) }
        }
        try layout.write(ObjectDataset(classNames: classNames, items: items), as: split, name: "KLEIN")
      }
    } catch { failure = error }
  }

  override class func tearDown() { folder = nil }

  override func setUpWithError() throws { if let failure = Self.failure { throw failure } }

  private func path(_ name: String) -> String { Self.folder.path(name) }

  /// Runs a command that must succeed.
  @discardableResult
  private func tgn(
    _ arguments: String..., file: StaticString = #filePath, line: UInt = #line
  ) throws -> Command.Result {
    let result = try Command.tgn(arguments)
    let command = "tgn " + arguments.joined(separator: " ")
    XCTAssertEqual(result.status, 0, "\(command): \(result.errors)", file: file, line: line)
    return result
  }

  /// Runs a command that must say what is wrong in one line and stop.
  private func refused(
    _ arguments: String..., saying parts: [String], file: StaticString = #filePath, line: UInt = #line
  ) throws {
    let result = try Command.tgn(arguments)
    XCTAssertNotEqual(result.status, 0, arguments.joined(separator: " "), file: file, line: line)
    for part in parts {
      XCTAssertTrue(result.errors.contains(part), "\(part) is not in: \(result.errors)", file: file, line: line)
    }
  }

  private func weights(_ name: String, at key: String = "") throws -> StateDictionary {
    try StateDictionary(contentsOf: URL(fileURLWithPath: path(name)), at: key)
  }

  private static let small = ["--backbone", "resnet18", "--side", "32"]

  private func trainExperts() throws {
    guard !Self.folder.exists("lauf/tail.pth") else { return }
    for part in ["head", "tail"] {
      let result = try Command.tgn(
        ["train-\(part)", "--data", path("daten"), "--epochs", "1", "--batch-size", "4", "--out", path("lauf")]
          + Self.small)
      XCTAssertEqual(result.status, 0, result.errors)
    }
  }

  private func trainGenerator() throws {
    guard !Self.folder.exists("gan/2.pt") else { return }
    try trainExperts()
    try tgn(
      "train-generator", "--data", path("daten"), "--tail-model", path("lauf/tail.pth"), "--backbone", "resnet18",
      "--size", "16", "--channel_multiplier", "1", "--iter", "2", "--batch", "2", "--checkpoint-every", "2",
      "--sample-every", "2", "--augment", "--augment_p", "0.25", "--out", path("gan"))
  }

  // MARK: - Classifiers

  func testHeadAndTailModelsAreTrainedAndTeachEachOther() throws {
    try trainExperts()
    XCTAssertEqual(try weights("lauf/head.pth")["fc.0.weight"]?.shape, [2, 512])
    XCTAssertEqual(try weights("lauf/tail.pth")["fc.0.weight"]?.shape, [3, 512])
    let log = try String(contentsOfFile: path("lauf/tail.csv"), encoding: .utf8)
    XCTAssertTrue(log.hasPrefix("epoch,accuracy,macro F1,F1 港口,F1 dam,F1 stade d'été\n1,"), log)

    try tgn(
      "distill", "--data", path("daten"), "--head", path("lauf/head.pth"), "--tail", path("lauf/tail.pth"),
      "--epochs", "1", "--batch-size", "4", "--side", "32", "--backbone", "resnet18", "--out", path("gelehrt"))
    for name in ["head.pth", "tail.pth"] {
      let (before, after) = (try weights("lauf/\(name)"), try weights("gelehrt/\(name)"))
      XCTAssertEqual(before.keys, after.keys)
      XCTAssertNotEqual(before["conv1.weight"]?.values, after["conv1.weight"]?.values, name)
    }
  }

  func testAClassifierIsTrainedTestedAndStartedFrom() throws {
    try tgn(
      "train-classifier", "--data", path("daten"), "--backbone", "resnet18", "--side", "32", "--epochs", "1",
      "--batch-size", "8", "--out", path("klassen"))
    let tested = try tgn(
      "test", "--data", path("daten"), "--weights", path("klassen/result.pth"), "--backbone", "resnet18", "--side",
      "32", "--json", path("klassen/scores.json"))
    XCTAssertTrue(tested.output.contains("港口"), tested.output)
    XCTAssertTrue(tested.output.contains("macro F1"), tested.output)
    XCTAssertTrue(tested.output.contains("10 pictures"), tested.output)
    XCTAssertTrue(Self.folder.exists("klassen/scores.json"))

    // Its trunk starts another one, with other classes.
    try tgn(
      "train-tail", "--data", path("daten"), "--weights", path("klassen/result.pth"), "--backbone", "resnet18",
      "--side", "32", "--epochs", "1", "--batch-size", "4", "--learning-rate", "0", "--weight-decay", "0", "--out",
      path("gestartet"))
    XCTAssertEqual(
      try weights("gestartet/tail.pth")["layer1.0.conv1.weight"]?.values,
      try weights("klassen/result.pth")["layer1.0.conv1.weight"]?.values)
  }

  func testWrongWeightsAreRefusedByNameAndKeptWhereAskedFor() throws {
    try trainExperts()
    let (data, tail) = (path("daten"), path("lauf/tail.pth"))
    try refused(
      "test", "--data", data, "--weights", tail, "--backbone", "resnet18", "--side", "32",
      saying: ["tail.pth", "misshapen: fc.0.weight has the shape [3, 512], not [5, 512]"])
    try refused(
      "distill", "--data", data, "--head", tail, "--tail", tail, "--backbone", "resnet18", "--out", path("nichts"),
      saying: ["tail.pth", "a model of 3 classes, but 2 are needed here"])
    let lenient = try tgn(
      "test", "--data", data, "--weights", tail, "--backbone", "resnet18", "--side", "32", "--lenient")
    XCTAssertTrue(lenient.errors.contains("what does not fit stays as it was"), lenient.errors)
    XCTAssertTrue(lenient.errors.contains("fc.0.weight"), lenient.errors)
    try refused(
      "test", "--data", data, "--weights", tail, "--backbone", "resnet17", saying: ["resnet17", "resnet18"])
  }

  func testWeightsThatAreNoNumbersAreNamedInAWarning() throws {
    var broken = StateDictionary(source: "broken")
    var stream = RandomStream(seed: 1, name: "test")
    let model = BackboneName.resnet18.network(classes: 5, stream: &stream)
    for (key, value) in StateDictionary(model).entries {
      broken[key] = key == "layer2.0.bn1.bias" ? value * Float.nan : value
    }
    try broken.writePyTorch(to: URL(fileURLWithPath: path("kaputt.pth")))
    let tested = try tgn(
      "test", "--data", path("daten"), "--weights", path("kaputt.pth"), "--backbone", "resnet18", "--side", "32")
    XCTAssertTrue(
      tested.errors.contains("kaputt.pth: Warning: NaN or infinite values in layer2.0.bn1.bias"), tested.errors)
  }

  func testMissingAndDamagedFilesAreNamed() throws {
    let data = path("daten")
    try refused("train-head", "--data", path("fehlt"), "--out", path("x"), saying: ["fehlt"])
    try refused("test", "--data", data, "--weights", path("fehlt.pth"), saying: ["fehlt.pth"])
    try refused(
      "distill", "--data", data, "--head", path("a"), "--tail", path("b"), "--out", path("x"),
      saying: ["/a cannot be read"])
    try refused(
      "train-classifier", "--data", data, "--weights", path("fehlt.pth"), "--out", path("x"), saying: ["fehlt.pth"])
    try refused("generate", "--ckpt", path("fehlt.pt"), "--out", path("x"), saying: ["fehlt.pt"])
    try refused("factorize", "--ckpt", path("fehlt.pt"), "--out", path("f.pt"), saying: ["fehlt.pt"])
    try refused(
      "fid", "--real", data, "--generated", path("leer"), "--inception", path("fehlt.pth"), saying: ["fehlt.pth"])
    try refused(
      "ppl", "--ckpt", path("fehlt.pt"), "--vgg", path("v.pth"), "--lpips", path("l.pth"), saying: ["v.pth"])
    try refused("estimate", "--data", path("fehlt"), saying: ["fehlt"])
    try refused("estimate", "--set", "cdtg.nonsense=1", saying: ["cdtg.nonsense", "iterations"])
    try Data("PK\u{3}\u{4} and no more".utf8).write(to: URL(fileURLWithPath: path("kurz.pt")))
    try refused("generate", "--ckpt", path("kurz.pt"), "--out", path("x"), saying: ["kurz.pt"])
    try refused("inspect", path("kurz.pt"), saying: ["kurz.pt"])
    try refused(
      "train-generator", "--data", data, "--clip", path("c.pt"), "--out", path("x"), saying: ["--bpe"])
    try refused("train-generator", "--data", data, "--size", "20", "--out", path("x"), saying: ["--size 20"])
  }

  // MARK: - The generator

  func testAGeneratorIsTrainedAndKeepsWhatTheReleasedFileHas() throws {
    try trainGenerator()
    let file = try CheckpointFile(contentsOf: URL(fileURLWithPath: path("gan/2.pt")))
    for key in ["g", "d", "g_ema"] { XCTAssertGreaterThan(try file.stateDictionary(at: key).count, 20, key) }
    guard case .float(0.25) = try file.value(at: "ada_aug_p") else { return XCTFail("ada_aug_p") }
    XCTAssertEqual(try file.stateDictionary(at: "g_ema")["label_emb.weight"]?.shape, [3, 512])
    XCTAssertTrue(Self.folder.exists("gan/sample-2.png"))
    XCTAssertTrue(Self.folder.exists("gan/losses.csv"))
    XCTAssertFalse(Self.folder.exists("gan/generator.training.safetensors"), "a finished run leaves no state")

    // The name tells the step to go on from, and what does not fit is listed.
    let more = try tgn(
      "train-generator", "--data", path("daten"), "--size", "16", "--channel_multiplier", "1", "--iter", "1", "--batch",
      "2", "--ckpt", path("gan/2.pt"), "--out", path("gan weiter"))
    XCTAssertTrue(Self.folder.exists("gan weiter/3.pt"), more.errors)
  }

  func testPicturesAreDrawnFromRealOnesAndFromGivenNoise() throws {
    try trainGenerator()
    let start = ["generate", "--ckpt", path("gan/2.pt"), "--folder-number", "1"]
    let real = ["--data", path("daten"), "--tail-model", path("lauf/tail.pth"), "--backbone", "resnet18"]
    for (batch, folder) in [("2", "gemalt"), ("5", "gemalt 2")] {
      let result = try Command.tgn(
        start + real + ["--count", "5", "--format", "png", "--batch-size", batch, "--out", path(folder)])
      XCTAssertEqual(result.status, 0, result.errors)
    }
    for number in 0..<5 {
      let images = try ["gemalt", "gemalt 2"].map {
        try Image(contentsOf: URL(fileURLWithPath: path("\($0)/1/\(number).png")))
      }
      XCTAssertEqual(images[0].width, 16)
      // Sums in products of other sizes are rounded otherwise: a value may fall to the other side of a half.
      let differences = zip(images[0].pixels, images[1].pixels).map { abs(Int($0) - Int($1)) }
      XCTAssertLessThanOrEqual(differences.max() ?? 0, 1, "picture \(number) depends on the batch")
    }
    XCTAssertFalse(Self.folder.exists("gemalt/1/5.png"))
    XCTAssertTrue(
      try String(contentsOfFile: path("gemalt/manifest.json"), encoding: .utf8).contains("\"checkpoint\": \"2.pt\""))

    // Given noise: what the network itself answers.
    let network = try GeneratorCheckpoint(contentsOf: URL(fileURLWithPath: path("gan/2.pt")))
      .generator(featureCount: nil).networks.generator
    var stream = RandomStream(seed: 4, name: "test")
    var noise = StateDictionary(source: "noise")
    for key in ["z", "z2"] { noise[key] = .normal([3, 512], from: &stream) }
    noise["inject_index"] = Tensor([2], shape: [1])
    let maps = network.noiseSides.map { Tensor.normal([3, 1, $0, $0], from: &stream) }
    for (layer, map) in maps.enumerated() { noise["noise_\(layer)"] = map }
    try noise.writePyTorch(to: URL(fileURLWithPath: path("rauschen.pt")))
    let given = try Command.tgn(
      start + ["--latents", path("rauschen.pt"), "--values", path("werte.safetensors"), "--out", path("gegeben")])
    XCTAssertEqual(given.status, 0, given.errors)
    let expected = withoutRecording {
      network(
        latents: [noise["z"]!, noise["z2"]!], labels: [1, 1, 1], injectIndex: 2,
        noise: .given(maps.map { $0.reshaped([3, $0.shape[2], $0.shape[2], 1]) })
      ).image.transposed([0, 3, 1, 2])
    }
    let values = try XCTUnwrap(try weights("werte.safetensors")["images.1"])
    XCTAssertEqual(values.shape, [3, 3, 16, 16])
    for (a, b) in zip(values.values, expected.values) { XCTAssertEqual(a, b, accuracy: 1e-4) }
    XCTAssertTrue(Self.folder.exists("gegeben/1/2.jpg"))

    noise["z"] = Tensor.zeros([3, 511])
    try noise.writePyTorch(to: URL(fileURLWithPath: path("falsch.pt")))
    try refused(
      "generate", "--ckpt", path("gan/2.pt"), "--latents", path("falsch.pt"), "--out", path("x"),
      saying: ["falsch.pt: z: it has the shape [3, 511]; [N, 512] is needed"])
    try refused(
      "generate", "--ckpt", path("gan/2.pt"), "--folder-number", "3", "--out", path("x"),
      saying: ["no tail class 3", "0 to 2"])
    try refused("generate", "--ckpt", path("lauf/tail.pth"), "--out", path("x"), saying: ["tail.pth"])
  }

  func testAGeneratorIsFactorizedAndMeasured() throws {
    try trainGenerator()
    try tgn("factorize", "--ckpt", path("gan/2.pt"), "--out", path("richtungen.pt"))
    XCTAssertEqual(try weights("richtungen.pt")["eigvec"]?.shape, [512, 512])
    try tgn(
      "apply-factor", "--ckpt", path("gan/2.pt"), "--factor", path("richtungen.pt"), "--index", "1", "--samples", "2",
      "--out", path("streifen.png"))
    XCTAssertGreaterThan(try Image(contentsOf: URL(fileURLWithPath: path("streifen.png"))).width, 7 * 16)
    try refused(
      "apply-factor", "--ckpt", path("gan/2.pt"), "--factor", path("richtungen.pt"), "--index", "512", saying: ["512"])
    try refused(
      "apply-factor", "--ckpt", path("gan/2.pt"), "--factor", path("gan/2.pt"), saying: ["eigvec"])

    // Random networks have the shapes of the public ones.
    var stream = RandomStream(seed: 3, name: "test")
    var (trunk, linear) = (StateDictionary(source: "vgg"), StateDictionary(source: "lpips"))
    for (key, value) in StateDictionary(LPIPS(.vgg, stream: &stream)).entries {
      let parts = key.split(separator: ".")
      if parts[0] == "net" { trunk["features.\(parts[2]).\(parts[3])"] = value }
      if parts[0].hasPrefix("lin") { linear[key] = value }
    }
    try trunk.writePyTorch(to: URL(fileURLWithPath: path("vgg16.pth")))
    try linear.writePyTorch(to: URL(fileURLWithPath: path("lpips.pth")))
    let length = try tgn(
      "ppl", "--ckpt", path("gan/2.pt"), "--vgg", path("vgg16.pth"), "--lpips", path("lpips.pth"), "--n_sample", "4",
      "--batch", "2")
    XCTAssertTrue(length.output.hasPrefix("ppl: "), length.output)
    try refused(
      "ppl", "--ckpt", path("gan/2.pt"), "--vgg", path("lpips.pth"), "--lpips", path("lpips.pth"),
      saying: ["missing: net.slice1.0.weight"])
  }

  func testFoldersArePlacedByInceptionsFeatures() throws {
    var stream = RandomStream(seed: 3, name: "test")
    try StateDictionary(FIDInception(stream: &stream)).writePyTorch(to: URL(fileURLWithPath: path("inception.pth")))
    let measured = try tgn(
      "fid", "--real", path("daten/train/0"), "--generated", path("daten/train/1"), "--inception",
      path("inception.pth"))
    XCTAssertTrue(measured.output.contains("pictures: 8 real, 6 generated"), measured.output)
    XCTAssertTrue(measured.output.contains("FID: "), measured.output)
    try FileManager.default.createDirectory(atPath: path("leer"), withIntermediateDirectories: true)
    try refused(
      "fid", "--real", path("daten/train/0"), "--generated", path("leer"), "--inception", path("inception.pth"),
      saying: ["leer: no .jpg or .png"])
  }

  // MARK: - Help

  func testEveryCommandsHelpHasAnExample() throws {
    let help = try tgn("--help").output
    let part = try XCTUnwrap(help.range(of: "SUBCOMMANDS:"))
    let names = help[part.upperBound...].split(separator: "\n")
      .filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .compactMap { $0.split(separator: " ").first.map(String.init) }.filter { $0 != "See" }
    XCTAssertGreaterThanOrEqual(names.count, 19)
    for name in names {
      let text = try tgn("help", name).output
      XCTAssertTrue(text.contains("tgn \(name) "), "tgn help \(name) shows no example")
      XCTAssertTrue(text.contains("Example"), "tgn help \(name) shows no example")
    }
  }
}
