import Foundation
import Synchronization

/// Ctrl-C and a polite kill end a training run at the end of its step, after it has saved itself.
public enum Interruption {
  private static let number = Atomic<Int32>(0)

  /// Takes over SIGINT and SIGTERM from now on. A second one ends the process at once. A file that grows beyond the
  /// size that the system allows becomes an error of that write, instead of the process's end.
  public static func watch() {
    signal(SIGXFSZ, SIG_IGN)
    for one in [SIGINT, SIGTERM] {
      signal(one) { number in
        if Interruption.number.exchange(number, ordering: .sequentiallyConsistent) != 0 {
          signal(number, SIG_DFL)
          raise(number)
        }
      }
    }
  }

  /// The signal that came, if one did.
  static var signalNumber: Int32? {
    let value = number.load(ordering: .relaxed)
    return value == 0 ? nil : value
  }

  /// Forgets the signal; for tests.
  static func forget() { number.store(0, ordering: .sequentiallyConsistent) }
}

/// A run that a signal ended, with all that it needs to go on saved.
public struct InterruptedError: Error, CustomStringConvertible {
  public let name: String
  public let done, steps: Int
  public let signalNumber: Int32

  public var description: String {
    if steps == 0 { return "stopped while waiting for \(name); run the same command again to go on" }
    return "stopped in \(name) after step \(done) of \(steps), which is saved; run the same command again to go on"
  }

  /// What shells expect of a process that a signal ended.
  public var exitCode: Int32 { 128 + signalNumber }
}
