import Foundation

/// All numbers that a report's texts may come from: raw values, settings, facts of the data, and what means, standard
/// deviations, medians, smallest and largest values, sums and counts are made of them.
struct NumberPool {
  private var numbers: [Double] = []
  private var isSorted = true
  private var lists: Set<[UInt64]> = []

  /// Adds every number below a document: single ones, lists, and the columns of lists of objects, such as one measure
  /// over seeds.
  mutating func add(_ json: JSONValue) {
    if let number = json.double { return add(number) }
    if let fields = json.object {
      fields.values.forEach { add($0) }
    } else if let elements = json.array, !elements.isEmpty {
      if let list = json.doubles { return add(list) }
      add(Double(elements.count))
      elements.forEach { add($0) }
      for path in Self.leaves(elements[0]) {
        // Without the elements that have no such number, such as a class without test images.
        add(elements.compactMap { Self.leaf($0, path[...]) })
      }
    }
  }

  mutating func add(_ number: Double) {
    guard number.isFinite else { return }
    numbers.append(number)
    isSorted = false
  }

  /// A list, and what statistics make of it, as they are and in percent.
  mutating func add(_ list: [Double]) {
    lists.insert(Self.key(list))
    lists.insert(Self.key(list.map { 100 * $0 }))
    for value in list { add(value) }
    add(Double(list.count))
    add(Statistics.mean(list))
    add(Statistics.standardDeviation(list))
    add(Statistics.quantile(0.5, of: list))
    add(list.reduce(0, +))
  }

  /// Whether exactly these numbers stand in this order among the raw values.
  func contains(_ list: [Double]) -> Bool { lists.contains(Self.key(list)) }

  mutating func prepare() {
    numbers.sort()
    isSorted = true
  }

  /// Whether a number is there, or its hundredth: as exactly as 32-bit settings allow.
  func contains(_ number: Double) -> Bool {
    number == 0 || [number, number / 100].contains { holds($0 - abs($0) * 2e-7, $0 + abs($0) * 2e-7) }
  }

  /// Whether a number rounds to what is written, as it is or in percent, whatever its sign.
  func contains(_ token: NumberToken) -> Bool {
    let half = 0.5000001 * pow(10, -Double(token.digits))
    return [token.value, -token.value].contains { value in
      holds(value - half, value + half) || holds((value - half) / 100, (value + half) / 100)
    }
  }

  /// Whether a number lies between two others.
  private func holds(_ low: Double, _ high: Double) -> Bool {
    precondition(isSorted, "prepare() comes between the last number and the first question")
    var (first, last) = (0, numbers.count)
    while first < last {
      let middle = (first + last) / 2
      if numbers[middle] < low { first = middle + 1 } else { last = middle }
    }
    return first < numbers.count && numbers[first] <= high
  }

  private static func key(_ list: [Double]) -> [UInt64] { list.map { ($0 == 0 ? 0 : $0).bitPattern } }

  private enum Step: Hashable {
    case field(String)
    case element(Int)
  }

  /// Paths of all numbers below a value.
  private static func leaves(_ json: JSONValue) -> [[Step]] {
    if json.double != nil { return [[]] }
    if let fields = json.object { return fields.flatMap { key, value in leaves(value).map { [.field(key)] + $0 } } }
    return (json.array ?? []).enumerated().flatMap { index, value in leaves(value).map { [.element(index)] + $0 } }
  }

  private static func leaf(_ json: JSONValue, _ path: ArraySlice<Step>) -> Double? {
    switch path.first {
    case nil: return json.double
    case .field(let name): return json[name].flatMap { leaf($0, path.dropFirst()) }
    case .element(let index):
      return json.array.flatMap { $0.indices.contains(index) ? leaf($0[index], path.dropFirst()) : nil }
    }
  }
}
