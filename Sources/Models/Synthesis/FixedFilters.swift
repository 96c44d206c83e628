import Engine

/// A blur by [1,3,3,1] with or without a change of size (the released `Blur`, `Upsample` and `Downsample`).
///
/// PyTorch's state dictionaries hold its kernel, and so do ours; the operation itself uses the constant.
public final class FixedBlur: Module {
  public let kernel: Buffer
  private let filter: UpFIRDown

  /// - Parameter gain: What the kernel sums to: 4 where zeros were put between the pixels, to keep the brightness.
  init(_ filter: UpFIRDown, gain: Float) {
    let taps: [Float] = [1, 3, 3, 1]
    kernel = Buffer(Tensor(taps.flatMap { row in taps.map { row * $0 / 64 * gain } }, shape: [4, 4]))
    self.filter = filter
  }

  /// Doubles a picture's sides.
  static func doubling() -> FixedBlur { FixedBlur(.blur(up: 2, padding: (2, 1), gain: 4), gain: 4) }

  /// Halves a picture's sides.
  static func halving() -> FixedBlur { FixedBlur(.blur(down: 2, padding: (1, 1)), gain: 1) }

  /// After a transposed convolution by 3×3 with stride 2: [N,2H+1,2W+1,C] → [N,2H,2W,C].
  static func afterDoubling() -> FixedBlur { FixedBlur(.blur(padding: (1, 1), gain: 4), gain: 4) }

  /// [N,H,W,C] → [N,H',W',C].
  public func callAsFunction(_ x: Tensor) -> Tensor { upFIRDown(x, filter) }

  /// The same, and what follows.
  func callAsFunction(_ x: Tensor, end: () -> BiasActivation) -> Tensor { upFIRDown(x, filter, end: end) }
}

/// The Haar transform of RGB pictures or its inverse, with the four kernels that PyTorch's state dictionaries hold.
public final class HaarWavelet: Module {
  public let ll: Buffer
  public let lh: Buffer
  public let hl: Buffer
  public let hh: Buffer
  private let isInverse: Bool

  init(inverse isInverse: Bool) {
    let sign: Float = isInverse ? -0.5 : 0.5
    ll = Buffer(Tensor([0.5, 0.5, 0.5, 0.5], shape: [2, 2]))
    lh = Buffer(Tensor([-sign, -sign, sign, sign], shape: [2, 2]))
    hl = Buffer(Tensor([-sign, sign, -sign, sign], shape: [2, 2]))
    hh = Buffer(Tensor([0.5, -0.5, -0.5, 0.5], shape: [2, 2]))
    self.isInverse = isInverse
  }

  /// [N,H,W,3] → [N,H/2,W/2,12], or back.
  public func callAsFunction(_ x: Tensor) -> Tensor { isInverse ? inverseHaarTransform(x) : haarTransform(x) }
}
