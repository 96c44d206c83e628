import ArgumentParser
import Checkpoints
import Engine
import Foundation
import LongTail
import Models
import Notebook

/// `tgn fid`: the released `calc_inception.py` and `fid.py`.
struct FIDCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fid",
    abstract: "Fréchet inception distance, kernel distance and manifold measures of two folders of pictures.",
    discussion: """
      Folders are searched for .jpg and .png. The features are those of TensorFlow's Inception of 2015-12-05 in its
      PyTorch port, as pytorch-fid's.

      Example:
        tgn fid --real /data/dior/train/19 --generated drawn/7 --inception pt_inception-2015-12-05.pth
      """)

  @Option(help: ArgumentHelp("Folder of real pictures.", valueName: "dir"))
  var real: String
  @Option(help: ArgumentHelp("Folder of generated pictures.", valueName: "dir"))
  var generated: String
  @Option(help: ArgumentHelp("Weights of Inception for FID.", valueName: "file"))
  var inception: String
  @Option(help: "Pictures of a batch.")
  var batchSize = 16
  @OptionGroup var threading: ThreadOptions

  func run() throws {
    threading.apply()
    var stream = RandomStream(seed: 0, name: "overwritten")
    let network = FIDInception(stream: &stream)
    try network.load(try readWeights(inception))
    func features(_ folder: String) throws -> Tensor {
      try pictureFeatures(ofFolder: URL(fileURLWithPath: folder, isDirectory: true), side: 299, batchSize: batchSize) {
        network($0)
      }
    }
    let (a, b) = (try features(real), try features(generated))
    func number(_ value: Double) -> String { NumberFormat.fixed(value, digits: 4) }
    print("pictures: \(a.shape[0]) real, \(b.shape[0]) generated")
    print("FID: \(number(try frechetDistance(a, b)))")
    let manifold = try PrecisionRecall(real: a, fake: b)
    print("precision: \(number(manifold.precision)), recall: \(number(manifold.recall))")
    let density = try DensityCoverage(real: a, fake: b)
    print("density: \(number(density.density)), coverage: \(number(density.coverage))")
  }
}

/// `tgn ppl`: the released `ppl.py`.
struct PPLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ppl",
    abstract: "Perceptual path length of a generator (the released ppl.py).",
    discussion: """
      Example:
        tgn ppl --ckpt 200000.pt --vgg vgg16.pth --lpips vgg.pth --space w
      """)

  @Option(help: ArgumentHelp("The generator.", valueName: "file"))
  var ckpt: String
  @Option(help: ArgumentHelp("torchvision's VGG-16.", valueName: "file"))
  var vgg: String
  @Option(help: ArgumentHelp("LPIPS's linear layers for VGG.", valueName: "file"))
  var lpips: String
  @Option(help: "z or w.")
  var space = "w"
  @Option(help: "end or full.")
  var sampling = "end"
  @Option(name: .customLong("n_sample"), help: "Pairs of pictures.")
  var samples = 5000
  @Option(help: "Distance of a pair on the path.")
  var eps: Float = 1e-4
  @Option(name: .customLong("batch"), help: "Pairs of a batch.")
  var batchSize = 64
  @Option(help: "Seed of the latents.")
  var seed: UInt64 = 0
  @OptionGroup var threading: ThreadOptions

  func validate() throws {
    if PerceptualPathLength.Settings.Space(rawValue: space) == nil { throw ValidationError("--space \(space): z or w") }
    if !["end", "full"].contains(sampling) { throw ValidationError("--sampling \(sampling): end or full") }
  }

  func run() throws {
    threading.apply()
    var stream = RandomStream(seed: 0, name: "overwritten")
    let distance = LPIPS(.vgg, stream: &stream)
    try distance.load(trunk: try readWeights(vgg), linear: try readWeights(lpips))
    let generator = try readGenerator(ckpt)
    var settings = PerceptualPathLength.Settings()
    settings.space = PerceptualPathLength.Settings.Space(rawValue: space)!
    settings.coversWholePath = sampling == "full"
    (settings.epsilon, settings.samples, settings.batchSize) = (eps, samples, batchSize)
    let configuration = generator.configuration
    // The classes in turn, and noise of its own for each pair.
    func labels(_ numbers: Range<Int>) -> [Int] { numbers.map { $0 % configuration.classes } }
    let result = try PerceptualPathLength(
      settings, latentWidth: configuration.latentWidth, seed: seed,
      map: { z, numbers in generator.map(z, labels: labels(numbers)) },
      draw: { w, numbers in
        let count = w.shape[0]
        let latents = w.reshaped([count, 1, -1])
          .broadcast(to: [count, generator.latentCount, configuration.latentWidth])
        let streams = numbers.map { RandomStream(seed: seed, name: "path length noise", index: UInt64($0)) }
        return generator.synthesize(latents: latents, noise: .drawnEach(streams))
      }
    ) { a, b in withoutRecording { distance(a, b).values } }
    print("ppl: \(NumberFormat.fixed(result.mean, digits: 4))")
  }
}
