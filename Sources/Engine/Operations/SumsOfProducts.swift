/// Sums a·b over the axes along which a tensor of `target` shape was repeated: the gradient of every factor. The product
/// is not stored where the axes stand side by side.
func sumOfProducts(_ a: Tensor, _ b: Tensor, to target: [Int]) -> Tensor {
  guard a.shape == b.shape, let sum = MiddleSum(of: a.shape, to: target) else { return (a * b).sum(to: target) }
  let span = Trace.open("sumOfProducts", "\(a.shape)", operations: 2 * a.count, bytes: 8 * a.count)
  defer { Trace.close(span) }
  let (p, q) = (a.pointer, b.pointer)
  if !Recording.concerns([a, b]) && sum.isByPicture {
    let result = Tensor(uninitialized: target)
    sum.addProductsByPicture(p, q, into: result.pointer) { _, _ in }
    return result
  }
  let sums = sumRows(p, times: q, outer: sum.outer, middle: sum.middle, inner: sum.inner)
  return recorded(Tensor(shape: target, storage: sums.storage), from: [a, b]) { u, _, needed in
    [needed[0] ? u * b : nil, needed[1] ? u * a : nil]
  }
}

/// The gradients of x·s by both, x [N,...,C] and s [N,1,...,1,C], from that by the product: g·s and the sum of g·x, in
/// one pass over g where nothing is recorded; nil for other shapes.
func gradientsOfScaling(_ g: Tensor, _ x: Tensor, by s: Tensor) -> (Tensor, Tensor)? {
  guard !Recording.concerns([g, x, s]), x.shape == g.shape, let sum = MiddleSum(of: g.shape, to: s.shape),
    sum.isByPicture
  else { return nil }
  let span = Trace.open("scaling gradient", "\(g.shape)", operations: 3 * g.count, bytes: 12 * g.count)
  defer { Trace.close(span) }
  let (scaled, summed) = (Tensor(uninitialized: g.shape), Tensor(uninitialized: s.shape))
  let (p, factors, o) = (g.pointer, s.pointer, scaled.pointer)
  let streaming = Lanes.streams(g.count)
  sum.addProductsByPicture(p, x.pointer, into: summed.pointer) { picture, start in
    Lanes.forEachRun(0, sum.inner) { i, n in
      (Lanes(p + start + i, n) * Lanes(factors + picture &* sum.inner + i, n))
        .store(o + start + i, n, streaming: streaming)
    }
  }
  return (scaled, summed)
}

/// The sum over the squares of the leading axes, in one pass; with the bits of `squared().sum(...)`.
public func sumOfSquares(_ x: Tensor, leadingAxes: Int) -> Tensor {
  let rest = Array(x.shape.dropFirst(leadingAxes))
  let inner = rest.reduce(1, *)
  if inner <= 1 { return x.squared().sum(Array(0..<leadingAxes)) }
  let span = Trace.open("sumOfSquares", "\(x.shape)", operations: 2 * x.count, bytes: 4 * x.count)
  defer { Trace.close(span) }
  let p = x.pointer
  let sums = DerivedWeights.form(.squares(leadingAxes: leadingAxes), of: x) {
    sumRows(p, times: p, outer: 1, middle: x.count / inner, inner: inner).storage
  }
  return recorded(Tensor(shape: rest, storage: sums), from: [x]) { u, _, _ in [u * x * 2] }
}

/// A sum over axes that stand side by side: [outer, middle, inner] → [outer, inner].
private struct MiddleSum {
  let outer, middle, inner: Int
  /// Whether it leaves [N,1,...,1,C] of [N,...,C].
  let isByPicture: Bool

  /// The sum that makes a tensor of `target` shape of one whose axes of size one are longer; nil if it is of another
  /// kind.
  init?(of shape: [Int], to target: [Int]) {
    guard shape.count == target.count, shape != target, shape.elementCount > 0 else { return nil }
    let axes = shape.indices.filter { target[$0] == 1 && shape[$0] != 1 }
    guard let first = axes.first, let last = axes.last, axes.count == last - first + 1,
      shape.indices.allSatisfy({ axes.contains($0) || shape[$0] == target[$0] })
    else { return nil }
    outer = shape[..<first].reduce(1, *)
    middle = shape[first...last].reduce(1, *)
    inner = shape[(last + 1)...].reduce(1, *)
    if inner == 1 { return nil }
    isByPicture = target[0] == shape[0] && target.dropFirst().dropLast().allSatisfy { $0 == 1 }
  }

  /// Sums x·y of each picture, row after row, and calls `body` with the picture and where its row starts.
  @inline(__always)
  func addProductsByPicture(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, into sums: UnsafeMutablePointer<Float>,
    _ body: (_ picture: Int, _ start: Int) -> Void
  ) {
    Parallel.pieces(outer, values: outer * middle * inner) { picture in
      let sums = sums + picture &* inner
      sums.update(repeating: 0, count: inner)
      for row in picture &* middle..<(picture &+ 1) &* middle {
        let start = row &* inner
        Lanes.forEachRun(0, inner) { i, n in
          Lanes(sums + i, n).addingProduct(Lanes(x + start + i, n), Lanes(y + start + i, n)).store(sums + i, n)
        }
        body(picture, start)
      }
    }
  }
}

/// x [outer, middle, inner], or its product with y → [outer, inner]: rows of `inner` are added up, even and odd ones for
/// themselves; many rows are cut into at most 16 pieces.
///
/// Where rows are many, some of them are added to all sums before the next are read: so memory is read in its order.
func sumRows(
  _ x: UnsafePointer<Float>, times y: UnsafePointer<Float>? = nil, outer: Int, middle: Int, inner: Int
) -> Tensor {
  @inline(__always)
  func value(_ offset: Int, _ count: Int) -> Lanes {
    y.map { Lanes(x + offset, count) * Lanes($0 + offset, count) } ?? Lanes(x + offset, count)
  }
  let result = Tensor(uninitialized: [outer, inner])
  let o = result.pointer
  let strip = 1024
  let strips = (inner + strip - 1) / strip
  let pieces = outer * strips > 4 ? 1 : max(1, min(16, middle * inner / 16384))
  let length = (middle + pieces - 1) / pieces
  let partial = pieces == 1 ? result.storage : Storage(count: outer * pieces * inner)
  // An even number, of about sixteen kilobytes.
  let together = length * min(inner, strip) <= 1 << 15 ? max(2, length + length % 2) : max(2, 4096 / min(inner, strip) / 2 * 2)
  Parallel.ranges(outer * pieces * strips, grain: max(1, 65536 / max(1, length * min(inner, strip)))) { start, end in
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * strip) { sums in
      let (evens, odds) = (sums.baseAddress!, sums.baseAddress! + strip)
      for index in start..<end {
        let (block, part) = (index / strips / pieces, index / strips % pieces)
        let first = index % strips * strip
        let rows = min(middle, part * length)..<min(middle, (part + 1) * length)
        let out = partial.pointer + (block * pieces + part) * inner
        var low = rows.lowerBound
        repeat {
          let high = min(rows.upperBound, low &+ together)
          Lanes.forEachRun(first, min(inner, first + strip)) { i, n in
            var offset = (block &* middle &+ low) &* inner &+ i
            var (even, odd) = (Lanes.zero, Lanes.zero)
            if low > rows.lowerBound { (even, odd) = (Lanes(evens + (i &- first), n), Lanes(odds + (i &- first), n)) }
            var row = low
            while row &+ 2 <= high {
              even += value(offset, n)
              odd += value(offset &+ inner, n)
              offset &+= 2 &* inner
              row &+= 2
            }
            if row < high { even += value(offset, n) }
            if high == rows.upperBound {
              (even + odd).store(out + i, n)
            } else {
              even.store(evens + (i &- first), n)
              odd.store(odds + (i &- first), n)
            }
          }
          low = high
        } while low < rows.upperBound
      }
    }
  }
  if pieces > 1 {
    for block in 0..<outer {
      GEMM.addInOrder(partial.pointer + block * pieces * inner, pieces: pieces, count: inner, into: o + block * inner)
    }
  }
  return result
}
