import Engine
import Imaging
import Models

/// Keeps the drawn pictures that a model takes for their class, and goes on drawing in place of the others.
///
/// Off by default: the paper adds all that is drawn. In a settings file or on the command line the name of a judge
/// stands for all values.
public struct ImageFilter: Codable, Equatable, Sendable {
  public enum Judge: String, CaseIterable, Codable, Sendable {
    /// KMDN's tail model, among the tail classes.
    case tailModel = "tail-model"
    /// CLIP, among the words for the classes that the generator draws.
    case text
    /// One of both is enough.
    case either
    case both
  }

  public var judge: Judge
  /// The least probability of the picture's class; nil: no other class may be more probable.
  public var minimum: Float?
  /// Drawing ends after so many times the pictures wanted; a class may then have fewer.
  public var attempts: Int

  public init(judge: Judge, minimum: Float? = nil, attempts: Int = 10) {
    (self.judge, self.minimum, self.attempts) = (judge, minimum, attempts)
  }

  public init(from decoder: Decoder) throws {
    if let judge = try? decoder.singleValueContainer().decode(Judge.self) {
      self.init(judge: judge)
      return
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      judge: try values.decode(Judge.self, forKey: .judge),
      minimum: try values.decodeIfPresent(Float.self, forKey: .minimum),
      attempts: try values.decodeIfPresent(Int.self, forKey: .attempts) ?? 10)
  }

  var usesTailModel: Bool { judge != .text }
  var usesText: Bool { judge != .tailModel }

  /// Which of one class's pictures are kept, each judged alone.
  ///
  /// - Parameters:
  ///   - tailModel: Its logits of pictures [N,H,W,3], and the class as it numbers it; needed unless `text` judges.
  ///   - text: CLIP's, alike; needed unless the tail model judges.
  func accepts(
    _ images: [Image], tailModel: (logits: (Tensor) -> Tensor, label: Int)?, text: (logits: (Tensor) -> Tensor, label: Int)?
  ) -> [Bool] {
    let pictures = tensor(of: images)
    func verdicts(_ model: (logits: (Tensor) -> Tensor, label: Int)) -> [Bool] {
      let chances = withoutRecording { model.logits(pictures).softmax() }
      let classes = chances.shape[1]
      return chances.withElements { chances in
        images.indices.map { row in
          let own = chances[row * classes + model.label]
          if let minimum { return own >= minimum }
          return (0..<classes).allSatisfy { chances[row * classes + $0] <= own }
        }
      }
    }
    let all = [usesTailModel ? tailModel : nil, usesText ? text : nil].compactMap { $0 }.map(verdicts)
    return images.indices.map { index in
      judge == .either ? all.contains { $0[index] } : all.allSatisfy { $0[index] }
    }
  }
}

/// What became of one class.
public struct DrawnCount: Codable, Equatable, Sendable {
  public var kept: Int
  public var rejected: Int
}

/// Draws pictures 0, 1, 2, … of a class until `count` are kept.
///
/// A picture's number decides its random numbers, so that picture 4711 is the same alone, in a batch or after others
/// were rejected; a rejected number is left out.
///
/// - Parameters:
///   - attempts: Draws at most so many times `count`.
///   - accepts: Nil keeps all.
///   - keep: Takes each kept picture with its number, in order.
func drawUntilKept(
  _ count: Int, attempts: Int, batchSize: Int, draw: ([Int]) throws -> [Image], accepts: (([Image]) -> [Bool])?,
  keep: (Int, Image) throws -> Void
) rethrows -> DrawnCount {
  var result = DrawnCount(kept: 0, rejected: 0)
  let end = accepts == nil ? count : count * attempts
  for start in stride(from: 0, to: end, by: batchSize) {
    let numbers = Array(start..<min(end, start + batchSize))
    let images = try draw(numbers)
    let verdicts = accepts?(images) ?? images.map { _ in true }
    for (index, isKept) in verdicts.enumerated() {
      if isKept { try keep(numbers[index], images[index]) }
      if isKept { result.kept += 1 } else { result.rejected += 1 }
      if result.kept == count { return result }
    }
  }
  return result
}

/// 8-bit pictures of one size as [N,H,W,3] in [-1, 1].
func tensor(of images: [Image]) -> Tensor {
  let (height, width) = (images.first?.height ?? 0, images.first?.width ?? 0)
  return Tensor(
    images.flatMap { $0.rgb().pixels.map { Float($0) / 127.5 - 1 } }, shape: [images.count, height, width, 3])
}
