import Foundation

/// What can keep a speed from being measured. Each message is one line and says what to do.
public enum SpeedError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// A work that this side does not know.
  case unknownWork(String)
  /// The folder given with --photos has no photographs.
  case noPhotos(folder: String)
  /// The JPEG row was asked for without a folder.
  case noPhotoFolder
  /// A process that measures could not be started.
  case notStarted(program: String, reason: String)
  /// A process that measures ended before it answered; the last thing it said.
  case ended(program: String, request: String, message: String)
  /// A process answered with an error.
  case refused(program: String, request: String, message: String)
  /// The python given with --peer-python cannot import torch.
  case noTorch(python: String, message: String)

  public var description: String {
    switch self {
    case .unknownWork(let name):
      return "work “\(name)”: is not known; write it as resnet50-train:batch=16,side=224"
    case .noPhotos(let folder):
      return "\(folder): no file named *.jpg in it; give a folder of photographs with --photos"
    case .noPhotoFolder:
      return "row jpeg: needs a folder of photographs; give one with --photos"
    case .notStarted(let program, let reason):
      return "\(program): could not be started (\(reason)); check the path"
    case .ended(let program, let request, let message):
      return "\(program): ended at “\(request)” (\(message)); leave that row out with --rows"
    case .refused(let program, let request, let message):
      return "\(program): could not do “\(request)” (\(message)); leave that row out with --rows"
    case .noTorch(let python, let message):
      return "\(python): cannot import torch (\(message)); give a Python that can with --peer-python, or none"
    }
  }

  public var errorDescription: String? { description }
}
