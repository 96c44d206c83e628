import Foundation

/// How source pixels are weighted in a resized picture. Shrinking widens the filter, which antialiases.
public enum ResizeFilter: String, CaseIterable, Sendable {
  case box, bilinear, bicubic, lanczos

  /// Half the filter's width in pixels of the coarser of the two grids.
  var support: Double {
    switch self {
    case .box: return 0.5
    case .bilinear: return 1
    case .bicubic: return 2
    case .lanczos: return 3
    }
  }

  func callAsFunction(_ x: Double) -> Double {
    let distance = abs(x)
    switch self {
    case .box:
      return x > -0.5 && x <= 0.5 ? 1 : 0
    case .bilinear:
      return distance < 1 ? 1 - distance : 0
    case .bicubic:  // Keys' cubic convolution with a = -0.5
      if distance < 1 { return (1.5 * distance - 2.5) * distance * distance + 1 }
      if distance < 2 { return ((-0.5 * distance + 2.5) * distance - 4) * distance + 2 }
      return 0
    case .lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }

  private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }
}

extension Image {
  /// The picture at another size, bit for bit as Pillow's `resize` and so torchvision's antialiased `Resize` on PIL
  /// pictures: two passes, horizontal then vertical, 22-bit fixed-point weights, rounded to 8 bits in between.
  /// (From Pillow 13 on the vertical pass goes first where the height shrinks much more than the width, which moves
  /// a few values, most by one. This keeps the order of the versions that published results were made with.)
  ///
  /// Each channel is resampled alone, alpha included.
  ///
  /// - Precondition: Both sides, old and new, are positive.
  public func resized(width newWidth: Int, height newHeight: Int, filter: ResizeFilter = .bilinear) -> Image {
    precondition(width > 0 && height > 0 && newWidth > 0 && newHeight > 0, "resizing needs positive sides")
    var result = self
    if newWidth != width {
      result = result.resampledRows(ResampleWeights(from: width, to: newWidth, filter: filter))
    }
    if newHeight != height {
      result = result.resampledColumns(ResampleWeights(from: height, to: newHeight, filter: filter))
    }
    return result
  }

  /// The horizontal pass: [H, W, C] to [H, weights.count, C].
  private func resampledRows(_ weights: ResampleWeights) -> Image {
    let (rowLength, newLength) = (width * channels, weights.count * channels)
    let output = [UInt8](unsafeUninitializedCapacity: height * newLength) { output, count in
      pixels.withUnsafeBufferPointer { input in
        var y = 0
        while y < height {
          let source = input.baseAddress! + y * rowLength
          let target = output.baseAddress! + y * newLength
          if channels != 3 {
            weights.resampleRow(source, channels: channels, into: target)
          } else if y + 4 < height {
            weights.resampleFourRGBRows(source, rowLength: rowLength, into: target)
            y += 3
          } else {
            // Pixels are loaded four bytes at a time, one byte into the next pixel; the array's last has none.
            weights.resampleRGBRow(source, into: target, mayReadPastEnd: y + 1 < height)
          }
          y += 1
        }
      }
      count = height * newLength
    }
    return Image(width: weights.count, height: height, channels: channels, pixels: output)
  }

  /// The vertical pass: [H, W, C] to [weights.count, W, C].
  private func resampledColumns(_ weights: ResampleWeights) -> Image {
    let rowLength = width * channels
    let output = [UInt8](unsafeUninitializedCapacity: weights.count * rowLength) { output, count in
      let sums = UnsafeMutablePointer<Int32>.allocate(capacity: rowLength)
      defer { sums.deallocate() }
      pixels.withUnsafeBufferPointer { input in
        for y in 0..<weights.count {
          weights.blendRows(
            of: input.baseAddress!, rowLength: rowLength, at: y, sums: sums, into: output.baseAddress! + y * rowLength)
        }
      }
      count = weights.count * rowLength
    }
    return Image(width: width, height: weights.count, channels: channels, pixels: output)
  }
}
