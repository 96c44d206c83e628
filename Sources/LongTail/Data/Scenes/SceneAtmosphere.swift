import Engine
import Foundation
import Imaging

/// What lies between the scene and the file: haze, cloud, lens, exposure and sensor noise.
extension ScenePainter {
  /// Finishes the picture and returns it in eight bits.
  mutating func develop() -> Image {
    haze()
    if chance(0.04) { clouds() }
    // Small objects reach the classifier enlarged: blur is part of the frame, not of the pixel grid.
    blur(sigma: Float(canvas.side) * 0.032 * random.uniform() * random.uniform())
    expose()
    return digitise(noise: chance(0.2) ? between(0.02, 0.045) : between(0.002, 0.02))
  }

  private mutating func haze() {
    guard chance(0.35) else { return }
    let thickness = between(0.05, 0.42)
    let slope = Outline.direction(between(0, 2 * .pi)) * between(0, 0.25)
    let colour = vary(Colour(0.74, 0.77, 0.8), 0.06)
    for y in 0..<canvas.side {
      for x in 0..<canvas.side {
        let local = thickness * (1 + (canvas.position(x: x, y: y) * slope).sum())
        let i = y * canvas.side + x
        canvas.pixels[i] += (colour - canvas.pixels[i]) * local
      }
    }
    if thickness > 0.2 { facts.details.append(pick(["in haze", "through haze"])) }
  }

  private mutating func clouds() {
    let offset = Point(between(0, 16), between(0, 16))
    let cover = between(-0.05, 0.12)
    for y in 0..<canvas.side {
      for x in 0..<canvas.side {
        let density = noise.fractal(canvas.position(x: x, y: y) * 1.1 + offset) - cover
        let i = y * canvas.side + x
        canvas.pixels[i] += (Colour(repeating: 0.95) - canvas.pixels[i]) * min(max(density * 2.5, 0), 0.75)
      }
    }
    facts.details.append(pick(["under thin clouds", "with some cloud"]))
  }

  /// A Gaussian of `sigma` pixels, along rows and then columns.
  private mutating func blur(sigma: Float) {
    guard sigma > 0.15 else { return }
    let side = canvas.side
    let reach = min(Int((2.5 * sigma).rounded(.up)), side - 1)
    guard reach > 0 else { return }
    var weights = (-reach...reach).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
    let total = weights.reduce(0, +)
    for i in weights.indices { weights[i] /= total }
    var rows = canvas.pixels
    for y in 0..<side {
      for x in 0..<side {
        var sum = Colour.zero
        for k in -reach...reach { sum += canvas.pixels[y * side + min(max(x + k, 0), side - 1)] * weights[k + reach] }
        rows[y * side + x] = sum
      }
    }
    for y in 0..<side {
      for x in 0..<side {
        var sum = Colour.zero
        for k in -reach...reach { sum += rows[min(max(y + k, 0), side - 1) * side + x] * weights[k + reach] }
        canvas.pixels[y * side + x] = sum
      }
    }
  }

  /// Brightness, contrast, saturation and a colour cast.
  private mutating func expose() {
    let gain = exp(between(-0.25, 0.22))
    let contrast = between(0.75, 1.2)
    let saturation = between(0.55, 1.2)
    let cast = Colour(between(0.95, 1.05), between(0.97, 1.03), between(0.94, 1.06)) * gain
    for i in canvas.pixels.indices {
      let pixel = canvas.pixels[i] * cast
      let grey = (pixel * Colour(0.3, 0.59, 0.11)).sum()
      canvas.pixels[i] = ((grey + (pixel - grey) * saturation) - 0.45) * contrast + 0.45
    }
  }

  private mutating func digitise(noise: Float) -> Image {
    var bytes = [UInt8](repeating: 0, count: canvas.pixels.count * 3)
    for (i, pixel) in canvas.pixels.enumerated() {
      let grain = approximateNormals() * noise
      let value = (pixel + grain).clamped(lowerBound: .zero, upperBound: .one) * 255 + 0.5
      bytes[3 * i] = UInt8(value.x)
      bytes[3 * i + 1] = UInt8(value.y)
      bytes[3 * i + 2] = UInt8(value.z)
    }
    return Image(width: canvas.side, height: canvas.side, channels: 3, pixels: bytes)
  }

  /// Three nearly normal values, sums of ten-bit uniforms: common grain with a little of its own per channel.
  private mutating func approximateNormals() -> Colour {
    let (a, b) = (random.next32(), random.next32())
    func tenBits(_ word: UInt32, _ shift: UInt32) -> Float { Float((word >> shift) & 1023) * (1 / 512) - 1 }
    let common = tenBits(a, 0) + tenBits(a, 10) + tenBits(a, 20)
    return common * 0.8 + Colour(tenBits(b, 0), tenBits(b, 10), tenBits(b, 20)) * 0.9
  }
}
