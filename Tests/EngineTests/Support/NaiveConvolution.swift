@testable import Engine

/// Calls `body` for each product that a 3×3 convolution y = x ∗ w is the sum of, by the definition: with the positions
/// of the values in x [N,H,W,I], w [3,3,I,O] and y [N,H',W',O].
func naiveConvolution(_ size: ConvolutionSize, _ body: (_ x: Int, _ weight: Int, _ y: Int) -> Void) {
  for picture in 0..<size.batch {
    for row in 0..<size.outHeight {
      for column in 0..<size.outWidth {
        for tap in 0..<9 {
          let y = row * size.window.stride + tap / 3 - size.window.padding
          let x = column * size.window.stride + tap % 3 - size.window.padding
          guard (0..<size.height).contains(y), (0..<size.width).contains(x) else { continue }
          let from = ((picture * size.height + y) * size.width + x) * size.inChannels
          let to = ((picture * size.outHeight + row) * size.outWidth + column) * size.outChannels
          for i in 0..<size.inChannels {
            for o in 0..<size.outChannels { body(from + i, (tap * size.inChannels + i) * size.outChannels + o, to + o) }
          }
        }
      }
    }
  }
}
