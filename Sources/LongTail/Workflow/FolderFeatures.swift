import Engine
import Foundation
import Imaging
import Notebook

/// The features of all pictures of a folder and those below it, in the order of their paths: [N, C].
///
/// - Parameters:
///   - side: Pictures are resized to this, bilinear with smoothing, so that they make batches.
///   - features: [n,side,side,3] in [-1, 1] → [n, C].
/// - Throws: `FolderError`; what reading a picture throws.
public func pictureFeatures(
  ofFolder folder: URL, side: Int, batchSize: Int, _ features: (Tensor) -> Tensor
) throws -> Tensor {
  guard let walk = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
    throw FolderError.unreadable(folder.path)
  }
  let files = walk.compactMap { $0 as? URL }
    .filter { DataFolder.pictureEndings.contains(FileName.ending(of: $0.path)) }.sorted { $0.path < $1.path }
  guard !files.isEmpty else { throw FolderError.empty(folder.path) }
  let images = DecodedImages(
    ObjectDataset(classNames: ["picture"], items: files.map { .init(label: 0, source: .file($0)) }), side: side)
  let bar = ProgressBar("features of \(folder.lastPathComponent)", total: files.count, done: 0)
  var parts: [Tensor] = []
  try images.forEachBatch(of: batchSize) { batch in
    parts.append(withoutRecording { features(batch.tensor) })
    bar.advance(by: batch.count)
  }
  bar.finish()
  return concatenated(parts, axis: 0)
}

public enum FolderError: Error, Equatable, CustomStringConvertible {
  case unreadable(String)
  case empty(String)

  public var description: String {
    switch self {
    case .unreadable(let path): "\(path): not a folder that can be read"
    case .empty(let path): "\(path): no .jpg or .png in it"
    }
  }
}
