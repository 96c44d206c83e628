import Notebook

extension DatasetDescription {
  /// Everything as `description.json` has it.
  public var json: JSONValue {
    let testCounts = test?.counts
    func pairs(_ pairs: [Duplicates.Pair]) -> JSONValue {
      .array(pairs.map {
        ["train": .string(path(of: train.items[$0.train])), "test": .string(path(of: test!.items[$0.test]))]
      })
    }
    return [
      "name": .string(name),
      "classes": .array(order.map { label in
        [
          "label": .integer(label), "name": .string(classNames[label]), "train": .integer(train.counts[label]),
          "test": testCounts.map { .integer($0[label]) } ?? .null,
          "part": split.map { .string($0.headLabel(of: label) == nil ? "tail" : "head") } ?? .null,
        ]
      }),
      "imbalance": imbalance.map { .number($0) } ?? .null,
      "longerSide": sizes.map {
        ["smallest": .integer($0.smallest), "median": .integer($0.median), "largest": .integer($0.largest)]
      } ?? .null,
      "broken": .array(broken.map { ["file": .string($0.path), "reason": .string($0.reason)] }),
      "duplicates": [
        "exact": pairs(duplicates.exact), "near": pairs(duplicates.near),
        "withinTrain": .integer(duplicates.withinTrain), "withinTest": .integer(duplicates.withinTest),
        "contradictions": .integer(duplicates.contradictions),
      ],
    ]
  }
}
