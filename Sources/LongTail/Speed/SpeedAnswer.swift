/// What a measuring process answers to one request, as one line of JSON: ours and the PyTorch script alike.
///
/// Requests are `threads N`, `run NAME REPEATS` and `quit`, and to our side also `trace NAME [FILE]`, `peak SCALE` and
/// `hand-over`.
struct SpeedAnswer: Codable, Equatable {
  /// The version of the program, in its first line.
  var ready: String?
  var threads: Int?
  var name: String?
  /// Of each run.
  var seconds: [Double]?
  /// The most memory of the process during the runs; absent where the system does not tell.
  var peakBytes: Int?
  /// Where the time of a traced run went.
  var totals: [Total]?
  /// Seconds of the traced run in all.
  var wall: Double?
  /// Its operations that were too short to share, and their seconds.
  var briefCalls: Int?
  var briefSeconds: Double?
  var peak: MachinePeak?
  /// `MachinePeak.handOver` alone.
  var handOver: Double?
  var error: String?

  enum CodingKeys: String, CodingKey {
    case ready, threads, name, seconds, totals, wall, peak, error
    case peakBytes = "peak_bytes"
    case handOver = "hand_over"
    case briefCalls = "brief_calls"
    case briefSeconds = "brief_seconds"
  }

  /// All runs of one operation together, as `Trace.Total` counts them.
  struct Total: Codable, Equatable, Sendable {
    var name: String
    var calls: Int
    var seconds: Double
    var operations: Int
    var bytes: Int
  }
}
