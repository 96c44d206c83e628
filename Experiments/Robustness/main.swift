//: # Does it hold when things break?
//:
//: A reproduction that takes days meets a power cut, a full disk, a second terminal and a file from a stranger. What
//: the package promises for these is shown here by breaking things on purpose, and counting.
//:
//: The pipeline under test is the ablation's own program with tiny sizes, so that a run takes seconds: all its stages,
//: checkpoints after every step, and the whole report. Every trial ends with a run that is compared with an unbroken
//: one, file by file, to the bit.
//:
//: Moments and times are this run's; so, unlike the package's other reports, **this one cannot be made again to the
//: same bytes**. Damage and random shapes follow from the seed, and each finding names what makes it again.
import Notebook
import Robustness

RobustnessExperiment.run { robustness in
  let notebook = robustness.notebook
  notebook.text(robustness.machineSummary)

  //: ## Kill anything
  //:
  //: A run is killed at a random moment between its start and its end, by SIGKILL, which no program can catch, or asked
  //: to stop by SIGINT or SIGTERM. All finished stages it left are checked against their checksums, and it is started
  //: again. *Took a stage over*: a lock still carried the name of the killed process.
  let kills = try robustness.kills()
  notebook.table(RobustnessExperiment.killTable(kills), caption: "Killed runs, started again and compared.")
  notebook.plot(
    RobustnessExperiment.killHistogram(kills), caption: "How many finished stages killed runs left.")
  notebook.claim(RobustnessExperiment.killClaim(kills))
  notebook.claim(RobustnessExperiment.halfStageClaim(kills))

  //: ## Two at once
  //:
  //: Two processes start on one store, the second while the first works. Each stage must be made by one of them and
  //: taken by the other; where the first is killed, the second must notice and go on.
  let pairs = try robustness.pairs()
  notebook.table(RobustnessExperiment.pairTable(pairs), caption: "Pairs of processes on one store.")
  notebook.claim(RobustnessExperiment.pairClaim(pairs))

  //: ## Full disks, closed folders, vanished data
  //:
  //: Each trial starts from a store that a killed run has left. It meets one trouble, with more or less room (or time)
  //: before it strikes. Then the trouble is taken away: what was finished before must be whole, and the next run must
  //: end as the unbroken one. Where the trouble strikes too late to matter, the run gets by.
  let disk = try robustness.disk()
  notebook.table(RobustnessExperiment.diskTable(disk), caption: "Trouble with the disk; folders cut off in messages.")
  notebook.claim(RobustnessExperiment.diskClaim(disk))

  //: ## The same bits
  //:
  //: The promise covers one instruction set and one kernel of OpenBLAS. Other kernels add in another order, so their
  //: rows are for information. A second machine was not at hand: that two machines of one kind agree is not shown here.
  let bits = try robustness.sameBits()
  notebook.table(
    RobustnessExperiment.sameBitsTable(bits), caption: "The pipeline under other circumstances, beside one thread.")
  notebook.claim(RobustnessExperiment.sameBitsClaim(bits))

  //: ## Hostile files
  //:
  //: Sound files are damaged: bits and bytes changed, numbers set to edges, pieces cut out, doubled, moved, repeated.
  //: Each reader must give values or an error of its own type, on one line. It runs in a process of its own with
  //: bounded memory; a crash, a trial of over half a minute, another error or a wrong value is a finding. Huge pictures
  //: in small files, and names that lead out of the data folder, have tests of their own (`ImageBombTests`,
  //: `LayoutTraversalTests`, the importers' tests).
  let fuzzing = try robustness.fuzzing()
  notebook.table(RobustnessExperiment.fuzzTable(fuzzing), caption: "Damaged input, by reader.")
  notebook.claim(RobustnessExperiment.fuzzClaim(fuzzing))

  //: ## Gradients
  //:
  //: For every operation of the engine and every loss, shapes, values and settings are drawn at random, and first and
  //: second derivatives are compared with finite differences. Values are float32, sums of them are taken in double
  //: precision, steps are exact powers of two, and Richardson's extrapolation removes what large steps bring: errors
  //: are of the largest gradient, and a case is wrong beyond two to eight thousandths.
  let gradients = try robustness.gradients()
  notebook.table(RobustnessExperiment.gradientTable(gradients), caption: "Gradients at random shapes.")
  notebook.claim(RobustnessExperiment.gradientClaim(gradients))

  //: ## The edges of float32
  let extremes = try robustness.extremes()
  notebook.table(RobustnessExperiment.extremeTable(extremes), caption: "Extreme values, beside double precision.")
  notebook.claim(RobustnessExperiment.extremeClaim(extremes))

  //: ## Memory
  //:
  //: Each stage is made in a process of its own, and the most that was resident, code and data included, is set beside
  //: what `--estimate` names.
  let stages = try robustness.stageMemory()
  if !stages.isEmpty {
    notebook.table(RobustnessExperiment.memoryTable(stages), caption: "Memory of each stage in the default profile.")
  }
  notebook.claim(RobustnessExperiment.memoryClaim(stages))

  //: A generator is trained, with its loader and its checkpoints, and the process's memory is read from outside.
  let soak = try robustness.soak()
  notebook.plot(RobustnessExperiment.soakPlot(soak), caption: "Resident memory of one training process.")
  notebook.claim(RobustnessExperiment.soakClaim(soak))

  //: Sound and broken input goes through libpng, TurboJPEG, libzip, zlib and OpenBLAS, round after round.
  let leaks = try robustness.leaks()
  notebook.claim(RobustnessExperiment.leakClaim(leaks))

  //: ## What is not run here
  //:
  //: Data races are looked for by the compiler's Thread Sanitizer, which needs a build of its own:
  //: `swift build --build-tests --sanitize=thread --scratch-path .build-tsan`, then `swift test` with the same options
  //: and `--skip-build --filter EngineTests`.
}
