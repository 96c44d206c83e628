import Engine
import Foundation
import LongTail

/// A store with one finished stage, a file of which is damaged in each trial: its content must come back right, taken
/// where nothing is wrong and made again where something is.
final class StageTarget: InputTarget {
  private struct Settings: Encodable {
    var width = 3
  }

  private let manifest: Bool
  private let folder: URL
  private let content: [UInt8]
  private var sound: [(name: String, bytes: [UInt8])] = []
  private var directory = URL(fileURLWithPath: "/")

  init(manifest: Bool, folder: URL) throws {
    self.manifest = manifest
    self.folder = folder
    var stream = RandomStream(seed: 1, name: "content of a stage")
    content = (0..<300).map { _ in UInt8(stream.integer(below: 256)) }
    let result = try run().result
    directory = result.directory
    sound = try ["stage.json", "weights/model.bin", "losses.csv"].map {
      ($0, Array(try Data(contentsOf: result.directory.appendingPathComponent($0))))
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func run() throws -> (result: StageResult, said: [String]) {
    var said: [String] = []
    let store = try StageStore(directory: folder) { said.append($0) }
    let result = try store.run(Stage(name: "fuzzed", version: 1, settings: Settings())) { context in
      try context.write(Data(content), "weights/model.bin")
      try context.write(Data("1,2\n".utf8), "losses.csv")
    }
    return (result, said)
  }

  func read(_ stream: inout RandomStream) throws -> String? {
    let chosen = manifest ? 0 : 1 + stream.integer(below: 2)
    let damaged = Mutation.mutated(sound[chosen].bytes, other: sound[0].bytes, from: &stream)
    try Data(damaged).write(to: directory.appendingPathComponent(sound[chosen].name))
    let inventory = try StageInventory(directory: folder)
    for entry in inventory.entries {
      _ = try? inventory.description(of: entry)
      _ = inventory.fault(of: entry)
    }
    let (result, said) = try run()
    for (name, bytes) in sound.dropFirst() where Array(try Data(contentsOf: result.file(name))) != bytes {
      return "a damaged \(name) was taken for a whole one"
    }
    if !result.wasReused && !said.contains(where: { $0.hasPrefix("remaking fuzzed") }) {
      return "the stage was made again without a word: \(said)"
    }
    return nil
  }

  func isExpected(_ error: Error) -> Bool { false }
}
