import ArgumentParser
import Checkpoints
import Engine
import Foundation
import LongTail
import Notebook

/// `--lenient`, for every command that reads weights.
struct WeightOptions: ParsableArguments {
  @Flag(help: "Keep the weights whose key and shape fit, and list the others, instead of refusing the file.")
  var lenient = false

  /// Fills a network from a file, and tells the user what it says.
  ///
  /// - Parameter classes: If given, how many the file's last layer must know.
  func load(_ module: Module, from file: String, at path: String = "", classes: Int? = nil) throws {
    let url = URL(fileURLWithPath: file)
    for remark in try loadWeights(module, from: url, at: path, isLenient: lenient, classes: classes) {
      Console.standardError.say(remark)
    }
  }
}

/// The weights of a file, with a warning that names those which are not numbers.
func readWeights(_ file: String, at path: String = "") throws -> StateDictionary {
  let weights = try StateDictionary(contentsOf: URL(fileURLWithPath: file), at: path)
  for remark in weights.remarks { Console.standardError.say(remark) }
  return weights
}
