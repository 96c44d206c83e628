/// What kernels make of a weight before they multiply by it.
struct DerivedForm: Hashable {
  enum Kind: Hashable {
    case windowsTransposed
    case transposed(isTurned: Bool)
    case squares(leadingAxes: Int)
    /// By the transforms of a way of Winograd's.
    case transformed(way: ObjectIdentifier, isTurned: Bool)
  }

  let kind: Kind
  /// The weight's: tensors of several shapes may share their values.
  let shape: [Int]
}

/// Forms that are kept with their weight until it changes.
///
/// Drawing and evaluation use the same weights for batch after batch, and what is made of them is no small part of the
/// work: a third of a convolution of four pictures of 8×8. So from the second time on they keep it.
/// Training changes its weights before a form would be used again. The bits are the same either way.
struct DerivedWeights {
  private var kept: [DerivedForm: Storage] = [:]
  private var made: Set<DerivedForm> = []

  /// A form of the weight as it stands, kept or else made.
  static func form(_ kind: DerivedForm.Kind, of weight: Tensor, make: () -> Storage) -> Storage {
    guard Recording.isOffToDraw else { return make() }
    let form = DerivedForm(kind: kind, shape: weight.shape)
    if let kept = weight.storage.derived?.kept[form] { return kept }
    let result = make()
    var derived = weight.storage.derived ?? DerivedWeights()
    if !derived.made.insert(form).inserted { derived.kept[form] = result }
    weight.storage.derived = derived
    return result
  }
}
