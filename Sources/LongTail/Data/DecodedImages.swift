import Engine
import Foundation
import Imaging

/// The pictures of a data set as squares of one size, decoded once and kept while there is room.
///
/// Small pictures of a whole data set fit into memory; of large ones (the paper's 68 000 at 256 px are 13 GB) as
/// many are kept as the limit allows, and the rest is read again each time. What comes out is the same.
public final class DecodedImages: @unchecked Sendable {
  public let dataset: ObjectDataset
  public let side: Int
  private let limit: Int
  private let lock = NSLock()
  private var kept: [[UInt8]?]
  private var keptCount = 0

  /// How many bytes of pictures one set keeps.
  public static let usualLimit = 1 << 30

  /// - Parameter memoryLimit: How many bytes of pictures are kept.
  public init(_ dataset: ObjectDataset, side: Int, memoryLimit: Int = usualLimit) {
    precondition(side > 0, "pictures need a side")
    self.dataset = dataset
    self.side = side
    limit = memoryLimit / (side * side * 3)
    kept = Array(repeating: nil, count: dataset.count)
  }

  /// The picture of an item, [side, side, 3] values. May be called from any thread.
  ///
  /// - Throws: `ImageError` for a file that cannot be read.
  public func pixels(at index: Int) throws -> [UInt8] {
    if case .memory(let image) = dataset.items[index].source, image.width == side, image.height == side {
      return image.rgb().pixels
    }
    if let pixels = lock.withLock({ kept[index] }) { return pixels }
    let pixels = try dataset.image(at: index, side: side).pixels
    lock.withLock {
      if keptCount < limit, kept[index] == nil {
        kept[index] = pixels
        keptCount += 1
      }
    }
    return pixels
  }

  /// The most bytes that a set comes to keep besides what lies in memory at its size already.
  static func mostBytes(_ dataset: ObjectDataset, side: Int) -> Int {
    let read = dataset.items.count {
      if case .memory(let image) = $0.source { image.width != side || image.height != side } else { true }
    }
    return mostBytes(read: read, side: side)
  }

  /// The same for so many pictures that are read.
  static func mostBytes(read count: Int, side: Int) -> Int { min(count * (side * side * 3 + 32), usualLimit) }

  /// One rank's pictures of some places that make a batch.
  ///
  /// - Throws: `ImageError` for a file that cannot be read.
  func batch(_ entries: [BatchEntry], share: BatchShare) throws -> Batch {
    var batch = try batch(share.part(of: entries))
    batch.share = share
    batch.allLabels = entries.map { dataset.items[$0.index].label }
    return batch
  }

  /// The pictures of some places as one batch.
  ///
  /// - Throws: `ImageError` for a file that cannot be read.
  public func batch(_ entries: [BatchEntry]) throws -> Batch {
    let size = side * side * 3
    let pictures = try entries.map { try pixels(at: $0.index) }
    let values = [Float](unsafeUninitializedCapacity: entries.count * size) { output, count in
      Batch.scale.withUnsafeBufferPointer { scale in
        for (place, entry) in entries.enumerated() {
          pictures[place].withUnsafeBufferPointer { input in
            let target = output.baseAddress! + place * size
            if entry.isFlipped {
              for y in 0..<side {
                for x in 0..<side {
                  let from = (y * side + side - 1 - x) * 3
                  let to = (y * side + x) * 3
                  for channel in 0..<3 { target[to + channel] = scale[Int(input[from + channel])] }
                }
              }
            } else {
              for i in 0..<size { target[i] = scale[Int(input[i])] }
            }
          }
        }
      }
      count = entries.count * size
    }
    return Batch(
      pixels: values, labels: entries.map { dataset.items[$0.index].label }, indices: entries.map(\.index), side: side)
  }
}

/// The decoded data sets that are kept for their next use: those used last, within a limit for all of them.
struct RecentSets {
  private let limit: Int
  /// The one used last comes last.
  private var sets: [(name: String, bytes: Int)] = []

  init(limit: Int = 2 * DecodedImages.usualLimit) { self.limit = limit }

  var bytes: Int { sets.reduce(0) { $0 + $1.bytes } }

  /// Marks a set as used now.
  ///
  /// - Parameter bytes: The most it comes to keep.
  /// - Returns: The names of the sets to be given up for it.
  mutating func use(_ name: String, bytes: Int) -> [String] {
    sets.removeAll { $0.name == name }
    sets.append((name, bytes))
    var given: [String] = []
    while self.bytes > limit, sets.count > 1 { given.append(sets.removeFirst().name) }
    return given
  }
}
