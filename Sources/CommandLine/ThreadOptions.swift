import ArgumentParser
import Engine

/// `--threads`, for every command that computes.
struct ThreadOptions: ParsableArguments {
  @Option(help: "How many threads compute (default: all cores). The results are the same for any number.")
  var threads: Int?

  /// Sets the number of threads, if one was given.
  func apply() {
    if let threads { Parallel.threadCount = threads }
  }
}
