import Engine
import Foundation
import LongTail

let arguments = CommandLine.arguments
if arguments.count > 3 { Parallel.threadCount = Int(arguments[3])! }
let work = SpeedWorkload(arguments[1])!.prepared()!
work()
work()
let repeats = Int(arguments[2])!
var times: [Double] = []
for _ in 0..<repeats {
  let start = DispatchTime.now().uptimeNanoseconds
  work()
  times.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-6)
}
times.sort()
print(arguments[1], "threads", Parallel.threadCount, "median ms", times[repeats / 2], "min", times[0], "peak MiB", BufferPool.takePeakBytes() >> 20)
if arguments.count > 4 {
  let begin = DispatchTime.now().uptimeNanoseconds
  let (_, trace) = Trace.recording(work)
  let wall = Double(DispatchTime.now().uptimeNanoseconds - begin) * 1e-6
  print("wall", wall, "in operations", trace.totals().reduce(0) { $0 + $1.seconds } * 1e3, "spans", trace.spans.count)
  for total in trace.totals(byShape: arguments[4] == "shapes").prefix(40) {
    let (ms, gf, gb) = (total.seconds * 1e3, Double(total.operations) / total.seconds * 1e-9, Double(total.bytes) / total.seconds * 1e-9)
    print(String(format: "%9.2f ms %5d calls %8.1f GFLOP/s %7.1f GB/s  ", ms, total.calls, gf, gb) + total.name)
  }
}
