import Foundation

/// Why a checkpoint could not be read, and where.
public struct CheckpointError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public enum Reason: Equatable, Sendable {
    /// The system could not open or read the file.
    case unreadable(String)
    /// The file begins like no format of checkpoints.
    case unknownFormat
    /// The file ends before what it announces.
    case truncated(String)
    /// A zip or tar archive that is damaged or lacks an entry.
    case archive(String)
    /// A pickle that Python could not have written.
    case pickle(String)
    /// A pickle that calls something which is not data, by its name.
    case refused(String)
    /// Something that this reader does not know, by its name.
    case unsupported(String)
    /// A tensor that does not fit its storage, or has impossible sizes.
    case tensor(String)
    /// The same key twice.
    case duplicateKey(String)
    /// More than the reader's bounds, which follow from the file's size.
    case tooLarge(String)
    /// A path that leads nowhere, with the nearest that leads somewhere.
    case noSuchPath(String, nearest: String?)
    /// A path to something that holds no tensors.
    case noTensors(String)
  }

  /// The file's path.
  public let file: String
  /// The entry of an archive, the byte, or the key, as far as they are known.
  public let place: String?
  public let reason: Reason

  public init(file: String, place: String? = nil, reason: Reason) {
    self.file = file
    self.place = place
    self.reason = reason
  }

  public var description: String {
    let what =
      switch reason {
      case .unreadable(let why): "cannot be read: \(why)"
      case .unknownFormat:
        "is no checkpoint: neither a PyTorch zip, legacy or tar file, nor safetensors; check that it was copied whole"
      case .truncated(let why): "is cut short: \(why); copy it again"
      case .archive(let why): "is a damaged archive: \(why)"
      case .pickle(let why): "holds a malformed pickle: \(why)"
      case .refused(let name):
        "wants to call \(name), which no weights need; nothing was run; do not trust this file"
      case .unsupported(let what): "holds \(what), which is not supported; save plain dense tensors instead"
      case .tensor(let why): "holds an impossible tensor: \(why)"
      case .duplicateKey(let key): "has the key \(key) twice"
      case .tooLarge(let why): "asks for too much: \(why)"
      case .noSuchPath(let path, let nearest):
        "has nothing at \(path)" + (nearest.map { " (nearest: \($0))" } ?? "; see `tgn inspect`")
      case .noTensors(let path): "has no tensors at \(path.isEmpty ? "its root" : path); see `tgn inspect`"
      }
    return file + (place.map { " (\($0)) " } ?? " ") + what
  }

  public var errorDescription: String? { description }
}
