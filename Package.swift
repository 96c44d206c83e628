// swift-tools-version:6.1
import PackageDescription

// `swift run` and `swift test` build debug. Training in an unoptimised engine would take days,
// so the targets that compute are optimised in every configuration and use AVX2 and FMA on x86.
#if arch(x86_64)
let processor = ["-Xcc", "-march=x86-64-v3"]
#else
let processor: [String] = []
#endif
let fast: [SwiftSetting] = [
  .unsafeFlags(["-O", "-wmo", "-disable-batch-mode", "-num-threads", "2"] + processor, .when(configuration: .debug)),
  .unsafeFlags(processor, .when(configuration: .release)),
]
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "TGN",
  products: [
    .executable(name: "tgn", targets: ["CommandLine"]),
    .executable(name: "exp-dior-ablation", targets: ["exp-dior-ablation"]),
    .executable(name: "exp-dior-recipe", targets: ["exp-dior-recipe"]),
    .executable(name: "exp-dior-table", targets: ["exp-dior-table"]),
    .executable(name: "exp-dota-table", targets: ["exp-dota-table"]),
    .executable(name: "exp-fgsc-table", targets: ["exp-fgsc-table"]),
    .executable(name: "exp-dior-noise-ratio", targets: ["exp-dior-noise-ratio"]),
    .executable(name: "exp-dior-expansion", targets: ["exp-dior-expansion"]),
    .executable(name: "exp-dior-generators", targets: ["exp-dior-generators"]),
    .executable(name: "exp-dior-distillation", targets: ["exp-dior-distillation"]),
    .executable(name: "exp-latent-factors", targets: ["exp-latent-factors"]),
    .executable(name: "exp-dior-backbones", targets: ["exp-dior-backbones"]),
    .executable(name: "exp-released-weights", targets: ["exp-released-weights"]),
    .executable(name: "exp-engine-speed", targets: ["exp-engine-speed"]),
    .executable(name: "exp-scaling", targets: ["exp-scaling"]),
    .executable(name: "parallel-check", targets: ["parallel-check"]),
    .executable(name: "exp-robustness", targets: ["exp-robustness"]),
  ],
  traits: [.trait(name: "MPI", description: "Several processes, on one machine or many, by MPI.")],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CZip", pkgConfig: "libzip", providers: [.apt(["libzip-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),

    // Found through pkg-config by the name that Open MPI and MPICH share.
    .systemLibrary(name: "CMPI", pkgConfig: "mpi-c", providers: [.apt(["libopenmpi-dev"])]),

    .systemLibrary(name: "CProcessor"),
    .target(name: "Engine", dependencies: ["COpenBLAS", "CProcessor"], swiftSettings: fast),
    .target(
      name: "Ranks", dependencies: ["Engine", .target(name: "CMPI", condition: .when(traits: ["MPI"]))],
      swiftSettings: fast),
    .target(name: "Imaging", dependencies: ["CPNG", "CJPEG"], swiftSettings: fast),
    .target(name: "Checkpoints", dependencies: ["Engine", "CZip"], swiftSettings: fast),
    .target(name: "Models", dependencies: ["Engine", "Checkpoints", "Imaging", "CZlib"], swiftSettings: fast),
    .target(
      name: "LongTail",
      dependencies: [
        "Engine", "Ranks", "Models", "Imaging", "Checkpoints", "Notebook", arguments, .product(name: "Crypto", package: "swift-crypto"),
      ],
      resources: [.copy("StartingWeights")], swiftSettings: fast),
    .target(
      name: "Notebook", dependencies: ["Imaging", .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: fast),

    .executableTarget(
      name: "parallel-check", dependencies: ["LongTail", "Models", "Ranks", "Engine"], path: "Sources/ParallelCheck"),

    .target(name: "NumericalChecks", dependencies: ["Engine"], swiftSettings: fast),
    .target(name: "Fuzzing", dependencies: ["Checkpoints", "Engine", "Imaging", "Models", "LongTail", "CZlib"]),
    .executableTarget(name: "fuzz-checkpoints", dependencies: ["Fuzzing", arguments], path: "Sources/FuzzCheckpoints"),

    .executableTarget(
      name: "CommandLine",
      dependencies: ["LongTail", "Models", "Checkpoints", "Imaging", "Engine", "Notebook", arguments]),
    .executableTarget(
      name: "exp-dior-ablation", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorAblation"),
    .executableTarget(name: "exp-dior-recipe", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorRecipe"),
    .executableTarget(name: "exp-dior-table", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorTable"),
    .executableTarget(name: "exp-dota-table", dependencies: ["LongTail", "Notebook"], path: "Experiments/DotaTable"),
    .executableTarget(name: "exp-fgsc-table", dependencies: ["LongTail", "Notebook"], path: "Experiments/FgscTable"),
    .executableTarget(
      name: "exp-dior-noise-ratio", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorNoiseRatio"),
    .executableTarget(
      name: "exp-dior-expansion", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorExpansion"),
    .executableTarget(
      name: "exp-dior-generators", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorGenerators"),
    .executableTarget(
      name: "exp-dior-distillation", dependencies: ["LongTail", "Notebook"], path: "Experiments/DiorDistillation"),
    .executableTarget(
      name: "exp-latent-factors", dependencies: ["LongTail", "Notebook", "Imaging"], path: "Experiments/LatentFactors"),
    .executableTarget(
      name: "exp-dior-backbones", dependencies: ["LongTail", "Models", "Notebook", arguments],
      path: "Experiments/DiorBackbones"),
    .executableTarget(
      name: "exp-released-weights", dependencies: ["LongTail", "Notebook", arguments],
      path: "Experiments/ReleasedWeights"),
    .executableTarget(
      name: "exp-engine-speed", dependencies: ["LongTail", "Notebook", "Engine"], path: "Experiments/EngineSpeed",
      exclude: ["peer.py", "peer_networks.py", "peer_check.py"]),

    .executableTarget(name: "exp-scaling", dependencies: ["LongTail", "Notebook"], path: "Experiments/Scaling"),

    .target(
      name: "Robustness",
      dependencies: [
        "LongTail", "Models", "Fuzzing", "NumericalChecks", "Checkpoints", "Imaging", "Engine", "Notebook", arguments,
      ]),
    .executableTarget(name: "exp-robustness", dependencies: ["Robustness", "Notebook"], path: "Experiments/Robustness"),

    // Optimised too: its plain loops check the kernels, ten times slower without.
    .testTarget(
      name: "EngineTests", dependencies: ["Engine", "NumericalChecks"], resources: [.copy("Fixtures")], swiftSettings: fast),
    .testTarget(name: "ImagingTests", dependencies: ["Imaging"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "Engine", "Fuzzing"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ModelsTests", dependencies: ["Models", "Checkpoints", "Imaging", "Engine"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "RobustnessTests",
      dependencies: ["Robustness", "Fuzzing", "NumericalChecks", "LongTail", "Notebook", "Engine"]),
    .testTarget(name: "NotebookTests", dependencies: ["Notebook", "Imaging"]),
    .testTarget(
      name: "LongTailTests", dependencies: ["LongTail", "Models", "Notebook", "Checkpoints", "Imaging", "Engine"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["LongTail", "Models", "Checkpoints", "Imaging", "Engine"]),
  ],
  swiftLanguageModes: [.v5]
)
