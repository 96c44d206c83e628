import Engine
import Imaging

/// Ways to make new pictures of a class from its real ones without learning anything: what a generator must beat.
///
/// mixup and CutMix blend two pictures of one class here, so that the label stays and the pictures can be looked at and
/// measured like a generator's; as published they blend a batch's pictures and labels while a classifier is trained
/// (`LongTailMethod.mixup`, `.cutMix`).
public enum TailDrawing: String, Codable, CaseIterable, Hashable, Sendable {
  /// Turned, mirrored and shifted, as `LongTailMethod.geometricAugmentation` does it.
  case geometric
  /// Two pictures blended, λ ~ Beta(1, 1) (Zhang et al. 2018, CIFAR-10).
  case mixup
  /// A rectangle of another picture pasted, λ ~ Beta(1, 1) (Yun et al. 2019).
  case cutMix = "cutmix"

  /// Draws pictures; the k-th starts from real picture k mod n, and its random numbers are a function of (seed, class,
  /// k), so that more of them begin with the same.
  ///
  /// - Parameter real: The class's pictures [n,H,W,3] in [-1, 1], n ≥ 1. With a single one, nothing can be blended.
  func draw(_ count: Int, from real: Tensor, label: Int, seed: UInt64) -> [Image] {
    let pictureCount = real.shape[0]
    return withoutRecording {
      (0..<count).flatMap { number -> [Image] in
        var stream = RandomStream(seed: seed, name: "drawing.\(rawValue).\(label)", index: UInt64(number))
        let first = number % pictureCount
        let picture = real.rows([first])
        if self == .geometric { return pictures(Augmentation.moves(picture, isReal: true, stream: &stream)) }
        guard pictureCount > 1 else { return pictures(picture) }
        let other = stream.integer(below: pictureCount - 1)
        let partner = real.rows([other < first ? other : other + 1])
        let share = betaDistributed(1, stream: &stream)
        if self == .mixup { return pictures(picture * share + partner * (1 - share)) }
        let cut = CutRectangle(height: real.shape[1], width: real.shape[2], area: 1 - share, stream: &stream)
        return pictures(cut.pasted(from: partner, into: picture))
      }
    }
  }
}
