import XCTest

@testable import Engine

/// Modules: keys of states, layouts of PyTorch, training and trainable switches.
final class ModuleTests: XCTestCase {
  private final class Block: Module {
    let conv: Conv2d
    let bn = BatchNorm2d(2)
    let downsample: Linear?
    init(stream: inout RandomStream, withDownsample: Bool) {
      conv = Conv2d(3, 2, kernel: 3, stride: 2, padding: 1, bias: true, stream: &stream)
      downsample = withDownsample ? Linear(2, 4, bias: false, stream: &stream) : nil
    }
  }

  private final class Network: Module {
    let blocks: [Block]
    let tables: [Parameter]
    let mode: Embedding
    init(seed: UInt64) {
      var stream = RandomStream(seed: seed, name: "network")
      blocks = [true, false].map { Block(stream: &stream, withDownsample: $0) }
      tables = [Parameter(.zeros([1])), Parameter(.ones([2]))]
      mode = Embedding(5, 3, stream: &stream)
    }
    override func key(for property: String) -> String { property == "mode" ? "class" : property }
  }

  func testKeysFollowTheProperties() {
    let network = Network(seed: 1)
    XCTAssertEqual(
      network.states.map(\.key),
      [
        "blocks.0.conv.weight", "blocks.0.conv.bias", "blocks.0.bn.weight", "blocks.0.bn.bias",
        "blocks.0.bn.running_mean", "blocks.0.bn.running_var", "blocks.0.bn.num_batches_tracked",
        "blocks.0.downsample.weight", "blocks.1.conv.weight", "blocks.1.conv.bias", "blocks.1.bn.weight",
        "blocks.1.bn.bias", "blocks.1.bn.running_mean", "blocks.1.bn.running_var", "blocks.1.bn.num_batches_tracked",
        "tables.0", "tables.1", "class.weight",
      ])
    XCTAssertEqual(network.parameters.count, 12)
    XCTAssertEqual(network.parameterCount, 2 * (54 + 2 + 4) + 8 + 3 + 15)
    XCTAssertEqual(network.children.map(\.key), ["blocks.0", "blocks.1", "class"])
  }

  func testSwitchesReachEveryPart() {
    let network = Network(seed: 1)
    network.isTraining = false
    XCTAssertFalse(network.blocks[1].bn.isTraining)
    network.setTrainable(false)
    XCTAssertFalse(network.blocks[0].conv(.zeros([1, 4, 4, 3])).isTracked)
    network.setTrainable(true)
    XCTAssertTrue(network.blocks[0].conv(.zeros([1, 4, 4, 3])).isTracked)
  }

  func testCopiedStateIsEqualAndIndependent() {
    let (a, b) = (Network(seed: 1), Network(seed: 2))
    XCTAssertNotEqual(bits(a.mode.weight.value), bits(b.mode.weight.value))
    a.copyState(from: b)
    for (mine, theirs) in zip(a.states, b.states) { XCTAssertEqual(bits(mine.state.value), bits(theirs.state.value)) }
    SGD([b.mode.weight], learningRate: 1).step([.ones([5, 3])])
    XCTAssertNotEqual(bits(a.mode.weight.value), bits(b.mode.weight.value))
  }

  func testAParameterOwnsItsValues() {
    // Optimizers change parameters in place; the tensor a parameter was made from must stay.
    let start = Tensor([1, 2], shape: [2])
    let (first, second) = (Parameter(start), Parameter(start))
    SGD([first], learningRate: 1).step([.ones([2])])
    XCTAssertEqual(first.value.values, [0, 1])
    XCTAssertEqual(second.value.values, [1, 2])
    XCTAssertEqual(start.values, [1, 2])
  }

  func testLayoutsConvertToPyTorchAndBack() {
    let shapes: [(ParameterLayout, [Int], [Int])] = [
      (.same, [2, 3], [2, 3]), (.convolution, [3, 2, 4, 5], [5, 4, 3, 2]),
      (.modulatedConvolution, [3, 3, 4, 5], [1, 5, 4, 3, 3]), (.picture, [1, 4, 5, 6], [1, 6, 4, 5]),
    ]
    for (layout, here, there) in shapes {
      let value = formulaValues(here, salt: 1)
      let exported = layout.exported(value)
      XCTAssertEqual(exported.shape, there)
      XCTAssertEqual(layout.exportedShape(here), there)
      XCTAssertEqual(layout.imported(exported).shape, here)
      XCTAssertEqual(bits(layout.imported(exported)), bits(value))
    }
    // One element by hand: weight [ky][kx][i][o] is PyTorch's [o][i][ky][kx].
    let value = formulaValues([3, 2, 4, 5], salt: 2)
    let (ky, kx, i, o) = (2, 1, 3, 4)
    XCTAssertEqual(
      ParameterLayout.convolution.exported(value).values[((o * 4 + i) * 3 + ky) * 2 + kx],
      value.values[((ky * 2 + kx) * 4 + i) * 5 + o])
  }

  func testLayersComputeWhatTheirParametersSay() {
    var stream = RandomStream(seed: 3, name: "layers")
    let x = formulaValues([2, 5, 4, 3], salt: 1)
    let conv = Conv2d(3, 2, kernel: 3, stride: 2, padding: 1, bias: true, stream: &stream)
    conv.bias!.set(Tensor([0.5, -0.5], shape: [2]))
    assertClose(
      conv(x), conv2d(x, conv.weight.value, Window(stride: 2, padding: 1)) + conv.bias!.value, tolerance: 1e-6)
    let table = Embedding(4, 3, stream: &stream)
    let row = Array(table.weight.value.values[6..<9])
    XCTAssertEqual(table([2, 2]).values, row + row)
    let norm = LayerNorm(3)
    let rows = norm(x)
    assertClose(rows.mean([-1]), .zeros([2, 5, 4]), tolerance: 1e-3)
    // The bounds of the start values, ±1/√in and ±√(6/fan-in), are nearly reached and never passed.
    let linear = Linear(400, 50, stream: &stream)
    let largest = linear.weight.value.values.map(abs).max()!
    XCTAssertLessThanOrEqual(largest, 0.05)
    XCTAssertGreaterThan(largest, 0.0499)
    let wide = Conv2d(20, 50, kernel: 3, stream: &stream).weight.value.values.map(abs).max()!
    XCTAssertLessThanOrEqual(wide, Float(6.0 / 180).squareRoot())
    XCTAssertGreaterThan(wide, 0.99 * Float(6.0 / 180).squareRoot())
  }
}
