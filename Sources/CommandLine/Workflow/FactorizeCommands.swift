import ArgumentParser
import Checkpoints
import Foundation
import Imaging
import LongTail
import Models
import Notebook

/// `tgn factorize`: the released `closed_form_factorization.py`.
struct FactorizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "factorize",
    abstract: "Find the directions of w that change drawn pictures most (the released closed_form_factorization.py).",
    discussion: """
      Example:
        tgn factorize --ckpt 200000.pt --out factor.pt
      """)
  @Option(help: ArgumentHelp("The generator.", valueName: "file"))
  var ckpt: String
  @Option(help: ArgumentHelp("The file to write; the released apply_factor.py reads it too.", valueName: "file"))
  var out = "factor.pt"

  func run() throws {
    let factors = try LatentFactors(of: try readWeights(ckpt, at: "g_ema"))
    try factors.write(to: URL(fileURLWithPath: out))
    let strongest = factors.strengths.prefix(5).map { NumberFormat.fixed(Double($0), digits: 3) }
    print("\(factors.strengths.count) directions in \(out); the strongest: \(strongest.joined(separator: ", "))")
  }
}

/// `tgn apply-factor`: the released `apply_factor.py`.
struct ApplyFactorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply-factor",
    abstract: "Draw pictures along one of those directions, as strips (the released apply_factor.py).",
    discussion: """
      Example:
        tgn apply-factor --ckpt 200000.pt --factor factor.pt --index 0 --degree 5 --out strip.png
      """)
  @Option(help: ArgumentHelp("The generator.", valueName: "file"))
  var ckpt: String
  @Option(help: ArgumentHelp("The file of tgn factorize.", valueName: "file"))
  var factor: String
  @Option(name: .shortAndLong, help: "Which direction, from 0.")
  var index = 0
  @Option(name: .shortAndLong, help: "How far to go to both sides.")
  var degree: Float = 5
  @Option(
    name: [.customShort("n"), .customLong("n_sample"), .customLong("samples")], help: "Rows: latents to start from.")
  var samples = 7
  @Option(help: "Below 1, w is drawn towards its mean.")
  var truncation: Float = 0.7
  @Option(help: "The class that is drawn.")
  var label = 0
  @Option(help: "Seed of the latents.")
  var seed: UInt64 = 0
  @Option(help: ArgumentHelp("The picture.", valueName: "file"))
  var out = "factor.png"

  func run() throws {
    let factors = try LatentFactors(contentsOf: URL(fileURLWithPath: factor))
    let generator = try readGenerator(ckpt)
    let classes = generator.configuration.classes
    guard (0..<factors.directions.shape[0]).contains(index) else {
      throw ValidationError("--index \(index): there are \(factors.directions.shape[0]) directions")
    }
    guard (0..<classes).contains(label) else { throw ValidationError("--label \(label): there are \(classes) classes") }
    let rows = factors.pictures(
      of: generator, label: label, direction: index, degree: degree, samples: samples, truncation: truncation,
      seed: seed)
    try ImageSheet(rows: rows.map { .init(images: $0) }).rendered().pngData().write(to: URL(fileURLWithPath: out))
    print("\(rows.count) strips in \(out)")
  }
}

/// The averaged generator of a checkpoint, without its fusion layer.
func readGenerator(_ file: String) throws -> Generator {
  let (networks, remarks) = try GeneratorCheckpoint(contentsOf: URL(fileURLWithPath: file)).generator(featureCount: nil)
  for remark in remarks { Console.standardError.say(remark) }
  return networks.generator
}
