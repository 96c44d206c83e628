import Engine
import Foundation
import LongTail
import Ranks

// What several ranks compute, for the tests to hold against one rank: `mpirun -np 2 parallel-check classifier FILE`.

let arguments = Array(CommandLine.arguments.dropFirst())
let ranks = try Ranks.join()
do {
  guard let name = arguments.first, let check = ParallelCheck(rawValue: name) else {
    throw ParallelCheckError.unknown(arguments.first ?? "")
  }
  try check.run(DataParallel(ranks), arguments: Array(arguments.dropFirst()))
  ranks.leave()
} catch {
  ranks.abort("\(error)", exitCode: 1)
}
