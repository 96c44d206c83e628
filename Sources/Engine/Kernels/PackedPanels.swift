/// The right operand B [k, n] of a matrix product, copied into panels of about 64 columns that lie in one piece.
///
/// Read in place, the rows of a panel lie a whole row of B apart, often a power of two, and fall into the same lines of
/// the cache; packed, OpenBLAS's kernel for small products runs at its full rate. One copy serves all rows and threads.
struct PackedPanels {
  private let values: Storage
  private let rows, columns: Int
  /// The summed dimension is cut into parts of `depth`, the columns into panels of `width`.
  private let depth, width: Int
  private var parts: Int { (rows + depth - 1) / depth }
  private var panels: Int { (columns + width - 1) / width }

  /// - Parameter isTransposed: Whether B is stored as [n, k].
  init(_ b: UnsafePointer<Float>, rows: Int, columns: Int, isTransposed: Bool) {
    (self.rows, self.columns) = (rows, columns)
    depth = GEMM.evenShare(rows, atMost: 384)
    width = GEMM.evenShare(columns, atMost: 64)
    values = Storage(count: rows * columns)
    let (values, depth, width) = (values, depth, width)
    let panels = panels
    Parallel.ranges(parts * panels, grain: max(1, 65536 / (depth * width))) { start, end in
      for piece in start..<end {
        let (k0, column) = (piece / panels * depth, piece % panels * width)
        let (height, span) = (min(depth, rows - k0), min(width, columns - column))
        let out = values.pointer + k0 * columns + column * height
        if isTransposed {
          Transposition.transposePanel(
            b + column * rows + k0, rows: span, columns: height, stride: rows, into: out)
        } else {
          GEMM.pack(
            b + k0 * columns + column, stride: columns, rows: 0..<height, of: height, columns: span, width: span,
            into: out)
        }
      }
    }
  }

  /// C = A·B for A [m, k], C [m, n].
  ///
  /// Blocks of A that stay in a core's cache are multiplied by all panels; threads take blocks, or where there are few,
  /// some of the panels of a block.
  func multiply(
    _ a: UnsafePointer<Float>, rows m: Int, into c: UnsafeMutablePointer<Float>, finish: (any OutputFinish)? = nil
  ) {
    let cached = max(64, (1 << 17) / depth)
    let blocks = ((m + cached - 1) / cached).roundedUp(to: 2)
    let length = ((m + blocks - 1) / blocks).roundedUp(to: 8)
    let groups = blocks >= 8 ? 1 : min(panels, (8 + blocks - 1) / blocks)
    Parallel.pieces(blocks * groups) { piece in
      let (block, group) = (piece / groups, piece % groups)
      let (start, end) = (min(m, block * length), min(m, (block + 1) * length))
      for k0 in stride(from: 0, to: rows, by: depth) {
        let height = min(depth, rows - k0)
        for panel in (group * panels / groups)..<((group + 1) * panels / groups) {
          let column = panel * width
          let span = min(width, columns - column)
          let step = max(8, GEMM.smallProduct / (height * span) / 8 * 8)
          for row in stride(from: start, to: end, by: step) {
            GEMM.singleCall(
              transposeA: false, transposeB: false, m: min(step, end - row), n: span, k: height,
              a + row * rows + k0, strideA: rows, values.pointer + k0 * columns + column * height, strideB: span,
              c + row * columns + column, strideC: columns, accumulating: k0 > 0)
          }
        }
      }
      let (first, last) = (group * panels / groups * width, min(columns, (group + 1) * panels / groups * width))
      finish?.apply(to: c, rows: start..<end, channels: first..<last)
    }
  }
}
