/// The name that fewest edits turn `name` into, if fewer than half of its characters need one. The first of equals.
public func nearestName(to name: String, in candidates: [String]) -> String? {
  let target = Array(name.utf8)
  var best: (name: String, distance: Int)?
  var limit = target.count / 2
  for candidate in candidates {
    guard let distance = editDistance(target, Array(candidate.utf8), limit: limit) else { continue }
    best = (candidate, distance)
    if distance == 0 { break }
    limit = distance - 1
  }
  return best?.name
}

/// How many insertions, deletions and replacements turn `a` into `b` (Levenshtein), or nil beyond `limit`.
func editDistance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int? {
  guard abs(a.count - b.count) <= limit else { return nil }
  var row = Array(0...b.count)
  for (i, left) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    var smallest = row[0]
    for (j, right) in b.enumerated() {
      let replaced = diagonal + (left == right ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
      smallest = min(smallest, row[j + 1])
    }
    if smallest > limit { return nil }
  }
  return row[b.count] <= limit ? row[b.count] : nil
}
