import COpenBLAS

/// The singular values of a matrix x [M, N], M ≥ N, largest first, and its right singular vectors, one per row [N, N].
///
/// From the eigenvectors of xᵀx in double precision: values below 1e-8 of the largest are not resolved. No gradient.
///
/// - Returns: Nil where the method does not converge: x is not finite.
public func singularValues(_ x: Tensor) -> (values: [Float], vectors: Tensor)? {
  precondition(x.rank == 2 && x.shape[0] >= x.shape[1], "singular values need [M, N] with M ≥ N, not \(x.shape)")
  let (rows, columns) = (x.shape[0], x.shape[1])
  guard x.isFinite else { return nil }
  let square = SymmetricMatrix(productOfColumns: x.values.map(Double.init), rows: rows, columns: columns, factor: 1)
  guard let (values, vectors) = square.decomposed() else { return nil }
  // LAPACK's columns are rows to us, in ascending order.
  let order = (0..<columns).reversed()
  return (
    order.map { Float(max(0, values[$0]).squareRoot()) },
    Tensor(
      order.flatMap { row in vectors[(row * columns)..<((row + 1) * columns)].map { Float($0) } },
      shape: [columns, columns])
  )
}

/// Replaces a symmetric matrix, of which the upper triangle is read, by its eigenvectors as rows, and returns the
/// eigenvalues in ascending order; nil where LAPACK does not converge.
func symmetricEigenvectors(_ matrix: inout [Double], _ count: Int) -> [Double]? {
  var values = [Double](repeating: 0, count: count)
  var size = Int32(count)
  // What LAPACK's documentation asks for.
  var workCount = Int32(1 + 6 * count + 2 * count * count)
  var integerCount = Int32(3 + 5 * count)
  var work = [Double](repeating: 0, count: Int(workCount))
  var integers = [Int32](repeating: 0, count: Int(integerCount))
  var status: Int32 = 0
  // Fortran reads rows as columns, so our upper triangle is its lower one.
  dsyevd_("V", "L", &size, &matrix, &size, &values, &work, &workCount, &integers, &integerCount, &status, 1, 1)
  return status == 0 ? values : nil
}
