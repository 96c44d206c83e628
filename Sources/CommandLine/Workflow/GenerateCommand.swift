import ArgumentParser
import Foundation
import LongTail
import Models
import Notebook

/// `tgn generate`: the released `CDTG/generation.py`.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Draw new pictures of a tail class (the released CDTG/generation.py).",
    discussion: """
      Picture k starts from real picture k mod n of the class, and its noise depends on seed, class and k alone: it is
      the same in any batch, alone, or after others were rejected. Writes OUT/K/NUMBER.jpg and a manifest.

      --latents names a file of random numbers to draw from instead, for the pictures that PyTorch drew from them: z
      [N,512], perhaps z2 with inject_index, perhaps noise_0, noise_1, … [N,1,H,W], perhaps centre [1,512], the mean w
      for --truncation. --values writes the pictures as they are before rounding, [N,3,H,W].

      --filter keeps the pictures that the tail model or CLIP (--clip, --bpe) takes for their class and draws others in
      their place; the manifest says how many were rejected. --recipe released starts from features of the tail model
      in training mode through a random fusion layer, as the released code does.

      Example:
        tgn generate --ckpt 200000.pt --data /data/dior --tail-model run/distilled/tail.pth --folder-number 3 \\
          --r 0.05 --count 7000 --out drawn
        tgn generate --ckpt 200000.pt --latents noise.safetensors --values values.safetensors --out drawn
        tgn generate --ckpt 200000.pt --data /data/dior --tail-model run/distilled/tail.pth --filter tail-model \\
          --out drawn
      """)

  @Option(help: ArgumentHelp("The generator: 200000.pt or one of tgn train-generator.", valueName: "file"))
  var ckpt: String
  @Option(help: ArgumentHelp("Data set in TGN's layout, whose tail pictures are started from.", valueName: "dir"))
  var data: String?
  @Option(help: ArgumentHelp("KMDN's tail model; without it pictures start from noise alone.", valueName: "file"))
  var tailModel: String?
  @Option(help: "The tail model's back-bone.")
  var backbone = "resnet50"
  @Option(
    name: [.customLong("folder-number"), .customLong("folder_number")],
    help: "The tail class, numbered from 0; default: all.")
  var folderNumber: Int?
  @Option(help: "The share of noise: r · noise + (1 - r) · feature.")
  var r: Float = 0.05
  @Option(help: "How many pictures of each class.")
  var count = 2000
  @Option(help: "Below 1, w is drawn towards its mean.")
  var truncation: Float = 1
  @Option(help: ArgumentHelp("Random numbers to draw from instead of the seed's.", valueName: "file"))
  var latents: String?
  @Option(help: ArgumentHelp("Also write the values before rounding: .safetensors, .pth or .pt.", valueName: "file"))
  var values: String?
  @Option(help: "jpg or png.")
  var format = "jpg"
  @Option(help: ArgumentHelp("Folder for the pictures.", valueName: "dir"))
  var out: String
  @Option(help: "Pictures of a batch.")
  var batchSize = 8
  @Option(help: "Share of classes that are head.")
  var headShare = HeadTailSplit.releasedShare
  @Option(help: "Seed of the pictures.")
  var seed: UInt64 = 1
  @OptionGroup var weights: WeightOptions
  @Option(help: "Keep what a model takes for its class: tail-model, text, either or both; default: keep all.")
  var filter: ImageFilter.Judge?
  @Option(help: "The least probability that --filter keeps; default: no other class may be more probable.")
  var filterMinimum: Float?
  @OptionGroup var text: TextOptions
  @Option(help: "paper or released.")
  var recipe = Recipe.paper
  @OptionGroup var threading: ThreadOptions

  func validate() throws {
    if latents != nil && filter != nil { throw ValidationError("--filter draws more than the pictures of --latents") }
    if filterMinimum != nil && filter == nil { throw ValidationError("--filter-minimum needs --filter") }
    if let filterMinimum, !(0...1).contains(filterMinimum) {
      throw ValidationError("--filter-minimum \(filterMinimum): between 0 and 1")
    }
    if (tailModel == nil) != (data == nil) { throw ValidationError("--tail-model and --data come together") }
    if !["jpg", "png"].contains(format) { throw ValidationError("--format \(format): jpg or png") }
    if count < 1 || batchSize < 1 { throw ValidationError("--count and --batch-size are at least 1") }
    if !(0...1).contains(r) { throw ValidationError("--r \(r): between 0 and 1") }
  }

  func run() throws {
    threading.apply()
    let checkpoint = try GeneratorCheckpoint(contentsOf: URL(fileURLWithPath: ckpt))
    var drawing = GenerationWorkflow(
      count: count, noiseRatio: r, truncation: truncation, format: format, seed: seed, batchSize: batchSize)
    drawing.classes = folderNumber.map { [$0] }
    drawing.givenNoise = latents.map { URL(fileURLWithPath: $0) }
    drawing.values = values.map { URL(fileURLWithPath: $0) }
    drawing.isLenient = weights.lenient
    drawing.filter = filter.map { ImageFilter(judge: $0, minimum: filterMinimum) }
    drawing.text = try text.source()
    drawing.recipe = recipe
    var source: (images: DecodedImages, model: ResNet)?
    if let data, let tailModel {
      let tail = try TGNLayout(root: URL(fileURLWithPath: data, isDirectory: true))
        .trainingParts(headShare: headShare).tail
      let side = try checkpoint.configuration().size
      let model = try loadResNet(backbone, from: tailModel, classes: tail.classCount, weights)
      source = (DecodedImages(tail, side: side), model)
    }
    try drawing.draw(checkpoint, source: source, into: try WorkflowFolder(out))
  }
}
