import Foundation

/// A process that holds a lock: enough to tell, later and from another process, whether it still runs.
public struct ProcessOwner: Codable, Equatable, Sendable, CustomStringConvertible {
  public var host: String
  public var pid: Int32
  /// When the process began, in the system's own count, with the boot it counts from. A number that the system gave to
  /// a process that has ended it may give again; this tells the two apart.
  public var started: String

  public init(host: String, pid: Int32, started: String) {
    self.host = host
    self.pid = pid
    self.started = started
  }

  /// This process.
  public static let current = ProcessOwner(
    host: hostName(), pid: getpid(), started: startTime(of: getpid()) ?? "unknown")

  public enum State: Equatable, Sendable {
    case running, ended
    /// On another machine, or on a system that does not tell.
    case unknown
  }

  /// Whether the process runs, as far as this machine can tell.
  public var state: State {
    guard host == Self.current.host else { return .unknown }
    // EPERM is another user's process.
    if kill(pid, 0) != 0 && errno == ESRCH { return .ended }
    guard started != "unknown", let now = Self.startTime(of: pid) else { return .unknown }
    return now == started ? .running : .ended
  }

  public var description: String { "process \(pid) on \(host)" }

  /// As the system has it: no name server is asked.
  private static func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Field 22 of /proc/PID/stat, clock ticks since boot, and the boot's identity. A zombie has ended.
  private static func startTime(of pid: Int32) -> String? {
    guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      // The program's name, in parentheses, may hold spaces and parentheses.
      let name = stat.lastIndex(of: ")")
    else { return nil }
    let fields = stat[stat.index(after: name)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z" else { return fields.first == "Z" ? "ended" : nil }
    let boot = (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    return "\(fields[19])@\(boot.prefix(8))"
  }
}
