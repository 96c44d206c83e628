import Foundation
import Imaging
import XCTest

/// The picture of Tests/Fixtures/imaging_fixtures.py.
func formulaPicture(width: Int, height: Int, channels: Int = 3) -> Image {
  let pixels = (0..<width * height * channels).map { i -> UInt8 in
    let noise = (i * 2_654_435_761 % (1 << 32)) >> 24
    let ramp = i / channels % width * 255 / width
    return UInt8(i / channels & 4 != 0 ? noise : ramp)
  }
  return Image(width: width, height: height, channels: channels, pixels: pixels)
}

/// FNV-1a 64, in 16 hexadecimal digits.
func checksum(_ bytes: [UInt8]) -> String {
  var value: UInt64 = 0xcbf2_9ce4_8422_2325
  for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

func fixture<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
  let url = try XCTUnwrap(Bundle.module.url(forResource: "Fixtures/\(name)", withExtension: "json"))
  return try JSONDecoder().decode(Value.self, from: Data(contentsOf: url))
}

/// The folder `shared` beside the package, which only some machines have.
func sharedFolder(_ path: String, file: String = #filePath) throws -> URL {
  var root = URL(fileURLWithPath: file)
  for _ in 0..<3 { root.deleteLastPathComponent() }
  let url = root.deletingLastPathComponent().appendingPathComponent("shared/\(path)")
  guard FileManager.default.fileExists(atPath: url.path) else { throw XCTSkip("../shared/\(path) is not here") }
  return url
}

/// Runs `body` with a fresh folder and removes it.
func withTemporaryFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("imaging-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
