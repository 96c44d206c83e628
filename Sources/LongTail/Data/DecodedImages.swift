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

  /// - Parameter memoryLimit: How many bytes of pictures are kept.
  public init(_ dataset: ObjectDataset, side: Int, memoryLimit: Int = 1 << 30) {
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
