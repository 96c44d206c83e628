import Engine
import Foundation
import Models
import Notebook
import Ranks

/// One measured training: what ranks do together, and how.
struct ScalingJob: Codable, Equatable {
  enum Kind: String, Codable, CaseIterable {
    /// The default profile's classifier, batch normalisation over the whole batch.
    case classifier
    /// The same, batch normalisation by the rank.
    case ownStatistics = "classifier-own-statistics"
    /// The default profile's generator and discriminator.
    case generator
    /// Sums of growing size, without training.
    case sums
    /// One step of the paper's classifier, and of its generator and discriminator with every loss.
    case paperClassifier = "paper-classifier"
    case paperGenerator = "paper-generator"
  }

  var kind: Kind
  /// Pictures of the whole batch.
  var batch = 1
  var steps = 1
  var overlaps = true
  var bucketBytes = 4 << 20
  /// Threads of each rank; 0 for all cores.
  var threads = 1
}

/// What a rank's worker found.
struct ScalingAnswer: Codable, Equatable {
  /// Of a step, the median.
  var seconds = 0.0
  /// Of a step, the mean: waiting for sums after the backward pass.
  var waited = 0.0
  /// Of a step, by one rank.
  var operations = 0.0
  var reducedBytes = 0.0
  var parameters = 0
  /// Of `sums`: bytes, and seconds of each.
  var sums: [[Double]] = []
}

/// A process that measures one job as a rank. Rank 0 prints the answer as a line of JSON.
enum ScalingWorker {
  static func run(_ text: String) throws {
    let job = try JSONDecoder().decode(ScalingJob.self, from: Data(text.utf8))
    try withRanks { ranks in
      if job.threads > 0 { Parallel.threadCount = job.threads }
      let answer =
        switch job.kind {
        case .sums: sums(ranks)
        case .paperGenerator: try paperGenerator(job)
        default: try training(job, DataParallel(ranks))
        }
      if ranks.rank == 0 { print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)) }
    }
  }

  private static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

  private static func training(_ job: ScalingJob, _ parallel: DataParallel) throws -> ScalingAnswer {
    (parallel.overlaps, parallel.bucketBytes) = (job.overlaps, job.bucketBytes)
    let (parameters, step) = prepared(job, parallel)
    // Regularisations come at steps of their own: only whole rounds tell what a step costs.
    if job.steps > 1 { try step(0) }
    let (waited, bytes, operations) = (parallel.waitedSeconds, parallel.reducedBytes, OperationCounter.total)
    var times: [Double] = []
    for number in 0..<job.steps {
      parallel.communicator.barrier()
      let start = now
      try step(number)
      times.append(now - start)
    }
    let steps = Double(job.steps)
    return ScalingAnswer(
      seconds: job.kind == .generator ? Statistics.mean(times) : Statistics.median(times),
      waited: (parallel.waitedSeconds - waited) / steps,
      operations: Double(OperationCounter.total - operations) / steps,
      reducedBytes: Double(parallel.reducedBytes - bytes) / steps, parameters: parameters)
  }

  /// One step, or, for more than one, the mean over a round of them with their share of the regularisations.
  private static func paperGenerator(_ job: ScalingJob) throws -> ScalingAnswer {
    let (parameters, step) = prepared(job, .single)
    func cost(_ number: Int) throws -> SIMD2<Double> {
      let (operations, start) = (OperationCounter.total, now)
      try step(number)
      return SIMD2(Double(OperationCounter.total - operations), now - start)
    }
    var total = try cost(1)
    if job.steps > 1 {
      let cdtg = CDTGSettings.paper
      let withPath = try cost(cdtg.pathEvery)
      let withBoth = try cost(cdtg.r1Every)
      total += (withPath - total) / Double(cdtg.pathEvery) + (withBoth - withPath) / Double(cdtg.r1Every)
    }
    return ScalingAnswer(seconds: total.y, operations: total.x, parameters: parameters)
  }

  /// The number of trained values, and what does a step of a given number.
  private static func prepared(_ job: ScalingJob, _ parallel: DataParallel) -> (Int, (Int) throws -> Void) {
    var stream = RandomStream(seed: 1, name: "scaling")
    let isPaper = job.kind == .paperClassifier || job.kind == .paperGenerator
    let settings = PipelineSettings.profile(isPaper ? .paper : .default)
    let labels = (0..<job.batch).map { $0 % 20 }
    let share = parallel.begin(job.batch)
    switch job.kind {
    case .generator, .paperGenerator:
      let training = generator(job, settings, parallel, &stream)
      let pictures = share.normal([settings.cdtg.side, settings.cdtg.side, 3], from: &stream)
      training.discriminator.couple(parallel)
      return (training.networks.parameterCount + training.discriminator.parameterCount, {
        try training.step($0, pictures: pictures, labels: labels)
      })
    default:
      var network = settings.network
      network.classes = 20
      let model = ResNet(network, stream: &stream)
      parallel.synchronizesBatchNorm = job.kind != .ownStatistics
      model.couple(parallel)
      let parameters = model.parameters.map(\.parameter)
      let optimizer = Adam(parameters, learningRate: 1e-3, weightDecay: 1e-4)
      let side = settings.classifier.side
      let pictures = share.normal([side, side, 3], from: &stream)
      return (model.parameterCount, { _ in
        let loss = share.part(ofMean: crossEntropy(model(pictures).logits, share.part(of: labels)))
        optimizer.step(parallel.gradients(of: loss, withRespectTo: parameters.map(\.value)))
      })
    }
  }

  private static func generator(
    _ job: ScalingJob, _ settings: PipelineSettings, _ parallel: DataParallel, _ stream: inout RandomStream
  ) -> GeneratorTraining {
    var cdtg = settings.cdtg
    cdtg.batchSize = job.batch
    var guides = GeneratorGuides()
    if job.kind == .paperGenerator {
      var network = settings.network
      network.classes = 20
      let tail = ResNet(network, stream: &stream)
      var clip = CLIPConfiguration.vitB32
      // Texts are encoded once, before training.
      clip.text.layers = 1
      guides.features = tail
      guides.classifier = ClassifierGuide(model: tail, modelLabels: Array(0..<20))
      guides.text = TextGuide(
        model: CLIP(clip, stream: &stream), tokens: [[Int]](repeating: Array(1...clip.contextLength), count: 20))
    }
    let seed = RandomStream(seed: 2, name: "scaling")
    func networks() -> ConditionalGenerator {
      var stream = seed
      return ConditionalGenerator(cdtg.generatorConfiguration(classes: 20), featureCount: nil, stream: &stream)
    }
    let training = GeneratorTraining(
      settings: cdtg, networks: networks(), average: networks(),
      discriminator: Discriminator(cdtg.discriminatorConfiguration(classes: 20), stream: &stream), guides: guides,
      seed: 1)
    training.parallel = parallel
    return training
  }

  private static func sums(_ ranks: any Communicator) -> ScalingAnswer {
    var answer = ScalingAnswer()
    for bytes in [64, 1 << 10, 1 << 14, 1 << 17, 1 << 20, 1 << 22, 1 << 24, 1 << 26] {
      var values = [Float](repeating: 1, count: bytes / MemoryLayout<Float>.stride)
      let times = (0..<(bytes < 1 << 20 ? 200 : 9)).map { _ -> Double in
        ranks.barrier()
        let start = now
        values.withUnsafeMutableBufferPointer { ranks.allReduce($0) }
        return now - start
      }
      answer.sums.append([Double(bytes), Statistics.median(times)])
    }
    return answer
  }
}
