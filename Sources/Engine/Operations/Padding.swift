/// Zeros around a picture, in pixels.
public struct Padding: Hashable, Sendable {
  public var top, bottom, left, right: Int

  public init(top: Int = 0, bottom: Int = 0, left: Int = 0, right: Int = 0) {
    (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
  }

  /// As many above as below, and as many to the left as to the right.
  public init(vertical: Int, horizontal: Int) {
    self.init(top: vertical, bottom: vertical, left: horizontal, right: horizontal)
  }

  /// TensorFlow's `SAME`: ⌈size/stride⌉ outputs; where the zeros do not halve, one more goes below and to the right.
  public static func same(size: Int, kernel: Int, stride: Int) -> Padding {
    let total = max(((size + stride - 1) / stride - 1) * stride + kernel - size, 0)
    return Padding(top: total / 2, bottom: total - total / 2, left: total / 2, right: total - total / 2)
  }

  /// The number of zeros where it is the same on all sides.
  var uniform: Int? { top == bottom && top == left && top == right ? top : nil }
}

extension Tensor {
  /// A picture [N,H,W,C] with zeros around it.
  public func padded(_ padding: Padding) -> Tensor {
    padded(1, before: padding.top, after: padding.bottom).padded(2, before: padding.left, after: padding.right)
  }

  /// x · sigmoid(x), EfficientNet's activation.
  public func swish() -> Tensor { self * sigmoid() }
}
