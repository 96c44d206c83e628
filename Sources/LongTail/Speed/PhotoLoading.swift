import Engine
import Foundation
import Imaging

/// Photographs made ready for a network, on one thread: decoded, resized to 224 × 224, normalised.
///
/// The PyTorch script does the same to the same files with Pillow and torchvision's arithmetic.
final class PhotoLoading {
  static let side = 224
  static let limit = 400

  private let files: [URL]
  /// Seconds spent in each part since the last `takeParts()`.
  private var parts = [0.0, 0.0, 0.0]
  private var loaded = 0
  private(set) var last: [Float] = []

  /// - Throws: `SpeedError.noPhotos`.
  init(folder: URL) throws {
    files = Self.files(in: folder)
    if files.isEmpty { throw SpeedError.noPhotos(folder: folder.path) }
  }

  /// The first 400 JPEG files below a folder, in the order of their paths' bytes.
  static func files(in folder: URL) -> [URL] {
    let root = folder.resolvingSymlinksInPath()
    let all = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil, options: .skipsHiddenFiles)
    var files = (all?.allObjects as? [URL] ?? []).filter { $0.path.hasSuffix(".jpg") }
    files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    return Array(files.prefix(limit))
  }

  /// What each 8-bit value of each channel becomes: ImageNet's means and deviations, as torchvision's models take them.
  private static let scale: [Float] = zip([0.485, 0.456, 0.406] as [Float], [0.229, 0.224, 0.225] as [Float])
    .flatMap { mean, deviation in (0..<256).map { (Float($0) / 255 - mean) / deviation } }

  /// Loads every file once.
  ///
  /// - Throws: `ImageError` for a file that cannot be read.
  func run() throws {
    for file in files {
      let start = Self.now
      let photo = try Image(contentsOf: file)
      let decoded = Self.now
      let square = photo.resized(width: Self.side, height: Self.side)
      let resized = Self.now
      last = Self.normalized(square)
      parts[0] += decoded - start
      parts[1] += resized - decoded
      parts[2] += Self.now - resized
    }
    loaded += files.count
  }

  private static func normalized(_ image: Image) -> [Float] {
    [Float](unsafeUninitializedCapacity: image.pixels.count) { output, count in
      image.pixels.withUnsafeBufferPointer { input in
        scale.withUnsafeBufferPointer { scale in
          var i = 0
          while i < input.count {
            output[i] = scale[Int(input[i])]
            output[i + 1] = scale[256 + Int(input[i + 1])]
            output[i + 2] = scale[512 + Int(input[i + 2])]
            i += 3
          }
        }
      }
      count = image.pixels.count
    }
  }

  /// Where the time went since the last call.
  func takeParts() -> [SpeedAnswer.Total] {
    defer { (parts, loaded) = ([0, 0, 0], 0) }
    return zip(["decode", "resize", "normalise"], parts).map { name, seconds in
      SpeedAnswer.Total(name: name, calls: loaded, seconds: seconds, operations: 0, bytes: 0)
    }
  }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}
