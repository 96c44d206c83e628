//: # What does training gain from more machines?
//:
//: The paper's profile takes weeks on two cores. There are two ways to spread it. A *sweep* gives each process networks
//: of its own: it scales as far as there are networks. *Data-parallel* training gives each process a share of every
//: batch: after each step the gradients are summed over all, and the processes wait for each other. What does that
//: cost?
//:
//: The figures below are: how the time for a sum grows with its bytes; how many times as fast several ranks are, with
//: one batch for all (*strong* scaling) and as many pictures for each (*weak*); and what a model makes of these for a
//: cluster. The model is arithmetic over stated inputs, not a measurement.
//:
//: Like that of `exp-engine-speed`, **this report cannot be made again to the same bytes**, since times vary.
import LongTail
import Notebook

ScalingExperiment.run { scaling in
  let notebook = scaling.notebook

  //: ## Protocol
  //:
  //: Ranks are processes that `mpirun` starts, on one thread each. They train the default profile's networks on random
  //: pictures: the classifier (batch normalisation over the whole batch, which needs two small messages for each of
  //: its layers, or by the rank) and the generator with its discriminator, whose step is the mean over whole rounds of
  //: the regularisations. A first step is not counted.
  notebook.text(scaling.machineSummary)

  //: ## Summing
  //:
  //: A sum is two exchanges: each rank gets its part of everybody's values, adds them in the order of the ranks, and
  //: gives the sum to all. Short sums are one exchange.
  let sums = try scaling.measuredSums()
  notebook.plot(scaling.sumPlot(sums), caption: "Time of a sum over all measured ranks, by its bytes.")
  notebook.table(scaling.sumTable(sums), caption: "The same, medians, and bytes summed a second.")

  //: ## Ranks on this machine
  //:
  //: *Efficiency* is the speed-up over one rank for each rank. *Waiting* is the part of a step that passes between the
  //: end of the backward pass and the last sum: for messages, and for ranks that are behind.
  let (strong, weak, without) = try scaling.measuredTrainings()
  for (name, rows) in [("strong", strong), ("weak", weak), ("without overlap", without)] {
    notebook.value(name, .array(rows.map(\.json)))
  }
  notebook.table(scaling.trainingTable(strong), caption: "Strong scaling: one batch for all ranks.")
  notebook.plot(
    scaling.speedUpPlot(strong, title: "Strong scaling, measured"), caption: "Speed-up with one batch for all ranks.")
  notebook.table(scaling.trainingTable(weak), caption: "Weak scaling: as many pictures for each rank as one rank had.")
  notebook.plot(
    scaling.speedUpPlot(weak, title: "Weak scaling, measured"),
    caption: "Speed-up with as many pictures for each rank.")

  //: Gradients are summed in buckets, each as soon as the backward pass has finished it, so that messages travel while
  //: the rest is computed. Within one machine a message is work of the same cores, and there is little to hide.
  notebook.table(
    scaling.overlapTable(with: strong, without: without), caption: "The same training with and without overlap.")

  //: ## A cluster, by a model
  //:
  //: A step is computing, sums, and small messages. For N nodes:
  //:
  //: - computing: the operations of a node's pictures over its rate;
  //: - sums: buckets · 2 (N − 1) · latency + 2 (N − 1)/N · bytes / bandwidth;
  //: - small messages (statistics of batch normalisation, losses): their number · ⌈log₂ N⌉ · latency.
  //:
  //: Overlap hides sums behind the backward pass, two thirds of the computing, as far as that goes. Nodes are taken to
  //: be alike and never to wait for data or for each other, so the model is a bound from above. Operations are those of
  //: one step of the paper's networks, counted here (the smoke profile leaves out the regularisations); bytes include
  //: the layer that takes the tail model's features, over four fifths of the generator's weights.
  let works = try scaling.paperWork()
  notebook.table(scaling.inputTable, caption: "What the projection is made from; each can be set.")
  notebook.table(scaling.workTable(works), caption: "The paper's profile.")
  notebook.table(
    scaling.weakTable(works), caption: "Weak scaling: every node has the paper's batch. Efficiency by the model.")
  notebook.plot(scaling.weakPlot(works), caption: "Projected efficiency where every node has the paper's batch.")
  notebook.plot(scaling.strongPlot(works), caption: "Projected speed-up where all nodes share 256 pictures.")
  notebook.plot(scaling.costChart(works), caption: "What messages cost beside the computing, without overlap.")

  //: ## Verdict
  //:
  //: The paper's own batches (32 for classifiers, 8 for the generator) cannot be shared by 64 nodes: on a cluster
  //: either the batch grows, which is another training, or networks are spread by a sweep, which costs nothing.
  let claims = [
    scaling.claim("All ranks reach three quarters of their number (weak scaling).", weak, efficiency: 0.75),
    scaling.claim("With one batch for all they reach half of it (strong scaling).", strong, efficiency: 0.5),
    scaling.claim("On the largest cluster nine tenths of a step is computing.", works, efficiency: 0.9),
  ]
  for claim in claims { notebook.claim(claim) }
}
