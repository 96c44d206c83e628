import Engine
import NumericalChecks
import XCTest

/// Asserts that gradients up to `order` agree with finite differences.
func assertGradients(
  _ inputs: [Tensor], order: Int = 2, tolerance: Double = 2e-3, step: Float = 0x1p-3, file: StaticString = #filePath,
  line: UInt = #line, _ f: @escaping ([Tensor]) -> Tensor
) {
  if let problem = GradientCheck.mismatch(inputs, order: order, tolerance: tolerance, step: step, f) {
    XCTFail(problem, file: file, line: line)
  }
}
