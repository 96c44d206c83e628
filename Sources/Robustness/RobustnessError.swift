import Foundation

/// What can keep the experiment from being run. Each message is one line and says what to do.
public enum RobustnessError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// The program under test is not beside this one.
  case noProgram(path: String)
  case notStarted(program: String, reason: String)
  /// The unbroken run, which all others are compared with, did not end well.
  case noReference(message: String)
  /// A worker of this experiment ended without its answer.
  case noAnswer(request: String, message: String)
  case unknownRequest(String)

  public var description: String {
    switch self {
    case .noProgram(let path):
      return "\(path): is not there; build everything first, with `swift build`"
    case .notStarted(let program, let reason):
      return "\(program): could not be started (\(reason)); check its permissions"
    case .noReference(let message):
      return "exp-dior-ablation: the unbroken run ended with “\(message)”; mend that first"
    case .noAnswer(let request, let message):
      return "exp-robustness: its worker for “\(request)” gave no answer (\(message)); run it with --worker"
    case .unknownRequest(let request):
      return "--worker “\(request)”: is not known; write it as \"fuzz voc seed=1 trial=1234\""
    }
  }

  public var errorDescription: String? { description }
}
