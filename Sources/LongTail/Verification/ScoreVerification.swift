import Notebook

/// Scores of classifiers read back from `results.json`, and whether they follow from their confusion matrices.
struct ScoreVerification {
  private(set) var knowledge = ReportKnowledge()
  private let groups: [(name: String, classes: [Int])]
  private let testCounts: [Int]

  init(_ report: JSONValue) {
    let data = report["data"] ?? .null
    groups = (data["groups"]?.object ?? [:]).sorted { $0.key < $1.key }.map { name, classes in
      (name, classes.array?.compactMap(\.integer) ?? [])
    }
    testCounts = data["testCounts"]?.array?.compactMap(\.integer) ?? []
    var count = 0
    for (name, value) in (report["values"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      let single = value["confusion"] != nil
      guard single || value.array?.first?["confusion"] != nil else { continue }
      let all = single ? [value] : value.array ?? []
      let scores = all.enumerated().compactMap { index, json in
        check(json, place: "results.json, value “\(name)”" + (single ? "" : ", seed \(index + 1)"))
      }
      if scores.count == all.count { derive(scores) }
      count += scores.count
    }
    if count > 0 { knowledge.checked.append(("scores of classifiers", count)) }
  }

  /// Every measure of one classifier against its confusion matrix.
  private mutating func check(_ json: JSONValue, place: String) -> Scores? {
    let confusion = json["confusion"]?.array?.map { $0.array?.compactMap(\.integer) ?? [] } ?? []
    guard !confusion.isEmpty, confusion.allSatisfy({ $0.count == confusion.count && $0.allSatisfy { $0 >= 0 } }) else {
      knowledge.findings.append(.wrong(place, "its confusion matrix is not square, or holds what is no count"))
      return nil
    }
    // A model of a part of the classes, such as KMDN's experts, numbers them anew: there is no head or tail in it.
    let isPart = !testCounts.isEmpty && confusion.count != testCounts.count
    let head = isPart ? [] : groups.first { $0.name == "head" }?.classes.filter(confusion.indices.contains) ?? []
    let scores = Scores(confusion: confusion, headClasses: head)
    let sums = confusion.map { $0.reduce(0, +) }
    if !isPart, let label = zip(sums, testCounts).enumerated().first(where: { $1.0 != $1.1 })?.offset {
      knowledge.findings.append(.wrong(
        place,
        "the confusion matrix has \(sums[label]) test images of class \(label), the test set \(testCounts[label])"))
    }
    func compare(_ name: String, _ computed: [Double]) {
      let recorded = json[name]?.doubles ?? json[name]?.double.map { [$0] } ?? []
      guard recorded != computed else { return }
      let index = zip(recorded, computed).enumerated().first { $1.0 != $1.1 }?.offset ?? 0
      let shown = recorded.indices.contains(index) ? "\(recorded[index])" : "missing"
      knowledge.findings.append(.wrong(
        place, "\(name)\(computed.count > 1 ? " of class \(index)" : "") is \(shown), but the confusion matrix gives "
          + "\(computed[index])"))
    }
    compare("overall", [scores.overall])
    // An older report does not say which classes are head.
    if !groups.isEmpty {
      compare("head", [scores.head])
      compare("tail", [scores.tail])
    }
    compare("macroF1", [scores.macroF1])
    compare("perClass", scores.perClass)
    compare("perClassF1", scores.perClassF1)
    if let digits = json["right"]?.string {
      let right = digits.reduce(0) { $0 + (($1.hexDigitValue ?? 0).nonzeroBitCount) }
      let diagonal = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
      if right != diagonal {
        knowledge.findings.append(.wrong(
          place, "\(right) single images are right, but the confusion matrix has \(diagonal) on its diagonal"))
      }
    }
    return scores
  }

  /// What tables and figures are made of besides the measures themselves.
  private mutating func derive(_ scores: [Scores]) {
    for group in groups where scores[0].classCount == testCounts.count {
      knowledge.lists.append(scores.map { $0.accuracy(of: group.classes) })
    }
    // The confusion matrix of all seeds together, in shares of each true class.
    for truth in 0..<scores[0].classCount {
      let counts = (0..<scores[0].classCount).map { guess in
        scores.reduce(0) { $0 + $1.confusion[truth][guess] }
      }
      let sum = counts.reduce(0, +)
      if sum > 0 { knowledge.numbers += counts.map { Double($0) / Double(sum) } }
    }
  }
}
