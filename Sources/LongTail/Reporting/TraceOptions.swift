import ArgumentParser
import Engine
import Foundation
import Notebook

/// `--trace`, for every command that computes.
public struct TraceOptions: ParsableArguments {
  /// More spans than a viewer takes with ease, and some 40 MB of text.
  public static let limit = 200_000

  @Option(
    help: ArgumentHelp(
      "Write what the engine's first 200 000 operations took, in Chrome's trace format (chrome://tracing, Perfetto).",
      valueName: "file"))
  public var trace: String?

  public init() {}

  /// Runs `body`, and writes its trace if one was asked for, even where `body` throws.
  ///
  /// - Throws: `TraceError`, before `body` runs if the file cannot be made; what `body` throws.
  public func recording<R>(_ body: () throws -> R) throws -> R {
    guard let trace else { return try body() }
    try write(Data(), to: trace)
    let recorder = Trace.start(limit: Self.limit)
    let outcome = Result { try body() }
    Trace.stop()
    try write(recorder.chromeFormat(), to: trace)
    if recorder.isFull {
      Console.standardError.say("\(trace): holds the first \(NumberFormat.count(Self.limit)) operations")
    }
    return try outcome.get()
  }

  /// Writes a trace's file.
  /// - Throws: `TraceError`.
  func write(_ data: Data, to file: String) throws {
    do { try data.write(to: URL(fileURLWithPath: file)) } catch {
      throw TraceError(file: file, reason: SystemReason.of(error))
    }
  }
}

/// The file given with `--trace` cannot be written.
public struct TraceError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public let file: String
  public let reason: String

  public var description: String {
    "\(file): the trace cannot be written here (\(reason)); give another file with --trace"
  }
  public var errorDescription: String? { description }
}
