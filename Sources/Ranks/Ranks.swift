import Engine
import Foundation

/// How this process finds the others of its job.
public enum Ranks {
  /// The job's processes, where this one was started by `mpirun` or `srun`; else this process by itself.
  ///
  /// - Throws: `RanksError` where several were started but the package was built without MPI.
  public static func join() throws -> any Communicator {
    guard isStartedAsRank else { return SingleProcess.shared }
    #if MPI
      let ranks = MPICommunicator()
      shareCores(among: ranks.sizeOnHost)
      return ranks
    #else
      guard startedCount == 1 else { throw RanksError.builtWithoutMPI }
      return SingleProcess.shared
    #endif
  }

  /// Whether this build can join others.
  public static var isBuiltWithMPI: Bool {
    #if MPI
      true
    #else
      false
    #endif
  }

  /// Open MPI, MPICH and Slurm set one of these for each process they start, and the first two also for a single one.
  private static var isStartedAsRank: Bool {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"].contains { environment[$0] != nil }
  }

  /// How many processes were started, where the environment says so.
  private static var startedCount: Int? {
    let environment = ProcessInfo.processInfo.environment
    return ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS"].compactMap { environment[$0].flatMap { Int($0) } }.first
  }

  /// Ranks of one machine divide its cores; one that was bound to some of them keeps to those.
  private static func shareCores(among ranks: Int) {
    Parallel.threadCount = Cores.allowed < Cores.all ? Cores.allowed : max(1, Cores.all / ranks)
  }
}

public enum RanksError: Error, Equatable, CustomStringConvertible {
  case builtWithoutMPI

  public var description: String {
    switch self {
    case .builtWithoutMPI:
      "this process is one of several of a job, but was built without MPI: build with `swift build --traits MPI`"
    }
  }
}
