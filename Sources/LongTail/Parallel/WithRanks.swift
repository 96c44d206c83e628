import Engine
import Foundation
import Notebook
import Ranks

/// Does a command's work as one of the ranks that `mpirun` started, or alone.
///
/// A rank that fails takes the others down, with one line that names it. One that a signal ended lets them end too.
/// - Parameter areTogether: Whether all ranks do the same at the same time. Rank 0 then speaks for all.
/// - Throws: `RanksError`; alone, what the work throws; else `InterruptedError`.
public func withRanks(areTogether: Bool = true, _ body: (any Communicator) throws -> Void) throws {
  let ranks = try Ranks.join()
  guard ranks.size > 1 else { return try body(ranks) }
  Console.standardError.setLabel(!areTogether ? "[\(ranks.rank)] " : ranks.rank == 0 ? "" : nil)
  do {
    try body(ranks)
  } catch let error as InterruptedError {
    ranks.leave()
    throw error
  } catch {
    ranks.abort("\(error)", exitCode: 1)
  }
  ranks.leave()
}
