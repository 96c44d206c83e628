//: # How fast is the engine, beside PyTorch on the same machine?
//:
//: The engine is written for one purpose and one kind of processor. A modulated convolution scales, convolves with
//: *shared* weights, and scales again, where PyTorch builds a filter for every picture; 3 × 3 convolutions use
//: Winograd's method, forward and for both gradients; what can be one pass over memory is one; buffers are kept.
//: Does that pay? This experiment times the method's own work in turns: ours once, PyTorch once.
//:
//: The figures below are: our time over PyTorch's for each row; where the rows lie under this machine's ceilings; and
//: how the cost grows with threads, batch and picture side. Tables tell where the time of each row goes.
//:
//: Unlike the package's other reports **this one cannot be made again to the same bytes**, since times vary. So claims
//: are about ratios of times taken in turns, not about times; those of this machine stand in one table, named so, and
//: in `results.json`.
import LongTail
import Notebook

SpeedExperiment.run { speed in
  let notebook = speed.notebook

  //: ## Protocol
  //:
  //: Both sides do the same work on the same shapes with their own random values, after a run that is not counted.
  //: Short work is repeated within a round, which then counts as its median. A row's ratio is the median of its rounds'
  //: ratios; the smallest and the largest stand beside it. PyTorch's residual networks are timed in both of its memory
  //: layouts for three rounds, then in the faster one, which is compared. Memory is the most that either process held
  //: during the rounds, all of it: code, weights and buffers.
  notebook.text(speed.peerSummary)

  //: ## The machine's ceilings
  //:
  //: Measured, not looked up: a loop of fused multiply-adds that touches only registers, a product of large matrices,
  //: and a copy that fits no cache. The loop is compiled for AVX2, the product's library chooses its instructions when
  //: it runs; the larger of the two is the peak below.
  let peak = try speed.machinePeaks()
  notebook.table(
    speed.machineTable(one: peak.one, all: peak.all),
    caption: "This machine's own rates, each the best of several tries.")
  notebook.text(speed.peakSummary(one: peak.one, all: peak.all))

  //: ## Side by side
  //:
  //: *Share of the peak* counts the multiplications and additions of convolutions and products as the direct method
  //: would need them, so Winograd's method can pass the peak: its products need a quarter of them.
  let rows = try speed.measuredRows()
  notebook.table(
    rows, columns: speed.comparisonColumns(peak),
    caption: "Ratios of times and of peak memory, below one where ours is less; one thread's time over all threads'.")
  for row in rows { notebook.value(row.row.id, speed.json(row)) }
  notebook.plot(
    speed.ratioChart(rows), caption: "Our time over PyTorch's, median of the rounds, beside the project's target.")

  //: ## Under the roof
  //:
  //: Work with few operations per byte is bound by memory (the slope), work with many by arithmetic (the level). Bytes
  //: count each operand of each operation once, as if nothing stayed in cache from one operation to the next; a point
  //: above the slope found its operands there. A point above the level owes it to Winograd's method.
  notebook.plot(
    speed.roofline(rows, peak: peak.all),
    caption: "Rates of the rows, and of operations that take over a fiftieth of their row's time, under the ceilings.")

  //: ## Growing
  //:
  //: Threads share the pieces of an operation; what they cannot share is bookkeeping, and the memory's rate.
  notebook.plot(speed.threadChart(rows), caption: "How many times faster all threads are than one, medians of pairs.")

  //: Small networks are many short operations. To tell a thread, and to fetch what it wrote from its cache, takes some
  //: microseconds, so the shortest gain nothing by it. How many there are, and how far all threads would come if these
  //: were not shared at all and longer ones perfectly, one thread's trace tells. Beside the measured median stand the
  //: fastest runs of both: on a virtual machine neighbours slow one core or the other for seconds, and two threads meet
  //: that more often than one. Threads also wait for each other's caches: the last column is the rate of the ceilings'
  //: last line, measured beside each pair, which falls in such seconds too.
  notebook.table(
    speed.sharingTable(rows),
    caption: "Operations of one run; the share of one thread's time that brief ones, and what lies between operations, "
      + "take; and the bound that follows.")

  //: Twice the pictures should cost twice the time, and so should twice the pixels. Below, time per picture and time
  //: per pixel are set to one at the smallest size: a level line is growth in proportion, a falling one a fixed cost
  //: (weights are read, and in training updated, however few the pictures) that is shared by more and more.
  let batches = try speed.measured(SpeedSweep.batches)
  let sides = try speed.measured(SpeedSweep.sides)
  let pixels = { (side: Int) in Double(side * side) }
  notebook.plot(
    speed.growthPlot(
      batches, title: "Growing batches", xLabel: "pictures in a batch", yLabel: "time per picture, relative",
      work: Double.init),
    caption: "Time per picture of ResNet-50 and of a generator step, relative to the smallest batch.")
  notebook.plot(
    speed.growthPlot(
      sides, title: "Growing pictures", xLabel: "side, px", yLabel: "time per pixel, relative", work: pixels),
    caption: "Time per pixel of ResNet-50, relative to pictures of the smallest side.")

  //: ## Where the time goes
  //:
  //: One run of each row under the engine's own trace (`--trace FILE` writes it for a viewer). An operation's time is
  //: without that of the operations inside it; bytes count each operand once.
  for row in rows { notebook.table(speed.operationTable(row), caption: "\(row.row.title): where the time goes.") }

  //: ## This machine's own times
  //:
  //: For whoever compares machines; nothing is claimed about them.
  notebook.table(
    rows, columns: SpeedExperiment.absoluteColumns,
    caption: "Medians of this run on the machine named above, and peak memory.")

  //: ## Verdict
  //:
  //: Targets were set before the engine was tuned, from the distance between PyTorch's rate and the machine's. A claim
  //: about a row is decided by the median of its rounds.
  for claim in speed.timeClaims(rows) { notebook.claim(claim) }
  notebook.claim(speed.memoryClaim(rows))
  for claim in speed.threadClaims(rows, peak: peak) { notebook.claim(claim) }
  notebook.claim(
    speed.growthClaim("Time grows no faster than the batch (within a tenth).", batches, work: Double.init))
  notebook.claim(
    speed.growthClaim("Time grows no faster than the number of pixels (within a tenth).", sides, work: pixels))
}
