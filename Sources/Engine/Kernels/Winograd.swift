/// Which of Winograd's ways a 3×3 convolution takes.
///
/// Larger tiles need fewer multiplications, but hang over more, and those of stride 1 have larger errors; so maps of
/// side 14 like tiles of five, maps of side 128 tiles of six. Small convolutions, which gain little, keep the smallest.
enum Winograd {
  /// Whether the transforms take this shape at all.
  private static func fits(_ size: ConvolutionSize) -> Bool {
    size.kernelHeight == 3 && size.kernelWidth == 3 && size.window.stride <= 2 && size.inChannels >= 8
      && size.outChannels >= 8
  }

  /// Whether larger tiles are thought of at all.
  private static func isLarge(_ size: ConvolutionSize) -> Bool {
    min(size.inChannels, size.outChannels) >= 128 && 9 * size.pixels * size.inChannels * size.outChannels >= 1 << 30
  }

  /// Whether it is faster than the direct way, by an estimate: a tile costs its multiplications for each pair of
  /// channels and some more for each channel's transforms, the weight's transform as much as 24 tiles. The costs
  /// come from timed shapes where it clearly wins or loses; where the two ways cross was not measured.
  static func pays(_ size: ConvolutionSize, isTransposed: Bool = false) -> Bool {
    guard fits(size) else { return false }
    let (inputs, outputs) = (Double(size.inChannels), Double(size.outChannels))
    let direct = 0.9 * Double(9 * size.pixels)
    if size.window.stride == 1 {
      let tiles = Double(tiles(WinogradConvolution<Winograd4>.grid(size), size))
      return 36 * (tiles * (1 + 6 / inputs + 6 / outputs) + 24) < direct
    }
    guard size.inChannels >= 128, size.outChannels >= 128 else { return false }
    typealias Smallest = WinogradConvolution<Strided<TwoTaps3>>
    let tiles = Double(tiles(isTransposed ? Smallest.transposedGrid(size) : Smallest.grid(size), size))
    return 49 * (tiles * (1 + 8 / inputs + 8 / outputs) + 24) < direct
  }

  private static func tiles(_ grid: (high: Int, wide: Int), _ size: ConvolutionSize) -> Int {
    size.batch * grid.high * grid.wide
  }

  /// A way's outputs of a tile's side, its multiplications, and its tiles of a picture.
  private typealias Choice = (outputs: Int, points: Int, grid: (high: Int, wide: Int))

  private static func choice<Way>(_: Way.Type, _ size: ConvolutionSize) -> Choice where Way: WinogradTransforms {
    (Way.outputs, Way.points, WinogradConvolution<Way>.grid(size))
  }

  private static func transposed<Outer>(_: Outer.Type, _ size: ConvolutionSize) -> Choice where Outer: TwoTapTransforms {
    let grid = WinogradConvolution<Strided<Outer>>.transposedGrid(size)
    return (Outer.outputs, Strided<Outer>.points, grid)
  }

  /// The outputs of a tile's side with the fewest multiplications, of the first choice with so few.
  private static func fewest(_ size: ConvolutionSize, _ choices: [Choice]) -> Int {
    if !isLarge(size) { return choices[0].outputs }
    func cost(_ choice: Choice) -> Int { choice.points * choice.points * tiles(choice.grid, size) }
    return choices.dropFirst().reduce(choices[0]) { cost($1) < cost($0) ? $1 : $0 }.outputs
  }

  /// The outputs of the side of the tiles that a convolution and its weight gradient are made of.
  static func tileSide(_ size: ConvolutionSize) -> Int {
    size.window.stride == 1
      ? fewest(size, [choice(Winograd4.self, size), choice(Winograd5.self, size), choice(Winograd6.self, size)])
      : fewest(
        size,
        [
          choice(Strided<TwoTaps3>.self, size), choice(Strided<TwoTaps4>.self, size),
          choice(Strided<TwoTaps5>.self, size),
        ])
  }

  /// x [N,H,W,I], weight [3,3,I,O] → [N,H',W',O].
  static func forward(
    _ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: (any OutputFinish)? = nil
  ) -> Tensor {
    switch (size.window.stride, tileSide(size)) {
    case (1, 4): return WinogradConvolution<Winograd4>.forward(x, weight, size, finish: finish)
    case (1, 5): return WinogradConvolution<Winograd5>.forward(x, weight, size, finish: finish)
    case (1, _): return WinogradConvolution<Winograd6>.forward(x, weight, size, finish: finish)
    case (_, 3): return WinogradConvolution<Strided<TwoTaps3>>.forward(x, weight, size, finish: finish)
    case (_, 4): return WinogradConvolution<Strided<TwoTaps4>>.forward(x, weight, size, finish: finish)
    default: return WinogradConvolution<Strided<TwoTaps5>>.forward(x, weight, size, finish: finish)
    }
  }

  /// x [N,H,W,I], g [N,H',W',O] → [3,3,I,O].
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    switch (size.window.stride, tileSide(size)) {
    case (1, 4): return WinogradConvolution<Winograd4>.weightGradient(x, g, size)
    case (1, 5): return WinogradConvolution<Winograd5>.weightGradient(x, g, size)
    case (1, _): return WinogradConvolution<Winograd6>.weightGradient(x, g, size)
    case (_, 3): return WinogradConvolution<Strided<TwoTaps3>>.weightGradient(x, g, size)
    case (_, 4): return WinogradConvolution<Strided<TwoTaps4>>.weightGradient(x, g, size)
    default: return WinogradConvolution<Strided<TwoTaps5>>.weightGradient(x, g, size)
    }
  }

  /// g [N,H',W',O], weight [3,3,I,O] or, transposed, [3,3,O,I] → [N,H,W,I], of stride 2.
  static func inputGradient(_ g: Tensor, _ weight: Tensor, isTransposed: Bool, _ size: ConvolutionSize) -> Tensor {
    switch fewest(
      size, [transposed(TwoTaps3.self, size), transposed(TwoTaps4.self, size), transposed(TwoTaps5.self, size)])
    {
    case 3: return WinogradConvolution<Strided<TwoTaps3>>.inputGradient(g, weight, isTransposed: isTransposed, size)
    case 4: return WinogradConvolution<Strided<TwoTaps4>>.inputGradient(g, weight, isTransposed: isTransposed, size)
    default: return WinogradConvolution<Strided<TwoTaps5>>.inputGradient(g, weight, isTransposed: isTransposed, size)
    }
  }
}
