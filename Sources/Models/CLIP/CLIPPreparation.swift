import Engine
import Imaging

extension CLIP {
  /// A picture as CLIP wants it: the shorter side to `size` pixels by Pillow's bicubic filter, the middle square, and
  /// CLIP's colours. Grey becomes RGB; alpha is dropped.
  ///
  /// - Returns: [1,size,size,3].
  public static func prepared(_ image: Image, size: Int = 224) -> Tensor {
    precondition(size > 0 && image.width > 0 && image.height > 0, "CLIP needs pictures that are not empty")
    // torchvision truncates the longer side.
    let shorter = min(image.width, image.height)
    let (width, height) = (size * image.width / shorter, size * image.height / shorter)
    let resized = image.resized(width: width, height: height, filter: .bicubic)
    // torchvision rounds the square's corner half to even.
    let left = Int((Double(width - size) / 2).rounded(.toNearestOrEven))
    let top = Int((Double(height - size) / 2).rounded(.toNearestOrEven))
    var values: [Float] = []
    values.reserveCapacity(size * size * 3)
    for row in top..<(top + size) {
      for column in left..<(left + size) {
        let start = (row * width + column) * image.channels
        for colour in 0..<3 { values.append(Float(resized.pixels[start + (image.channels == 1 ? 0 : colour)]) / 255) }
      }
    }
    let colours = ColourNormalization(mean: mean, deviation: deviation)
    return colours(Tensor(values, shape: [1, size, size, 3]))
  }
}
