import Notebook

/// One row of the comparison with PyTorch: a piece of work, and what its time should be.
public struct SpeedRow: Sendable {
  /// In kebab case, as `--rows` takes it.
  public let id: String
  /// As the report writes it.
  public let title: String
  public let workload: SpeedWorkload
  /// Our time over PyTorch's, at most. From the project's issue “Faster than PyTorch on the same CPU”, which set them
  /// from the distance between PyTorch's rate and the machine's; nil where the sizes are not that issue's.
  public let target: Double?
  /// Whether PyTorch is timed in both of its memory layouts, to take the faster one.
  public let hasLayouts: Bool
  /// Reading pictures is one worker's work.
  public let isSingleThreaded: Bool
  /// Whether it is work of the default profile's small networks, not of the paper's.
  public var isSmall: Bool { workload.kind.contains("-small") }
  /// Roughly how long the row takes beside others, for the progress of the whole.
  let weight: Double

  init(
    _ id: String, _ title: String, _ kind: String, _ sizes: [String: Int] = [:], target: Double?,
    hasLayouts: Bool = false, isSingleThreaded: Bool = false, weight: Double = 1
  ) {
    (self.id, self.title, self.workload) = (id, title, SpeedWorkload(kind, sizes))
    (self.target, self.hasLayouts, self.isSingleThreaded) = (target, hasLayouts, isSingleThreaded)
    self.weight = weight
  }

  /// The work as the PyTorch script names it in one of its layouts.
  func peerWorkloads() -> [(layout: String, workload: SpeedWorkload)] {
    guard hasLayouts else { return [("", workload)] }
    return [("channels last", 1), ("channels first", 0)].map { layout, flag in
      (layout, SpeedWorkload(workload.kind, workload.sizes.merging(["nhwc": flag]) { $1 }))
    }
  }

  /// All rows of a profile. The paper's sizes are those of `default` too; `smoke` only shows that everything runs.
  public static func all(_ profile: Profile) -> [SpeedRow] { profile == .smoke ? smoke : full }

  private static let full = [
    SpeedRow(
      "resnet50-train-16", "ResNet-50 training step, 224 px, batch 16", "resnet50-train", ["batch": 16, "side": 224],
      target: 0.65, hasLayouts: true, weight: 80),
    SpeedRow(
      "resnet50-train-32", "ResNet-50 training step, 224 px, batch 32", "resnet50-train", ["batch": 32, "side": 224],
      target: 0.65, hasLayouts: true, weight: 130),
    SpeedRow(
      "resnet50-eval", "ResNet-50 evaluation, 224 px, batch 16", "resnet50-eval", ["batch": 16, "side": 224],
      target: 0.65, hasLayouts: true, weight: 25),
    SpeedRow(
      "generator-forward", "Generator forward, 256 px, batch 4", "generator-forward", ["batch": 4, "side": 256],
      target: 0.15, weight: 40),
    SpeedRow(
      "discriminator", "Discriminator forward and backward, 256 px, batch 4", "discriminator",
      ["batch": 4, "side": 256], target: 0.25, weight: 60),
    SpeedRow(
      "generator-step", "Generator step through the discriminator, 256 px, batch 4", "generator-step",
      ["batch": 4, "side": 256], target: 0.2, weight: 140),
    SpeedRow("r1", "R1 penalty step, 256 px, batch 4", "r1", ["batch": 4, "side": 256], target: 0.25, weight: 110),
    SpeedRow(
      "path-length", "Path-length step, 256 px, batch 4", "path-length", ["batch": 4, "side": 256], target: 0.15,
      weight: 220),
    SpeedRow(
      "clip-image", "CLIP ViT-B/32 image encoding, batch 8", "clip-image", ["batch": 8], target: 1, weight: 12),
    SpeedRow(
      "classifier-small", "Small classifier step, 32 px, batch 64", "classifier-small", ["batch": 64], target: 0.7,
      hasLayouts: true, weight: 8),
    SpeedRow(
      "cdtg-small", "Small CDTG iteration, 32 px, batch 16", "cdtg-small", ["batch": 16], target: 0.7, weight: 6),
    SpeedRow(
      "cdtg-small-r1", "Small CDTG R1 step, 32 px, batch 16", "cdtg-small-r1", ["batch": 16], target: 0.7, weight: 6),
    SpeedRow(
      "cdtg-small-path", "Small CDTG path-length step, 32 px, batch 8", "cdtg-small-path", ["batch": 16], target: 0.7,
      weight: 6),
    SpeedRow(
      "jpeg", "JPEG reading, resizing to 224 px and normalising", "jpeg", target: 0.5, isSingleThreaded: true,
      weight: 60),
  ]

  private static let smoke = [
    SpeedRow(
      "resnet50-train", "ResNet-50 training step, 64 px, batch 2", "resnet50-train", ["batch": 2, "side": 64],
      target: nil, hasLayouts: true),
    SpeedRow(
      "generator-forward", "Generator forward, 64 px, batch 1", "generator-forward",
      ["batch": 1, "side": 64, "multiplier": 1], target: nil),
    SpeedRow("r1", "R1 penalty step, 32 px, batch 2", "r1", ["batch": 2, "side": 32, "multiplier": 1], target: nil),
    SpeedRow("classifier-small", "Small classifier step, 32 px, batch 16", "classifier-small", ["batch": 16],
      target: nil, hasLayouts: true),
    SpeedRow("cdtg-small", "Small CDTG iteration, 32 px, batch 4", "cdtg-small", ["batch": 4], target: nil),
    SpeedRow(
      "jpeg", "JPEG reading, resizing to 224 px and normalising", "jpeg", target: nil, isSingleThreaded: true),
  ]
}

/// One size of a network that grows along one axis.
public struct SpeedSweep: Sendable {
  public let title: String
  /// The sizes along the axis, and the work at each.
  public let workloads: [(size: Int, workload: SpeedWorkload)]

  init(_ title: String, sizes: [Int], _ workload: (Int) -> SpeedWorkload) {
    self.title = title
    workloads = sizes.map { ($0, workload($0)) }
  }

  /// Networks at growing batch sizes.
  public static func batches(_ profile: Profile) -> [SpeedSweep] {
    let (sizes, side) = profile == .smoke ? ([1, 2], 32) : ([1, 2, 4, 8, 16], 128)
    let residual = [("training", "resnet50-train"), ("evaluation", "resnet50-eval")].map { title, kind in
      SpeedSweep(title, sizes: sizes) { SpeedWorkload(kind, ["batch": $0, "side": side]) }
    }
    if profile == .smoke { return residual }
    return residual + [
      SpeedSweep("generator step", sizes: sizes) { SpeedWorkload("generator-step", ["batch": $0, "side": 64]) }
    ]
  }

  /// The same networks on pictures of growing side.
  public static func sides(_ profile: Profile) -> [SpeedSweep] {
    let (sizes, batch) = profile == .smoke ? ([32, 64], 1) : ([64, 96, 128, 160, 192, 224, 256], 4)
    return [("training, by side", "resnet50-train"), ("evaluation, by side", "resnet50-eval")].map { title, kind in
      SpeedSweep(title, sizes: sizes) { SpeedWorkload(kind, ["batch": batch, "side": $0]) }
    }
  }
}
