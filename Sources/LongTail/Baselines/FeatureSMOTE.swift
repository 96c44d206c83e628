import Engine

/// Synthetic minority oversampling (Chawla et al. 2002) of a fixed network's embeddings, for the last layer to learn
/// from.
///
/// Every class is filled up to the count of the largest by points on the lines between one of its embeddings and one
/// of that embedding's nearest neighbours in the class. The filled set is never stored: a batch draws from it.
struct FeatureSMOTE {
  /// [n, D], one row per training picture.
  let features: Tensor
  /// How many nearest neighbours are drawn from; 5 in the source.
  let neighbours: Int
  private let classes: [(label: Int, rows: [Int])]
  private let largest: Int

  init(features: Tensor, labels: [Int], neighbours: Int) {
    precondition(features.shape[0] == labels.count && neighbours > 0, "SMOTE needs a label for every feature")
    self.features = features
    self.neighbours = neighbours
    classes = Dictionary(grouping: labels.indices, by: { labels[$0] }).sorted { $0.key < $1.key }
      .map { (label: $0.key, rows: $0.value) }
    largest = classes.map(\.rows.count).max() ?? 0
  }

  /// `count` draws from the filled set, every class alike.
  func batch(_ count: Int, stream: inout RandomStream) -> (features: Tensor, labels: [Int]) {
    let width = features.shape[1]
    var values: [Float] = []
    values.reserveCapacity(count * width)
    var labels: [Int] = []
    for _ in 0..<count {
      let (label, rows) = classes[stream.integer(below: classes.count)]
      let row = rows[stream.integer(below: rows.count)]
      var partner = row
      var share: Float = 0
      if !stream.chance(Float(rows.count) / Float(largest)) {
        let near = nearest(to: row, among: rows)
        if !near.isEmpty { partner = near[stream.integer(below: near.count)] }
        share = stream.uniform()
      }
      features.withElements { all in
        for column in 0..<width {
          let (from, to) = (all[row * width + column], all[partner * width + column])
          values.append(from + share * (to - from))
        }
      }
      labels.append(label)
    }
    return (Tensor(values, shape: [count, width]), labels)
  }

  /// The rows of a class nearest to one of them, itself left out; the first of equals first.
  func nearest(to row: Int, among rows: [Int]) -> [Int] {
    let width = features.shape[1]
    let distances = features.withElements { all in
      rows.filter { $0 != row }.map { other -> (row: Int, distance: Float) in
        var sum: Float = 0
        for column in 0..<width {
          let difference = all[row * width + column] - all[other * width + column]
          sum += difference * difference
        }
        return (other, sum)
      }
    }
    return distances.sorted { ($0.distance, $0.row) < ($1.distance, $1.row) }.prefix(neighbours).map(\.row)
  }
}
