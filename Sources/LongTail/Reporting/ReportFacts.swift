import Foundation
import Notebook

// What `results.json` says of settings and data, so that a report can be checked.

extension PipelineSettings {
  /// All settings, as `results.json` keeps them.
  public func json() throws -> JSONValue { try JSONValue(parsing: try JSONEncoder().encode(self)) }
}

extension PipelineData {
  /// Classes, counts, and groups of classes. The test set's labels are written as runs: a label, how many images of it
  /// follow one another, the next label, and so on.
  public var json: JSONValue {
    func numbers(_ values: [Int]) -> JSONValue { .array(values.map(JSONValue.integer)) }
    let shots = ShotGroups(counts: train.counts)
    var runs: [Int] = []
    for item in test.items {
      if runs.count > 1, runs[runs.count - 2] == item.label {
        runs[runs.count - 1] += 1
      } else {
        runs += [item.label, 1]
      }
    }
    return [
      "name": .string(name), "isProcedural": .bool(isProcedural), "classes": .strings(train.classNames),
      "prompts": .strings(prompts), "trainingCounts": numbers(train.counts), "testCounts": numbers(test.counts),
      "trainingImages": .integer(train.count), "testImages": .integer(test.count), "testLabelRuns": numbers(runs),
      "groups": [
        "head": numbers(split.headClasses), "tail": numbers(split.tailClasses), "many": numbers(shots.many),
        "medium": numbers(shots.medium), "few": numbers(shots.few),
      ],
      "constants": [
        "calibration bins": 15, "many: over": 100, "few: under": 20, "level of intervals": 0.95,
      ],
    ]
  }
}
