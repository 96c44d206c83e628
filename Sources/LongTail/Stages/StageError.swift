import Checkpoints
import Foundation
import Notebook

/// What can keep a stage from being stored. Each message is one line and says what to do.
public enum StageError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// A name that is not lower-case letters, digits and hyphens, which its folder is named after.
  case badName(String)
  /// Settings that JSON cannot hold, such as a value that is not a number.
  case badSettings(stage: String, reason: String)
  case unwritable(path: String, reason: String)
  case diskFull(path: String)
  /// The stage's work returned without a single file.
  case emptyResult(stage: String)
  /// Another process is making it, and it was not to be waited for.
  case busy(stage: String)
  /// This rank has come to another stage than rank 0.
  case outOfStep(stage: String)
  /// A folder that is no store, or a stage in it that cannot be read.
  case unreadableStore(path: String, reason: String)
  case unremovable(path: String, reason: String)

  public var description: String {
    switch self {
    case .badName(let name):
      return "stage “\(name)”: name it with lower-case letters, digits and hyphens only"
    case .badSettings(let stage, let reason):
      return "stage \(stage): its settings cannot be written as JSON (\(reason)); give every setting a finite value"
    case .unwritable(let path, let reason):
      return "\(path): finished work cannot be stored here (\(reason)); choose another folder with --store"
    case .diskFull(let path):
      return "\(path): the disk is full; free some space and run again, which goes on from the last checkpoint"
    case .emptyResult(let stage):
      return "stage \(stage): wrote no file into its result folder; write the result into context.directory"
    case .busy(let stage):
      return "stage \(stage): another process is making it; run again when it has"
    case .outOfStep(let stage):
      return "stage \(stage): rank 0 is at another one; give all ranks the same package, data and options"
    case .unreadableStore(let path, let reason):
      return "\(path): cannot be read (\(reason)); name the folder of finished stages with --store"
    case .unremovable(let path, let reason):
      return "\(path): cannot be removed (\(reason)); check the permissions of the folder that holds it"
    }
  }

  public var errorDescription: String? { description }

  /// A system error at a path as one of the above.
  static func storing(_ error: Error, at path: String) -> StageError {
    if let known = error as? StageError { return known }
    if isDiskFull(error) { return .diskFull(path: path) }
    return .unwritable(path: path, reason: SystemReason.of(error))
  }

  static func isDiskFull(_ error: Error) -> Bool {
    if let failure = error as? AtomicFile.Failure { return failure.code == ENOSPC || failure.code == EDQUOT }
    var inner = error as NSError
    if inner.domain == NSCocoaErrorDomain, inner.code == CocoaError.fileWriteOutOfSpace.rawValue { return true }
    while let next = inner.userInfo[NSUnderlyingErrorKey] as? NSError { inner = next }
    return inner.domain == NSPOSIXErrorDomain && (inner.code == Int(ENOSPC) || inner.code == Int(EDQUOT))
  }
}
