/// The Haar wavelet transform of pictures, orthonormal: its inverse is its transpose.
///
/// [N,H,W,C] → [N,H/2,W/2,4C], channels in the order LL, LH, HL, HH of all C (SWAGAN, Gal et al. 2021; the released
/// `HaarTransform`). LH is low horizontally and high vertically.
public func haarTransform(_ x: Tensor) -> Tensor {
  precondition(
    x.rank == 4 && x.shape[1] % 2 == 0 && x.shape[2] % 2 == 0,
    "the Haar transform takes [N,H,W,C] with even sides; the shape is \(x.shape)")
  return recorded(haarKernel(x, inverse: false), from: [x]) { g, _, _ in [inverseHaarTransform(g)] }
}

/// [N,H,W,4C] → [N,2H,2W,C].
public func inverseHaarTransform(_ x: Tensor) -> Tensor {
  precondition(
    x.rank == 4 && x.shape[3] % 4 == 0, "the inverse Haar transform takes [N,H,W,4C]; the shape is \(x.shape)")
  return recorded(haarKernel(x, inverse: true), from: [x]) { g, _, _ in [haarTransform(g)] }
}

private func haarKernel(_ x: Tensor, inverse: Bool) -> Tensor {
  let batch = x.shape[0]
  let (height, width) = inverse ? (x.shape[1], x.shape[2]) : (x.shape[1] / 2, x.shape[2] / 2)
  let channels = inverse ? x.shape[3] / 4 : x.shape[3]
  let result = Tensor(
    uninitialized: inverse ? [batch, 2 * height, 2 * width, channels] : [batch, height, width, 4 * channels])
  let span = Trace.open("haar", "\(x.shape)", operations: 4 * x.count, bytes: 8 * x.count)
  defer { Trace.close(span) }
  // The two-by-two matrix of signs is symmetric, so one butterfly serves both directions.
  Parallel.ranges(batch * height, grain: max(1, 8192 / max(1, width * channels))) { start, end in
    for row in start..<end {
      let bands = (inverse ? x.pointer : result.pointer) + row * width * 4 * channels
      let picture = (inverse ? result.pointer : x.pointer) + row * 4 * width * channels
      for column in 0..<width {
        let band = bands + column * 4 * channels
        let upper = picture + 2 * column * channels
        let lower = upper + 2 * width * channels
        for c in 0..<channels {
          let p0 = inverse ? band + c : upper + c
          let p1 = inverse ? band + 2 * channels + c : upper + channels + c
          let p2 = inverse ? band + channels + c : lower + c
          let p3 = inverse ? band + 3 * channels + c : lower + channels + c
          let (a, b, d, e) = (p0.pointee, p1.pointee, p2.pointee, p3.pointee)
          let (all, down) = (0.5 * (a + b + d + e), 0.5 * (a + b - d - e))
          let (across, both) = (0.5 * (a - b + d - e), 0.5 * (a - b - d + e))
          if inverse {
            upper[c] = all
            upper[channels + c] = across
            lower[c] = down
            lower[channels + c] = both
          } else {
            band[c] = all
            band[channels + c] = down
            band[2 * channels + c] = across
            band[3 * channels + c] = both
          }
        }
      }
    }
  }
  return result
}
