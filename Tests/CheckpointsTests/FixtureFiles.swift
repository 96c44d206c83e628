import Checkpoints
import Engine
import Foundation
import XCTest

/// Files that PyTorch wrote (see `Fixtures/checkpoint_fixtures.py`).
enum FixtureFiles {
  static var folder: URL { Bundle.module.resourceURL!.appendingPathComponent("Fixtures") }
  static func url(_ name: String) -> URL { folder.appendingPathComponent(name) }
  static func open(_ name: String) throws -> CheckpointFile { try CheckpointFile(contentsOf: url(name)) }
  static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url(name))) }

  struct Expected: Decodable {
    let dtype: String
    let shape: [Int]
    let values: [Value]

    struct Value: Decodable {
      let number: Float
      init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        number = try (try? container.decode(String.self)) == "inf" ? .infinity : Float(container.decode(Double.self))
      }
    }
  }

  /// The tensors that every format holds, by key.
  static func expected() throws -> [String: Expected] {
    try JSONDecoder().decode([String: Expected].self, from: Data(contentsOf: url("expected.json")))
  }
}

/// The error that opening some bytes and loading all of their tensors throws; nil where it throws none.
func checkpointError(_ bytes: [UInt8], file: StaticString = #filePath, line: UInt = #line) -> CheckpointError? {
  do {
    _ = try CheckpointFile(bytes: bytes, path: "broken.pth").stateDictionary()
    return nil
  } catch let error as CheckpointError {
    XCTAssertEqual(error.file, "broken.pth", file: file, line: line)
    return error
  } catch {
    XCTFail("\(error) is of another type", file: file, line: line)
    return nil
  }
}

/// Asserts that some bytes are refused for a reason.
func assertRefused(
  _ bytes: [UInt8], file: StaticString = #filePath, line: UInt = #line, _ fits: (CheckpointError) -> Bool
) {
  guard let error = checkpointError(bytes, file: file, line: line) else {
    return XCTFail("it was read", file: file, line: line)
  }
  XCTAssertTrue(fits(error), "\(error)", file: file, line: line)
}
