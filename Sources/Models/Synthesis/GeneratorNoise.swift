import Engine

/// Where the generator's noise comes from.
public enum GeneratorNoise {
  /// The maps kept in the generator's buffers `noises.noise_i`, the same for every picture.
  case fixed
  /// Maps of a picture's own, drawn picture after picture from one stream.
  case drawn(RandomStream)
  /// Maps of a picture's own, one stream per picture: a picture is then the same in any batch.
  case drawnEach([RandomStream])
  /// One map per layer, [N,side,side,1] or [1,side,side,1].
  case given([Tensor])
}

/// The fixed noise maps, one per styled convolution: [1,side,side,1].
final class NoiseBuffers: Module {
  let noise: [Buffer]

  /// The side of each layer's map: 4, 8, 8, 16, 16, …
  let sides: [Int]

  init(layers: Int, stream: inout RandomStream) {
    sides = (0..<layers).map { 1 << (($0 + 5) / 2) }
    noise = sides.map { side in Buffer(.normal([1, side, side, 1], from: &stream), .picture) }
  }

  override func key(for property: String, at index: Int) -> String { "\(property)_\(index)" }

  /// One map per layer for a batch.
  func maps(_ source: GeneratorNoise, batch: Int) -> [Tensor] {
    switch source {
    case .fixed:
      return noise.map(\.value)
    case .given(let maps):
      precondition(maps.count == sides.count, "\(sides.count) noise maps are needed; \(maps.count) were given")
      return maps
    case .drawn(var stream):
      return layers(of: .normal([batch, valuesOfPicture], from: &stream))
    case .drawnEach(let streams):
      precondition(streams.count == batch, "\(batch) streams of noise are needed; \(streams.count) were given")
      let values = Tensor.zeros([batch, valuesOfPicture])
      values.withMutableElements { values in
        let start = values.baseAddress!
        Parallel.pieces(batch) { picture in
          var stream = streams[picture]
          stream.fillNormal(start + picture * valuesOfPicture, count: valuesOfPicture)
        }
      }
      return layers(of: values)
    }
  }

  private var valuesOfPicture: Int { sides.reduce(0) { $0 + $1 * $1 } }

  /// Pictures' noise, one layer after the other [N, values], cut into maps.
  private func layers(of values: Tensor) -> [Tensor] {
    var start = 0
    return sides.map { side in
      defer { start += side * side }
      return values.slice(1, start..<start + side * side).reshaped([values.shape[0], side, side, 1])
    }
  }
}
