import Foundation

/// A lock between processes on one piece of work, held as long as the object lives, with the holder's name in its file.
///
/// The system's own lock (`flock`) goes when its process does, so nothing is left to clean up after a kill; the name
/// tells who is waited for, and whether a former holder ended without finishing. Where a file system has no such locks
/// (some of those on networks), a second file, made by one process alone, takes their place; there the name decides
/// whether the holder still runs.
final class ProcessLock {
  /// A former holder that ended without letting go, if there was one.
  let abandonedBy: ProcessOwner?
  private let descriptor: Int32
  /// The file that stands for the system's lock where there is none.
  private let claim: URL?

  /// What happens while another process holds the lock.
  enum Wait {
    /// Until it is free. `waiting` is called once, with the holder's name where it is known.
    case untilFree(waiting: (ProcessOwner?) -> Void)
    /// Not at all: `ProcessLockError.held`.
    case never
  }

  /// - Throws: `ProcessLockError.held`; `InterruptedError` after Ctrl-C or a polite kill while waiting; a system error.
  init(_ file: URL, wait: Wait, systemLock: (Int32, Int32) -> Int32 = flock) throws {
    var isFirstTry = true
    while true {
      let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno)) }
      var claim: URL?
      var isFree = systemLock(descriptor, LOCK_EX | LOCK_NB) == 0
      let code = isFree ? 0 : errno
      if isFree && !Self.isSameFile(descriptor, file) {
        // It was removed, and perhaps made anew, after it was opened: this lock keeps nobody out.
        close(descriptor)
        continue
      }
      if [ENOSYS, EOPNOTSUPP, ENOLCK, EINVAL].contains(code) {
        claim = file.appendingPathExtension("claim")
        isFree = try Self.claim(claim!)
      } else if ![0, EWOULDBLOCK, EINTR].contains(code) {
        close(descriptor)
        throw NSError(domain: NSPOSIXErrorDomain, code: Int(code))
      }
      if isFree {
        let former = Self.owner(in: file)
        abandonedBy = former == .current ? nil : former
        (self.descriptor, self.claim) = (descriptor, claim)
        // What is written here only helps people: a full disk must not keep finished work from being read.
        Self.write(.current, to: descriptor)
        return
      }
      close(descriptor)
      let holder = Self.owner(in: claim ?? file)
      switch wait {
      case .never: throw ProcessLockError.held(by: holder)
      case .untilFree(let waiting): if isFirstTry { waiting(holder) }
      }
      isFirstTry = false
      if let number = Interruption.signalNumber {
        throw InterruptedError(name: file.lastPathComponent, done: 0, steps: 0, signalNumber: number)
      }
      usleep(50_000)
    }
  }

  deinit {
    ftruncate(descriptor, 0)
    if let claim { try? FileManager.default.removeItem(at: claim) }
    close(descriptor)
  }

  /// The name in a lock's file.
  static func owner(in file: URL) -> ProcessOwner? {
    guard let data = FileManager.default.contents(atPath: file.path), !data.isEmpty else { return nil }
    return try? JSONDecoder().decode(ProcessOwner.self, from: data)
  }

  private static func write(_ owner: ProcessOwner, to descriptor: Int32) {
    guard let data = try? JSONEncoder().encode(owner) else { return }
    ftruncate(descriptor, 0)
    _ = data.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
  }

  private static func isSameFile(_ descriptor: Int32, _ file: URL) -> Bool {
    var (held, named) = (stat(), stat())
    return fstat(descriptor, &held) == 0 && stat(file.path, &named) == 0 && held.st_ino == named.st_ino
      && held.st_dev == named.st_dev
  }

  /// Makes the claim's file, if no process that may still run has made it.
  private static func claim(_ file: URL) throws -> Bool {
    if let holder = owner(in: file), holder.state == .ended {
      // Moved first: of several processes that find it stale, one moves it.
      let stale = file.appendingPathExtension("\(getpid())")
      if rename(file.path, stale.path) == 0 {
        // A faster process may have put its own claim there in between.
        if owner(in: stale) == holder {
          unlink(stale.path)
        } else {
          _ = link(stale.path, file.path)
          unlink(stale.path)
        }
      }
    }
    // Written beside its place and linked: a claim is never seen without its owner's name.
    let own = file.appendingPathExtension("\(getpid()).new")
    try JSONEncoder().encode(ProcessOwner.current).write(to: own)
    defer { unlink(own.path) }
    if link(own.path, file.path) == 0 { return true }
    if errno == EEXIST { return false }
    throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
  }
}

enum ProcessLockError: Error, Equatable {
  case held(by: ProcessOwner?)
}
