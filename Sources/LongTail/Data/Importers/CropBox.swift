/// A rectangle in a picture, in pixels from the top left corner: left ≤ x < right, top ≤ y < bottom.
public struct CropBox: Equatable, Sendable {
  public var left, top, right, bottom: Double

  public init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// The smallest upright rectangle around points, as for DOTA's oriented quadrilaterals.
  public init(around points: [(x: Double, y: Double)]) {
    precondition(!points.isEmpty, "a rectangle around no points")
    self.init(
      left: points.map(\.x).min()!, top: points.map(\.y).min()!, right: points.map(\.x).max()!,
      bottom: points.map(\.y).max()!)
  }

  public var isEmpty: Bool { !(left < right && top < bottom) }

  /// The part of a picture that a box takes out.
  public enum Pixels: Equatable, Sendable {
    case crop(x: Int, y: Int, width: Int, height: Int, isClipped: Bool)
    case skipped(SkippedObject.Reason)
  }

  /// Every pixel the box touches, within the picture.
  ///
  /// - Parameters:
  ///   - minimumSide: A box whose part inside the picture has a shorter side is skipped.
  ///   - padding: Pixels of surroundings on each side, as far as the picture reaches.
  public func pixels(width: Int, height: Int, minimumSide: Int = 1, padding: Int = 0) -> Pixels {
    guard !isEmpty else { return .skipped(.noArea) }
    func clipped(_ value: Double, _ limit: Int) -> Int { Int(min(max(value, 0), Double(limit))) }
    let (x, endX) = (clipped(left.rounded(.down), width), clipped(right.rounded(.up), width))
    let (y, endY) = (clipped(top.rounded(.down), height), clipped(bottom.rounded(.up), height))
    guard x < endX, y < endY else { return .skipped(.outside) }
    guard min(endX - x, endY - y) >= minimumSide else { return .skipped(.tooSmall) }
    let isClipped = left < 0 || top < 0 || right > Double(width) || bottom > Double(height)
    let (paddedX, paddedY) = (max(0, x - padding), max(0, y - padding))
    return .crop(
      x: paddedX, y: paddedY, width: min(width, endX + padding) - paddedX,
      height: min(height, endY + padding) - paddedY, isClipped: isClipped)
  }
}
