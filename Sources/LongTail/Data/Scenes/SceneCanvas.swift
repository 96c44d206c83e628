/// Red, green and blue in 0...1; values outside are clipped when the picture is developed.
typealias SceneColour = SIMD3<Float>

/// A square picture that fills outlines with exact area coverage, so that no supersampling is needed.
///
/// Each edge adds, per row, the signed area it cuts off to the right as differences; a running sum along the row
/// turns them into coverage. (The accumulation buffer is the idea of Raph Levien's font-rs.)
struct SceneCanvas {
  typealias Point = SIMD2<Float>
  let side: Int
  var pixels: [SceneColour]
  private var differences: [Float]
  private var stride: Int { side + 2 }

  init(side: Int) {
    precondition(side > 0, "a scene needs at least one pixel")
    self.side = side
    pixels = Array(repeating: .zero, count: side * side)
    differences = Array(repeating: 0, count: (side + 2) * side)
  }

  /// Frame coordinates of a pixel's centre.
  func position(x: Int, y: Int) -> Point { (Point(Float(x), Float(y)) + 0.5) * (2 / Float(side)) - 1 }

  mutating func fill(_ outline: Outline, _ colour: SceneColour, alpha: Float) {
    cover(outline) { pixel, coverage, _, _ in pixel += (colour - pixel) * (coverage * alpha) }
  }

  /// Multiplies the covered pixels by a tint: shadows.
  mutating func tint(_ outline: Outline, by tint: SceneColour) {
    cover(outline) { pixel, coverage, _, _ in pixel *= 1 + (tint - 1) * coverage }
  }

  /// Fills with a colour that depends on the frame position.
  mutating func fill(_ outline: Outline, shader: (Point) -> SceneColour) {
    let step = 2 / Float(side)
    cover(outline) { pixel, coverage, x, y in
      let colour = shader((Point(Float(x), Float(y)) + 0.5) * step - 1)
      pixel += (colour - pixel) * coverage
    }
  }

  mutating func fillAll(shader: (Point) -> SceneColour) {
    for y in 0..<side {
      for x in 0..<side { pixels[y * side + x] = shader(position(x: x, y: y)) }
    }
  }

  /// Calls `blend` with the coverage of every pixel the outline (in frame coordinates) touches.
  @inline(__always)
  private mutating func cover(_ outline: Outline, blend: (inout SceneColour, Float, Int, Int) -> Void) {
    let side = self.side
    let stride = self.stride
    let toPixels = Float(side) / 2
    var low = Point(repeating: .infinity)
    var high = Point(repeating: -.infinity)
    for contour in outline.contours {
      for point in contour {
        low = pointwiseMin(low, point)
        high = pointwiseMax(high, point)
      }
    }
    let limit = Point(repeating: Float(side))
    let first = pointwiseMin(pointwiseMax((low + 1) * toPixels, .zero), limit)
    let last = pointwiseMin(pointwiseMax((high + 1) * toPixels, .zero), limit)
    let rows = Int(first.y)..<Int(last.y.rounded(.up))
    let columns = Int(first.x)..<Int(last.x.rounded(.up))
    guard !rows.isEmpty, !columns.isEmpty else { return }

    differences.withUnsafeMutableBufferPointer { differences in
      for contour in outline.contours {
        var previous = (contour[contour.count - 1] + 1) * toPixels
        for point in contour {
          let next = (point + 1) * toPixels
          Self.addEdge(previous, next, to: differences, side: side)
          previous = next
        }
      }
      pixels.withUnsafeMutableBufferPointer { pixels in
        for y in rows {
          var area: Float = 0
          for x in columns {
            area += differences[y * stride + x]
            differences[y * stride + x] = 0
            let coverage = min(abs(area), 1)
            if coverage > 0.002 { blend(&pixels[y * side + x], coverage, x, y) }
          }
          differences[y * stride + columns.upperBound] = 0
          differences[y * stride + side] = 0
          differences[y * stride + side + 1] = 0
        }
      }
    }
  }

  private static func addEdge(
    _ from: Point, _ to: Point, to differences: UnsafeMutableBufferPointer<Float>, side: Int
  ) {
    guard from.y != to.y else { return }
    let sign: Float = from.y < to.y ? 1 : -1
    let (top, bottom) = from.y < to.y ? (from, to) : (to, from)
    let slope = (bottom.x - top.x) / (bottom.y - top.y)
    let right = Float(side)
    var y = max(top.y, 0)
    let end = min(bottom.y, right)
    guard y < end else { return }
    var x = top.x + (y - top.y) * slope
    var row = Int(y)
    while y < end {
      let nextY = min(Float(row + 1), end)
      let nextX = x + slope * (nextY - y)
      let height = (nextY - y) * sign
      let x0 = min(max(min(x, nextX), 0), right)
      let x1 = min(max(max(x, nextX), 0), right)
      let start = row * (side + 2)
      let i0 = Int(x0)
      let i1 = Int(x1.rounded(.up))
      if i1 <= i0 + 1 {
        let share = 0.5 * (x0 + x1) - Float(i0)
        differences[start + i0] += height * (1 - share)
        differences[start + i0 + 1] += height * share
      } else {
        // The edge crosses several pixels of this row: a triangle in the first and last, trapezoids between.
        let perPixel = 1 / (x1 - x0)
        let into = 1 - (x0 - Float(i0))
        let out = x1 - Float(i1) + 1
        var previous: Float = 0
        var total = 0.5 * perPixel * into * into
        differences[start + i0] += height * total
        for i in (i0 + 1)..<(i1 - 1) {
          previous = total
          total = perPixel * (into + Float(i - i0) - 0.5)
          differences[start + i] += height * (total - previous)
        }
        let remaining = 0.5 * perPixel * out * out
        differences[start + i1 - 1] += height * (1 - remaining - total)
        differences[start + i1] += height * remaining
      }
      x = nextX
      y = nextY
      row += 1
    }
  }
}
