import Foundation
import Notebook

/// How objects become files.
public struct CropSettings: Equatable, Codable, Sendable {
  public enum Format: String, Codable, CaseIterable, Sendable {
    case jpeg, png

    var ending: String { self == .jpeg ? "jpg" : "png" }

    /// Whether a file's first bytes are those of the format.
    func matches(_ data: Data) -> Bool {
      data.starts(with: self == .jpeg ? [0xff, 0xd8, 0xff] : [0x89, 0x50, 0x4e, 0x47])
    }
  }

  /// JPEG as in the released data, or PNG, which loses nothing.
  public var format = Format.jpeg
  /// Of JPEG, 1...100.
  public var quality = 95
  /// Objects whose part inside the picture has a shorter side are left out.
  public var minimumSide = 1
  /// Pixels of surroundings on each side, as far as the picture reaches.
  public var padding = 0

  public init() {}

  /// - Throws: `ImportError.badOption`
  func validate() throws {
    guard (1...100).contains(quality) else {
      throw ImportError.badOption(name: "--quality", value: "\(quality)", expected: "a number from 1 to 100")
    }
    guard (1...10_000).contains(minimumSide) else {
      throw ImportError.badOption(name: "--minimum-side", value: "\(minimumSide)", expected: "1 to 10000 pixels")
    }
    guard (0...10_000).contains(padding) else {
      throw ImportError.badOption(name: "--padding", value: "\(padding)", expected: "0 to 10000 pixels")
    }
  }
}

/// `manifest.json`: what a data set in TGN's layout was prepared from. It holds no date and no absolute path, so that
/// equal sources and settings give equal bytes, in one run or in several.
public struct CropManifest: Equatable, Codable, Sendable {
  public static let fileName = "manifest.json"

  /// A finished picture.
  public struct Entry: Equatable, Codable, Sendable {
    public var split: TGNLayout.Split
    /// Relative to the data folder.
    public var image: String
    /// Of the picture's file.
    public var sourceBytes: Int
    public var sourceSHA256: String
    /// Relative to `train` or `test`.
    public var crops: [String]
    /// SHA-256 over names and bytes of the crops, in order.
    public var cropsSHA256: String
    /// How many of the boxes reached out of the picture and were cut off there.
    public var clipped: Int
    public var skipped: [SkippedObject]
  }

  public struct ClassCount: Equatable, Codable, Sendable {
    public var name: String
    public var train: Int
    public var test: Int
  }

  public struct BrokenImage: Equatable, Codable, Sendable {
    public var image: String
    public var reason: String
  }

  public var name: String
  public var settings: CropSettings
  /// Checksum of the annotations' content, see `ImportPlan`.
  public var planSHA256: String
  public var classes: [ClassCount]
  public var clipped: Int
  public var skippedCounts: [String: Int]
  /// Objects that were left out before any picture was opened, and those left out of each picture.
  public var skipped: [SkippedObject]
  /// Pictures left out by `--skip-broken`.
  public var broken: [BrokenImage]
  public var entries: [Entry]
  /// SHA-256 over the annotation files, the class list and the checksums of all entries.
  public var sha256: String

  /// The number of crops in one half.
  public func count(_ split: TGNLayout.Split) -> Int {
    classes.reduce(0) { $0 + (split == .train ? $1.train : $1.test) }
  }

  static func encoded(_ value: some Encodable, pretty: Bool) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = pretty
      ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(value) + Data("\n".utf8)
  }

  static func checksum(ofCrops crops: [(name: String, data: Data)]) -> String {
    Checksum.sha256(of: crops.map { "\($0.name) \(Checksum.sha256(of: $0.data))\n" }.joined())
  }
}

/// The finished pictures of an unfinished preparation, a JSON line each, so that a killed run can go on.
final class CropJournal: @unchecked Sendable {
  struct Header: Equatable, Codable {
    var planSHA256: String
    var settings: CropSettings
  }

  private let lock = NSLock()
  private let handle: FileHandle

  /// Opens a journal to add to.
  init(_ file: URL, header: Header) throws {
    if !FileManager.default.fileExists(atPath: file.path) {
      try DurableFiles.replace(file, with: CropManifest.encoded(header, pretty: false))
    }
    handle = try FileHandle(forWritingTo: file)
    // A killed run may have left half a line. It ends here, and reading skips it.
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("\n".utf8))
  }

  func add(_ entry: CropManifest.Entry) throws {
    let line = try CropManifest.encoded(entry, pretty: false)
    try lock.withLock { try handle.write(contentsOf: line) }
  }

  /// The header and the readable entries of a journal; nil where there is none.
  static func read(_ file: URL) -> (header: Header?, entries: [CropManifest.Entry])? {
    guard let data = try? Data(contentsOf: file) else { return nil }
    let decoder = JSONDecoder()
    let lines = data.split(separator: 0x0a)
    return (
      lines.first.flatMap { try? decoder.decode(Header.self, from: Data($0)) },
      lines.dropFirst().compactMap { try? decoder.decode(CropManifest.Entry.self, from: Data($0)) }
    )
  }
}
