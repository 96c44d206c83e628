/// The fixed-point weights of one resampling pass, and the three loops that apply them.
///
/// New sample i is the sum of `lengths[i]` old samples from `starts[i]` on, times the weights from
/// `values[i * stride]` on, in units of 2⁻²². The arithmetic (Double weights, normalised, then rounded away from
/// zero) follows Pillow's `Resample.c`, because the result is to equal its bits.
struct ResampleWeights {
  static let precision: Int32 = 22
  private static let half: Int32 = 1 << (precision - 1)

  /// How many samples there are after the pass.
  let count: Int
  private let stride: Int
  private var starts: [Int]
  private var lengths: [Int]
  private var values: [Int32]

  init(from oldCount: Int, to newCount: Int, filter: ResizeFilter) {
    let scale = Double(oldCount) / Double(newCount)
    let filterScale = max(scale, 1)
    let support = filter.support * filterScale
    count = newCount
    stride = Int(support.rounded(.up)) * 2 + 1
    starts = Array(repeating: 0, count: newCount)
    lengths = starts
    values = Array(repeating: 0, count: newCount * stride)

    var weights = [Double](repeating: 0, count: stride)
    for i in 0..<newCount {
      let center = (Double(i) + 0.5) * scale
      let start = max(Int(center - support + 0.5), 0)
      let length = min(Int(center + support + 0.5), oldCount) - start
      var sum = 0.0
      for k in 0..<length {
        weights[k] = filter((Double(k + start) - center + 0.5) * (1 / filterScale))
        sum += weights[k]
      }
      for k in 0..<length {
        let weight = (sum == 0 ? weights[k] : weights[k] / sum) * Double(1 << Self.precision)
        values[i * stride + k] = Int32(weight < 0 ? weight - 0.5 : weight + 0.5)
      }
      starts[i] = start
      lengths[i] = length
    }
  }

  /// One row of RGB pixels, a pixel's channels side by side in a vector of which the fourth lane is idle.
  ///
  /// - Parameter mayReadPastEnd: Whether the byte after the row's last pixel may be read (it is not used).
  func resampleRGBRow(_ source: UnsafePointer<UInt8>, into target: UnsafeMutablePointer<UInt8>, mayReadPastEnd: Bool) {
    let oldCount = starts[count - 1] + lengths[count - 1]
    starts.withUnsafeBufferPointer { starts in
      lengths.withUnsafeBufferPointer { lengths in
        values.withUnsafeBufferPointer { values in
          for i in 0..<count {
            let (start, length) = (starts[i], lengths[i])
            let safeLength = !mayReadPastEnd && start + length == oldCount ? length - 1 : length
            let weight = values.baseAddress! + i * stride
            var pixel = UnsafeRawPointer(source + start * 3)
            var sum = SIMD4<Int32>(repeating: Self.half)
            for k in 0..<safeLength {
              // Four bytes by a broadcast and shifts: Swift's vector conversions go lane by lane.
              let packed = SIMD4<UInt32>(repeating: pixel.loadUnaligned(as: UInt32.self))
              let lanes = (packed &>> SIMD4(0, 8, 16, 24)) & SIMD4(repeating: 0xff)
              sum &+= SIMD4<Int32>(truncatingIfNeeded: lanes) &* SIMD4(repeating: weight[k])
              pixel += 3
            }
            if safeLength < length {
              let last = pixel.assumingMemoryBound(to: UInt8.self)
              sum &+= SIMD4(Int32(last[0]), Int32(last[1]), Int32(last[2]), 0) &* SIMD4(repeating: weight[safeLength])
            }
            sum = sum &>> Self.precision
            target[i * 3] = UInt8(clamping: sum.x)
            target[i * 3 + 1] = UInt8(clamping: sum.y)
            target[i * 3 + 2] = UInt8(clamping: sum.z)
          }
        }
      }
    }
  }

  /// Four rows of RGB pixels at once, which share each weight: two rows to a vector. The byte after the fourth row
  /// is read (and not used).
  func resampleFourRGBRows(
    _ source: UnsafePointer<UInt8>, rowLength: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    let newLength = count * 3
    starts.withUnsafeBufferPointer { starts in
      lengths.withUnsafeBufferPointer { lengths in
        values.withUnsafeBufferPointer { values in
          for i in 0..<count {
            let weight = values.baseAddress! + i * stride
            var pixel = UnsafeRawPointer(source + starts[i] * 3)
            var upper = SIMD8<Int32>(repeating: Self.half)
            var lower = upper
            for k in 0..<lengths[i] {
              let factor = SIMD8(repeating: weight[k])
              upper &+= Self.pixelPair(pixel, pixel + rowLength) &* factor
              lower &+= Self.pixelPair(pixel + 2 * rowLength, pixel + 3 * rowLength) &* factor
              pixel += 3
            }
            Self.storePair(upper, target + i * 3, target + newLength + i * 3)
            Self.storePair(lower, target + 2 * newLength + i * 3, target + 3 * newLength + i * 3)
          }
        }
      }
    }
  }

  /// Two pixels of three bytes each, every byte in its own lane; lanes 3 and 7 hold the byte after.
  @inline(__always)
  private static func pixelPair(_ first: UnsafeRawPointer, _ second: UnsafeRawPointer) -> SIMD8<Int32> {
    // By a broadcast and shifts, because Swift's vector conversions go lane by lane.
    let packed = SIMD8<UInt32>(
      lowHalf: SIMD4(repeating: first.loadUnaligned(as: UInt32.self)),
      highHalf: SIMD4(repeating: second.loadUnaligned(as: UInt32.self)))
    let lanes = (packed &>> SIMD8(0, 8, 16, 24, 0, 8, 16, 24)) & SIMD8(repeating: 0xff)
    return SIMD8<Int32>(truncatingIfNeeded: lanes)
  }

  @inline(__always)
  private static func storePair(
    _ sums: SIMD8<Int32>, _ first: UnsafeMutablePointer<UInt8>, _ second: UnsafeMutablePointer<UInt8>
  ) {
    let rounded = sums &>> precision
    for channel in 0..<3 {
      first[channel] = UInt8(clamping: rounded[channel])
      second[channel] = UInt8(clamping: rounded[channel + 4])
    }
  }

  /// One row of any number of channels.
  func resampleRow(_ source: UnsafePointer<UInt8>, channels: Int, into target: UnsafeMutablePointer<UInt8>) {
    values.withUnsafeBufferPointer { values in
      for i in 0..<count {
        for channel in 0..<channels {
          var sum = Self.half
          for k in 0..<lengths[i] {
            sum &+= Int32(source[(starts[i] + k) * channels + channel]) &* values[i * stride + k]
          }
          target[i * channels + channel] = UInt8(clamping: sum >> Self.precision)
        }
      }
    }
  }

  /// New row `row` as a weighted sum of old rows.
  ///
  /// Plain loops over whole rows, which the compiler turns into vectors; three old rows to a sweep (all that an
  /// enlargement by the bilinear filter needs) spare passes over the sums.
  ///
  /// - Parameter sums: Room for `rowLength` sums.
  func blendRows(
    of source: UnsafePointer<UInt8>, rowLength: Int, at row: Int, sums: UnsafeMutablePointer<Int32>,
    into target: UnsafeMutablePointer<UInt8>
  ) {
    let length = lengths[row]
    values.withUnsafeBufferPointer { values in
      let weight = values.baseAddress! + row * stride
      var old = source + starts[row] * rowLength
      for x in 0..<rowLength { sums[x] = Self.half }
      var k = 0
      while k + 3 <= length {
        let (first, second, third) = (old, old + rowLength, old + 2 * rowLength)
        let (w1, w2, w3) = (weight[k], weight[k + 1], weight[k + 2])
        for x in 0..<rowLength {
          sums[x] &+= Int32(first[x]) &* w1 &+ Int32(second[x]) &* w2 &+ Int32(third[x]) &* w3
        }
        old += 3 * rowLength
        k += 3
      }
      while k < length {
        let single = weight[k]
        for x in 0..<rowLength { sums[x] &+= Int32(old[x]) &* single }
        old += rowLength
        k += 1
      }
      for x in 0..<rowLength { target[x] = UInt8(truncatingIfNeeded: max(0, min(255, sums[x] >> Self.precision))) }
    }
  }
}
