import Foundation

/// The machine's cores that this process may use.
public enum Cores {
  public static let all = ProcessInfo.processInfo.processorCount

  /// Fewer than all where the process was bound to some (`taskset`, containers, Slurm, `mpirun --bind-to core`). Found
  /// at the start.
  public static let allowed: Int = {
    ProcessStatus.line("Cpus_allowed_list:").flatMap { count(in: $0) } ?? ProcessInfo.processInfo.activeProcessorCount
  }()

  /// The members of a list as the kernel writes it, such as `0-3,8,10-11`; nil for something else.
  static func count(in list: some StringProtocol) -> Int? {
    var count = 0
    for part in list.trimmingCharacters(in: .whitespacesAndNewlines).components(separatedBy: ",") {
      let ends = part.components(separatedBy: "-").compactMap { Int($0) }
      guard let first = ends.first, let last = ends.last, first <= last,
        part == "\(first)" || part == "\(first)-\(last)"
      else { return nil }
      count += last - first + 1
    }
    return count
  }
}

/// What Linux says of this process in `/proc/self/status`; nil on other systems.
enum ProcessStatus {
  /// What follows a name such as `VmRSS:`.
  static func line(_ name: String) -> Substring? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return nil }
    return status.split(separator: "\n").first { $0.hasPrefix(name) }?.dropFirst(name.count)
  }
}
