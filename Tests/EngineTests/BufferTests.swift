import XCTest

@testable import Engine

/// Where tensors' memory comes from, and when it goes back.
final class BufferTests: XCTestCase {
  private let page = 4096

  func testPlacesAreReusedAndJoined() {
    var arena = SpanArena()
    let (a, b, c) = (arena.take(3 * page)!, arena.take(page)!, arena.take(2 * page)!)
    XCTAssertEqual(b, a + 3 * page)
    XCTAssertEqual(c, b + page)
    arena.give(a, 3 * page)
    XCTAssertEqual(arena.take(2 * page), a, "the smallest place that is large enough")
    arena.give(a, 2 * page)
    arena.give(b, page)
    XCTAssertEqual(arena.take(4 * page), a, "neighbours are joined, those before and after")
    arena.give(c, 2 * page)
    arena.give(a, 4 * page)
    XCTAssertEqual(arena.take(7 * page), a, "and with what was never used")
  }

  func testTheSmallestPlaceIsTaken() {
    var arena = SpanArena()
    let places = [5, 1, 3, 1, 4, 1].map { (size: $0 * page, start: arena.take($0 * page)!) }
    for index in [0, 2, 4] { arena.give(places[index].start, places[index].size) }
    XCTAssertEqual(arena.take(3 * page), places[2].start)
    XCTAssertEqual(arena.take(2 * page), places[4].start)
    XCTAssertEqual(arena.take(5 * page), places[0].start)
  }

  func testSizesAreWholePagesAndNothingOverlaps() {
    var arena = SpanArena()
    var held: [(start: UnsafeMutableRawPointer, size: Int)] = []
    for step in 0..<400 {
      if step % 3 == 2 {
        let place = held.remove(at: step * 7 % held.count)
        XCTAssertTrue(
          UnsafeRawBufferPointer(start: place.start, count: place.size).allSatisfy { $0 == UInt8(place.size & 255) })
        arena.give(place.start, place.size)
      } else {
        let size = 1 + step * 7919 % 30_000
        let start = arena.take(size)!
        XCTAssertEqual(Int(bitPattern: start) % page, 0)
        start.initializeMemory(as: UInt8.self, repeating: UInt8(size & 255), count: size)
        held.append((start, size))
      }
    }
  }

  func testTrimmedMemoryCanBeUsedAgain() {
    do { _ = Tensor(repeating: 3, shape: [2 << 20]) }
    BufferPool.trim()
    let tensor = Tensor(repeating: 2, shape: [2 << 20])
    XCTAssertEqual(tensor.sum().item, Float(4 << 20))
  }

  func testAGraphThatIsNotKeptIsLetGoOf() {
    let x = formulaValues([1 << 18], salt: 1).tracked
    /// The bytes that the loss alone still holds after its gradient is taken, and the gradient.
    func held(keepingGraph: Bool) -> (bytes: Int, gradient: [Float]) {
      _ = BufferPool.takePeakBytes()
      let before = BufferPool.takePeakBytes()
      func loss() -> Tensor {
        var y = x
        for _ in 0..<40 { y = y.sigmoid() * 2 }
        return y.sum()
      }
      let output = loss()
      let gradient = gradients(of: output, withRespectTo: [x], keepingGraph: keepingGraph)[0].values
      _ = BufferPool.takePeakBytes()
      let bytes = BufferPool.takePeakBytes() - before
      XCTAssertTrue(output.isTracked && output.item.isFinite)
      return (bytes, gradient)
    }
    let (kept, letGo) = (held(keepingGraph: true), held(keepingGraph: false))
    XCTAssertEqual(kept.gradient, letGo.gradient)
    XCTAssertGreaterThan(kept.bytes, 40 << 20)
    XCTAssertLessThan(letGo.bytes, 1 << 20)
  }
}
