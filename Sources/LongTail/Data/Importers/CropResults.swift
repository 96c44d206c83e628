import Foundation
import Imaging

/// What came of each picture, gathered from all threads.
final class CropResults: @unchecked Sendable {
  private let lock = NSLock()
  private var values: [Result<CropManifest.Entry, ImageError>?]
  private var reason: Error?

  init(count: Int) { values = .init(repeating: nil, count: count) }

  func set(_ number: Int, _ value: Result<CropManifest.Entry, ImageError>) {
    lock.withLock { values[number] = value }
  }

  /// Ends the work early, as when the disk is full.
  func stop(_ error: Error) { lock.withLock { reason = reason ?? error } }

  var isStopped: Bool { lock.withLock { reason != nil } }
  var stopped: Error? { lock.withLock { reason } }
  var all: [Result<CropManifest.Entry, ImageError>?] { values }
  var failures: [ImageError] {
    values.compactMap { value in
      guard case .failure(let error) = value else { return nil }
      return error
    }
  }
}
