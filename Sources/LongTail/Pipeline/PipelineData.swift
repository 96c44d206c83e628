import Foundation
import Imaging
import Notebook

/// The pictures an experiment works on: a data set on disk, or procedural scenes.
public struct PipelineData {
  /// "dior (procedural scenes)", or the folder's name.
  public let name: String
  public let isProcedural: Bool
  public let train: ObjectDataset
  public let test: ObjectDataset
  /// Balanced or at least unthinned real pictures, for the judge of generated images. Nothing else sees them.
  public let judging: ObjectDataset
  public let split: HeadTailSplit
  /// Readable class names, for prompts and figures.
  public let prompts: [String]
  public let trainHash: String
  public let testHash: String
  /// Memory that a sketch's pictures would take if each were drawn, and do not take.
  private(set) var undrawnBytes = 0

  /// Reads a folder in TGN's layout, or without one draws scenes.
  ///
  /// - Parameter isSketch: As of `init(scenes:side:judgeImagesPerClass:isSketch:)`.
  /// - Throws: What reading or drawing throws.
  public init(folder: String?, settings: PipelineSettings, isSketch: Bool = false) throws {
    if let folder {
      try self.init(folder: URL(fileURLWithPath: folder, isDirectory: true), settings: settings.data)
    } else {
      try self.init(
        scenes: settings.data, side: settings.cdtg.side, judgeImagesPerClass: settings.judgeImagesPerClass,
        isSketch: isSketch)
    }
  }

  /// Draws the scenes of a catalogue.
  ///
  /// - Parameter isSketch: For estimates: draws a few scenes of each class and lets them stand for all the others.
  /// - Throws: `DataError.unknownCatalogue`, `HeadTailSplitError`.
  public init(scenes settings: DataSettings, side: Int, judgeImagesPerClass: Int, isSketch: Bool = false) throws {
    let catalogue = try SceneCatalogue.named(settings.catalogue)
    var undrawn = 0
    func dataset(_ counts: [Int], seed: UInt64) -> ObjectDataset {
      let drawn = isSketch ? counts.map { min($0, 4) } : counts
      undrawn += zip(counts, drawn).reduce(0) { $0 + $1.0 - $1.1 }
      let scenes = catalogue.scenes(counts: drawn, side: side, seed: seed)
      return ObjectDataset(
        classNames: catalogue.classNames,
        items: scenes.enumerated().flatMap { label, scenes in
          (0..<counts[label]).map { .init(label: label, source: .memory(scenes[$0 % scenes.count].image)) }
        })
    }
    let classes = catalogue.classNames.count
    try self.init(
      name: "\(settings.catalogue) (procedural scenes)", isProcedural: true,
      train: dataset(
        catalogue.longTailCounts(maximum: settings.largestClass, minimum: settings.smallestClass), seed: settings.seed),
      test: dataset(.init(repeating: settings.testPerClass, count: classes), seed: settings.seed + 1),
      judging: dataset(.init(repeating: judgeImagesPerClass, count: classes), seed: settings.seed + 2),
      headShare: settings.headShare, prompts: catalogue.prompts, isHashed: !isSketch)
    undrawnBytes = undrawn * side * side * 3
  }

  /// Reads a folder in TGN's layout and lays a long tail over it if one is set.
  ///
  /// - Throws: `TGNLayoutError`, `LongTailProfileError`, `HeadTailSplitError`.
  public init(folder: URL, settings: DataSettings) throws {
    let layout = TGNLayout(root: folder)
    let whole = try layout.read(.train)
    let profile = settings.imbalance > 0 ? LongTailProfile.exponential(imbalance: settings.imbalance) : .none
    let catalogue = try? SceneCatalogue.named(folder.lastPathComponent.lowercased())
    let prompts = catalogue?.classNames == whole.classNames ? catalogue!.prompts : whole.classNames
    try self.init(
      name: folder.standardizedFileURL.lastPathComponent, isProcedural: false,
      train: try profile.applied(to: whole, seed: settings.seed), test: try layout.read(.test), judging: whole,
      headShare: settings.headShare, prompts: prompts)
  }

  private init(
    name: String, isProcedural: Bool, train: ObjectDataset, test: ObjectDataset, judging: ObjectDataset,
    headShare: Double, prompts: [String], isHashed: Bool = true
  ) throws {
    guard train.classNames == test.classNames else {
      throw DataError.differentClasses(train: train.classNames.count, test: test.classNames.count)
    }
    self.name = name
    self.isProcedural = isProcedural
    self.train = train
    self.test = test
    self.judging = judging
    self.prompts = prompts
    split = try HeadTailSplit(counts: train.counts, headShare: headShare)
    trainHash = isHashed ? try train.contentHash() : ""
    testHash = isHashed ? try test.contentHash() : ""
  }
}

public enum DataError: Error, Equatable, CustomStringConvertible {
  case unknownCatalogue(String)
  case differentClasses(train: Int, test: Int)

  public var description: String {
    switch self {
    case .unknownCatalogue(let name): "there are no procedural scenes named '\(name)'; choose dior, dota or fgsc"
    case .differentClasses(let train, let test):
      "the training set has \(train) classes and the test set \(test), or under other names; use one class list for both"
    }
  }
}

extension SceneCatalogue {
  /// - Throws: `DataError.unknownCatalogue`.
  public static func named(_ name: String) throws -> SceneCatalogue {
    guard let catalogue = [dior, dota, fgsc].first(where: { $0.name == name }) else {
      throw DataError.unknownCatalogue(name)
    }
    return catalogue
  }
}
