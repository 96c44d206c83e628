import COpenBLAS

/// A symmetric matrix in double precision: a covariance and what is made of it.
public struct SymmetricMatrix: Sendable {
  public let size: Int
  /// Row-major, both triangles.
  public let elements: [Double]

  /// - Parameter elements: Row-major; of the upper and lower triangle, which must agree, the upper one counts.
  public init(size: Int, elements: [Double]) {
    precondition(elements.count == size * size, "\(elements.count) numbers are no matrix of side \(size)")
    self.size = size
    self.elements = elements
  }

  /// factor · aᵀa for a matrix a [rows, columns].
  init(productOfColumns a: [Double], rows: Int, columns: Int, factor: Double) {
    // One thread, so that the bits are the same on every machine.
    openblas_set_num_threads(1)
    var product = [Double](repeating: 0, count: columns * columns)
    if rows > 0 && columns > 0 {
      cblas_dsyrk(
        CblasRowMajor, CblasUpper, CblasTrans, Int32(columns), Int32(rows), factor, a, Int32(columns), 0, &product,
        Int32(columns))
    }
    for row in 0..<columns {
      for column in 0..<row { product[row * columns + column] = product[column * columns + row] }
    }
    self.init(size: columns, elements: product)
  }

  public var trace: Double { (0..<size).reduce(0) { $0 + elements[$1 * size + $1] } }

  /// In ascending order; nil where LAPACK does not converge: an element is not finite.
  public var eigenvalues: [Double]? { decomposed()?.values }

  /// The positive semidefinite square root. Eigenvalues that rounding left below zero count as zero.
  ///
  /// - Returns: Nil where LAPACK does not converge.
  public func squareRoot() -> SymmetricMatrix? {
    guard var (values, vectors) = decomposed() else { return nil }
    // √A = Σ √λ v vᵀ = bᵀb with the rows λ^¼ v.
    for row in 0..<size {
      values[row] = max(0, values[row]).squareRoot().squareRoot()
      for column in 0..<size { vectors[row * size + column] *= values[row] }
    }
    return SymmetricMatrix(productOfColumns: vectors, rows: size, columns: size, factor: 1)
  }

  /// outer · self · outer.
  public func between(_ outer: SymmetricMatrix) -> SymmetricMatrix {
    precondition(size == outer.size, "matrices of sides \(size) and \(outer.size) have no product")
    let product = outer.multiplied(multiplied(outer.elements))
    // Rounding leaves the two triangles a little apart.
    let symmetric = product.indices.map { at in
      (product[at] + product[at % size * size + at / size]) / 2
    }
    return SymmetricMatrix(size: size, elements: symmetric)
  }

  /// self · other, row-major.
  private func multiplied(_ other: [Double]) -> [Double] {
    var product = [Double](repeating: 0, count: elements.count)
    guard size > 0 else { return product }
    openblas_set_num_threads(1)
    let side = Int32(size)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, side, side, side, 1, elements, side, other, side, 0, &product, side)
    return product
  }

  /// Eigenvalues in ascending order and eigenvectors as rows; nil where LAPACK does not converge.
  func decomposed() -> (values: [Double], vectors: [Double])? {
    guard elements.allSatisfy(\.isFinite) else { return nil }
    guard size > 0 else { return ([], []) }
    openblas_set_num_threads(1)
    var vectors = elements
    return symmetricEigenvectors(&vectors, size).map { ($0, vectors) }
  }
}
