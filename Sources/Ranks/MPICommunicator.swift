#if MPI
  import CMPI
  import Engine
  import Foundation

  /// The processes that `mpirun` started.
  ///
  /// A sum is made of two exchanges: each rank gets its part of the values of all ranks, adds them in the order of the
  /// ranks, and gives the sum to all. That moves no more than MPI's own all-reduce does, and its bits depend on the
  /// number of ranks alone, not on who runs where or which algorithm the library takes.
  final class MPICommunicator: Communicator {
    private let group: ranks_group
    /// Sums that were begun and not waited for, in their order.
    private var pending: [Reduction] = []

    init() { group = ranks_start() }

    var rank: Int { Int(group.rank) }
    var size: Int { Int(group.size) }
    var sizeOnHost: Int { Int(group.size_on_host) }

    func barrier() { ranks_barrier(group.blocking) }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {
      // MPI counts in 32 bits.
      for start in stride(from: 0, to: bytes.count, by: 1 << 30) {
        let count = min(1 << 30, bytes.count - start)
        ranks_broadcast(group.blocking, bytes.baseAddress! + start, CInt(count), CInt(root))
      }
    }

    func gather(_ values: UnsafeBufferPointer<Float>) -> [Float] {
      guard let mine = values.baseAddress else { return [] }
      return [Float](unsafeUninitializedCapacity: size * values.count) { all, count in
        var request = ranks_request()
        ranks_start_gather(group.blocking, mine, CInt(values.count), all.baseAddress!, &request)
        ranks_wait(&request)
        count = size * values.count
      }
    }

    func allReduce(_ values: UnsafeMutableBufferPointer<Float>) {
      guard !values.isEmpty else { return }
      let reduction = Reduction(values, rank: rank, size: size, groups: (group.blocking, group.blocking))
      while !reduction.advance(waiting: true) {}
    }

    func startAllReduce(_ values: UnsafeMutableBufferPointer<Float>) -> any PendingReduction {
      let reduction = Reduction(values, rank: rank, size: size, groups: (group.first_phase, group.second_phase))
      pending.append(reduction)
      return Handle(reduction, self)
    }

    private final class Handle: PendingReduction {
      let reduction: Reduction
      let owner: MPICommunicator

      init(_ reduction: Reduction, _ owner: MPICommunicator) {
        self.reduction = reduction
        self.owner = owner
      }

      func wait() {
        while !reduction.isDone {
          let first = owner.pending[0]
          while !first.advance(waiting: true) {}
          owner.pending.removeFirst()
        }
      }
    }

    func progress() {
      // All ranks must begin the second exchanges in one order: none overtakes the one before it.
      for reduction in pending {
        _ = reduction.advance(waiting: false)
        if reduction.isInFirstPhase { break }
      }
      pending.removeAll(where: \.isDone)
    }

    func abort(_ reason: String, exitCode: Int32) -> Never {
      var name = [CChar](repeating: 0, count: 256)
      ranks_host_name(&name)
      let host = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      FileHandle.standardError.write(Data("rank \(rank) of \(size) on \(host): \(reason)\n".utf8))
      ranks_abort(exitCode)
      exit(exitCode)
    }

    func leave() {
      // MPI's own barrier would keep a core busy while another rank still works.
      var request = ranks_request()
      ranks_start_barrier(group.blocking, &request)
      while ranks_test(&request) == 0 { usleep(10_000) }
      ranks_finish()
    }
  }

  /// The two exchanges of one sum.
  private final class Reduction {
    private enum Phase {
      case exchanging, gathering, done
    }

    private let values: UnsafeMutableBufferPointer<Float>
    private let size: Int
    private let group: MPI_Comm
    private var phase = Phase.exchanging
    private let request = UnsafeMutablePointer<ranks_request>.allocate(capacity: 1)
    /// What this rank has received of all ranks, and their sum.
    private let received: UnsafeMutablePointer<Float>
    private let sum: UnsafeMutablePointer<Float>
    /// How many values each rank adds, and where they begin. Kept: MPI reads them while it works.
    private let counts, starts: UnsafeMutablePointer<CInt>
    private let receivedCounts, receivedStarts: UnsafeMutablePointer<CInt>
    private let own: Int

    /// Few values are sent to everybody, who adds them all: one exchange.
    private let isShort: Bool
    private static let shortest = 16_384

    init(_ values: UnsafeMutableBufferPointer<Float>, rank: Int, size: Int, groups: (MPI_Comm, MPI_Comm)) {
      self.values = values
      self.size = size
      group = groups.1
      isShort = values.count * size <= Self.shortest
      func array(_ value: (Int) -> Int) -> UnsafeMutablePointer<CInt> {
        let result = UnsafeMutablePointer<CInt>.allocate(capacity: size)
        for index in 0..<size { result[index] = CInt(value(index)) }
        return result
      }
      let chunk = (values.count + size - 1) / size
      func length(_ rank: Int) -> Int { min(values.count, (rank + 1) * chunk) - min(values.count, rank * chunk) }
      let own = length(rank)
      self.own = own
      counts = array(length)
      starts = array { min(values.count, $0 * chunk) }
      receivedCounts = array { _ in own }
      receivedStarts = array { $0 * own }
      received = .allocate(capacity: max(1, isShort ? size * values.count : size * own))
      sum = .allocate(capacity: max(1, own))
      request.initialize(to: ranks_request())
      if isShort {
        ranks_start_gather(groups.0, values.baseAddress!, CInt(values.count), received, request)
      } else {
        ranks_start_exchange(
          groups.0, values.baseAddress!, counts, starts, received, receivedCounts, receivedStarts, request)
      }
    }

    deinit {
      for pointer in [counts, starts, receivedCounts, receivedStarts] { pointer.deallocate() }
      received.deallocate()
      sum.deallocate()
      request.deallocate()
    }

    var isDone: Bool { phase == .done }
    var isInFirstPhase: Bool { phase == .exchanging }

    /// Goes on as far as messages have come; with `waiting`, by one phase. True when the sum is there.
    func advance(waiting: Bool) -> Bool {
      if phase == .done { return true }
      if waiting { ranks_wait(request) } else if ranks_test(request) == 0 { return false }
      if phase == .gathering {
        phase = .done
      } else if isShort {
        sumInOrder(received, count: values.count, of: size, into: values.baseAddress!)
        phase = .done
      } else {
        sumInOrder(received, count: own, of: size, into: sum)
        phase = .gathering
        ranks_start_gather_parts(group, sum, CInt(own), values.baseAddress!, counts, starts, request)
      }
      return phase == .done
    }
  }
#endif
