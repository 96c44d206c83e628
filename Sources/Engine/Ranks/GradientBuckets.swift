/// Sums gradients over the ranks, many at a time, while the backward pass still computes others.
///
/// The last layers' gradients are finished first, so buckets are filled from the last parameter on. All ranks sum the
/// buckets in the same order, whichever is full first.
final class GradientBuckets: BackwardWatcher {
  private struct Bucket {
    let members: [Int]
    let storage: Storage
    var missing: Int
    var reduction: (any PendingReduction)?
  }

  private let communicator: any Communicator
  private let shapes: [[Int]]
  private var buckets: [Bucket] = []
  /// Of each gradient: its bucket, and where it stands there.
  private var places: [(bucket: Int, start: Int)]
  private var isFilled: [Bool]
  private var started = 0

  init(shapes: [[Int]], _ communicator: any Communicator, bytes: Int) {
    self.shapes = shapes
    self.communicator = communicator
    places = shapes.map { _ in (0, 0) }
    isFilled = shapes.map { _ in false }
    var members: [Int] = []
    var count = 0
    func close() {
      guard !members.isEmpty else { return }
      buckets.append(Bucket(members: members, storage: Storage(count: count), missing: members.count))
      (members, count) = ([], 0)
    }
    for index in shapes.indices.reversed() {
      places[index] = (buckets.count, count)
      members.append(index)
      count += shapes[index].elementCount
      if count * MemoryLayout<Float>.stride >= bytes { close() }
    }
    close()
  }

  func gradientIsFinal(_ index: Int, _ gradient: Tensor) {
    guard !isFilled[index] else { return }
    isFilled[index] = true
    let place = places[index]
    (buckets[place.bucket].storage.pointer + place.start).update(from: gradient.pointer, count: gradient.count)
    buckets[place.bucket].missing -= 1
    while started < buckets.count, buckets[started].missing == 0 {
      let storage = buckets[started].storage
      buckets[started].reduction = communicator.startAllReduce(
        UnsafeMutableBufferPointer(start: storage.pointer, count: storage.count))
      started += 1
    }
  }

  func operationIsDone() { communicator.progress() }

  /// Adds what the backward pass did not announce, and waits for all sums.
  func finish(_ gradients: [Tensor]) -> [Tensor] {
    for (index, gradient) in gradients.enumerated() { gradientIsFinal(index, gradient) }
    for bucket in buckets { bucket.reduction?.wait() }
    return shapes.indices.map { index in
      let result = Tensor(uninitialized: shapes[index])
      let place = places[index]
      result.pointer.update(from: buckets[place.bucket].storage.pointer + place.start, count: result.count)
      return result
    }
  }
}
