import COpenBLAS

/// Rows of numbers in double precision: features of pictures, whose distances and covariances float32 would round too
/// coarsely. No gradients.
public struct DoubleRows: Sendable {
  public let count, width: Int
  /// Row-major.
  public let elements: [Double]

  /// The rows of x [N,C].
  public init(_ x: Tensor) {
    precondition(x.rank == 2, "rows of features are [N,C]; the shape is \(x.shape)")
    (count, width) = (x.shape[0], x.shape[1])
    elements = x.withElements { $0.map(Double.init) }
  }

  private init(count: Int, width: Int, elements: [Double]) {
    (self.count, self.width, self.elements) = (count, width, elements)
  }

  /// One row.
  public subscript(_ row: Int) -> ArraySlice<Double> { elements[(row * width)..<((row + 1) * width)] }

  /// Some rows, in the given order.
  public func rows(_ indices: [Int]) -> DoubleRows {
    DoubleRows(count: indices.count, width: width, elements: indices.flatMap { self[$0] })
  }

  public var isFinite: Bool { elements.allSatisfy(\.isFinite) }

  /// The inner product of each row of `range` with each row of another list, row-major.
  public func innerProducts(_ range: Range<Int>, with other: DoubleRows) -> [Double] {
    precondition(width == other.width, "rows of \(width) and of \(other.width) numbers have no inner product")
    var result = [Double](repeating: 0, count: range.count * other.count)
    guard !result.isEmpty, width > 0 else { return result }
    openblas_set_num_threads(1)
    result.withUnsafeMutableBufferPointer { target in
      let target = target.baseAddress!
      elements.withUnsafeBufferPointer { mine in
        let mine = mine.baseAddress! + range.lowerBound * width
        other.elements.withUnsafeBufferPointer { theirs in
          let theirs = theirs.baseAddress!
          Parallel.ranges(range.count, grain: 64) { start, end in
            cblas_dgemm(
              CblasRowMajor, CblasNoTrans, CblasTrans, Int32(end - start), Int32(other.count), Int32(width), 1,
              mine + start * width, Int32(width), theirs, Int32(width), 0, target + start * other.count,
              Int32(other.count))
          }
        }
      }
    }
    return result
  }

  /// The mean of all rows; zeros for none.
  public var mean: [Double] {
    var sums = [Double](repeating: 0, count: width)
    for row in 0..<count { for column in 0..<width { sums[column] += elements[row * width + column] } }
    return sums.map { $0 / Double(max(1, count)) }
  }

  /// The covariance of the columns, over N - 1 for N rows: NumPy's `cov`. Needs two rows.
  public var covariance: SymmetricMatrix {
    precondition(count > 1, "a covariance needs two rows; there are \(count)")
    let mean = self.mean
    let centred = elements.indices.map { elements[$0] - mean[$0 % width] }
    return SymmetricMatrix(productOfColumns: centred, rows: count, columns: width, factor: 1 / Double(count - 1))
  }
}
