import Engine
import Foundation
import Imaging
import Notebook

/// Carries out an `ImportPlan`: opens each picture once, writes its crops, and in the end both annotation files, the
/// class list and `manifest.json`.
///
/// Each finished picture is noted with the checksum of its crops. A run that was killed goes on from there, and the
/// result is the same to the byte as that of an unbroken run, on any number of threads.
public struct CropRun {
  public let plan: ImportPlan
  public let settings: CropSettings
  public let output: URL
  /// Leaves pictures out that cannot be decoded, and lists them; otherwise the run ends with an error.
  public let skipsBroken: Bool

  /// - Parameter output: A folder that is new, empty or of an earlier run of the same plan and settings.
  public init(_ plan: ImportPlan, settings: CropSettings = .init(), into output: URL, skipsBroken: Bool = false) {
    self.plan = plan
    self.settings = settings
    self.output = output
    self.skipsBroken = skipsBroken
  }

  private struct Job {
    let split: TGNLayout.Split
    let image: AnnotatedImage
    /// What crops are named after.
    let stem: String
  }

  private var workFolder: URL { output.appendingPathComponent(".prepare") }
  private var journalFile: URL { workFolder.appendingPathComponent("journal") }
  private var manifestFile: URL { output.appendingPathComponent(CropManifest.fileName) }

  /// - Throws: `ImportError`
  @discardableResult
  public func run() throws -> CropManifest {
    try settings.validate()
    let header = CropJournal.Header(planSHA256: plan.checksum, settings: settings)
    let earlier = try earlierEntries(header)
    try writing(output) {
      for split in TGNLayout.Split.allCases {
        for label in plan.classNames.indices { try makeFolder(output.appendingPathComponent("\(split)/\(label)")) }
      }
      try makeFolder(output.appendingPathComponent("anno"))
      try makeFolder(workFolder)
    }
    var lock: ProcessLock?
    try writing(output) {
      lock = try ProcessLock(workFolder.appendingPathComponent("lock"), wait: .untilFree { [output] owner in
        let who = owner.map { "\($0)" } ?? "another process"
        Console.standardError.say("\(output.path): \(who) prepares it; waiting")
      })
    }
    defer { withExtendedLifetime(lock) {} }
    var journal: CropJournal!
    try writing(journalFile) { journal = try CropJournal(journalFile, header: header) }

    let jobs = namedJobs()
    let results = CropResults(count: jobs.count)
    let bar = ProgressBar("Cropping", total: jobs.count)
    Parallel.pieces(jobs.count) { number in
      guard !results.isStopped else { return }
      do {
        let job = jobs[number]
        let old = earlier["\(job.split)/\(job.image.path)"]
        if let old, isIntact(old, job) {
          results.set(number, .success(old))
        } else {
          let entry = try crop(job, number: number)
          try writing(journalFile) { try journal.add(entry) }
          results.set(number, .success(entry))
        }
      } catch let error as ImageError {
        results.set(number, .failure(error))
        if skipsBroken { removeCrops(of: jobs[number], keeping: []) }
      } catch {
        results.stop(error)
      }
      bar.advance()
    }
    bar.finish()
    if let error = results.stopped { throw error }
    return try finish(jobs, results)
  }

  // MARK: One picture

  /// - Throws: `ImageError` for a picture that cannot be decoded, `ImportError` for a disk that refuses.
  private func crop(_ job: Job, number: Int) throws -> CropManifest.Entry {
    let source = plan.folder.url(job.image.path)
    let data: Data
    do { data = try Data(contentsOf: source) } catch {
      throw ImageError.unreadable(file: source.path, reason: SystemReason.of(error))
    }
    let picture = try Image(data: data, name: source.path)
    var entry = CropManifest.Entry(
      split: job.split, image: job.image.path, sourceBytes: data.count, sourceSHA256: Checksum.sha256(of: data),
      crops: [], cropsSHA256: "", clipped: 0, skipped: [])
    var crops = [(name: String, data: Data)]()
    for object in job.image.objects {
      let whole = CropBox(left: 0, top: 0, right: Double(picture.width), bottom: Double(picture.height))
      let pixels = (object.box ?? whole).pixels(
        width: picture.width, height: picture.height, minimumSide: settings.minimumSide, padding: settings.padding)
      switch pixels {
      case .skipped(let reason):
        entry.skipped.append(
          .init(
            annotation: job.image.annotation, position: object.position, object: object.index, reason: reason))
      case .crop(let x, let y, let width, let height, let isClipped):
        // A picture that is the object already is kept byte for byte: coding it again would only lose.
        let isKept = object.box == nil && settings.format.matches(data)
        let cropData = try isKept
          ? data : encoded(picture.cropped(x: x, y: y, width: width, height: height), name: source.path)
        crops.append((cropName(of: object, job), cropData))
        if isClipped { entry.clipped += 1 }
      }
    }
    for (name, data) in crops {
      // Not beside its place: what a killed run leaves there would count as a picture of the class.
      let temporary = workFolder.appendingPathComponent("\(number).writing")
      try writing(output.appendingPathComponent("\(job.split)/\(name)")) {
        try data.write(to: temporary)
        let target = output.appendingPathComponent("\(job.split)/\(name)").path
        guard rename(temporary.path, target) == 0 else {
          throw NSError(domain: NSPOSIXErrorDomain, code: Int(errno))
        }
      }
    }
    entry.crops = crops.map(\.name)
    removeCrops(of: job, keeping: Set(entry.crops))
    entry.cropsSHA256 = CropManifest.checksum(ofCrops: crops)
    return entry
  }

  private func encoded(_ image: Image, name: String) throws -> Data {
    switch settings.format {
    case .png: return try image.pngData()
    case .jpeg: return try image.jpegData(quality: settings.quality)
    }
  }

  private func cropName(of object: AnnotatedObject, _ job: Job) -> String {
    "\(object.label)/\(job.stem)_\(object.index).\(settings.format.ending)"
  }

  /// Removes what an earlier run took from a picture that has since changed: the released code counts every file.
  private func removeCrops(of job: Job, keeping kept: Set<String>) {
    for object in job.image.objects {
      let name = cropName(of: object, job)
      if !kept.contains(name) { unlink(output.appendingPathComponent("\(job.split)/\(name)").path) }
    }
  }

  /// Whether an earlier run's crops are all there, and the picture has not changed in size.
  private func isIntact(_ entry: CropManifest.Entry, _ job: Job) -> Bool {
    // The entry was read from a file, which may say anything.
    let possible = Set(job.image.objects.map { cropName(of: $0, job) })
    guard possible.isSuperset(of: entry.crops) else { return false }
    let source = plan.folder.url(job.image.path).path
    let bytes = (try? FileManager.default.attributesOfItem(atPath: source)[.size] as? NSNumber)?.intValue
    guard bytes == entry.sourceBytes else { return false }
    let crops = entry.crops.compactMap { name -> (name: String, data: Data)? in
      let file = output.appendingPathComponent("\(entry.split)/\(name)")
      return (try? Data(contentsOf: file)).map { (name, $0) }
    }
    return crops.count == entry.crops.count && CropManifest.checksum(ofCrops: crops) == entry.cropsSHA256
  }

  // MARK: All pictures

  /// Every picture with a name for its crops: that of its file, with a number where another file has it already.
  private func namedJobs() -> [Job] {
    TGNLayout.Split.allCases.flatMap { split -> [Job] in
      var used = Set<String>()
      return plan.images(split).map { image in
        // Pictures of different classes lie in different folders; only whole-picture data sets repeat names.
        let isWhole = image.objects.count == 1 && image.objects[0].box == nil
        let folder = isWhole ? "\(image.objects[0].label)/" : ""
        // White space would end a file's name in the released code's annotation files.
        let file = FileName.last(of: image.path)
        let plain = String(FileName.stem(of: file).map { $0.isWhitespace || $0 < " " ? "_" : $0 })
        var stem = plain
        var copy = 2
        while !used.insert(folder + stem).inserted {
          stem = "\(plain)-\(copy)"
          copy += 1
        }
        return Job(split: split, image: image, stem: stem)
      }
    }
  }

  /// What earlier runs of the same plan finished.
  ///
  /// - Throws: `ImportError.otherPlan`, `.foreignFolder` where the folder holds anything else.
  private func earlierEntries(_ header: CropJournal.Header) throws -> [String: CropManifest.Entry] {
    var entries = [CropManifest.Entry]()
    var isOurs = false
    if let data = try? Data(contentsOf: manifestFile) {
      guard let manifest = try? JSONDecoder().decode(CropManifest.self, from: data) else {
        throw ImportError.foreignFolder(output.path, file: CropManifest.fileName)
      }
      guard manifest.planSHA256 == header.planSHA256, manifest.settings == header.settings else {
        throw ImportError.otherPlan(folder: output.path)
      }
      entries += manifest.entries
      isOurs = true
    }
    if let journal = CropJournal.read(journalFile) {
      guard journal.header == header else { throw ImportError.otherPlan(folder: output.path) }
      entries += journal.entries
      isOurs = true
    }
    // Before the journal there is its folder alone.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: output.path)) ?? []
    if !isOurs, let other = names.sorted().first(where: { !$0.hasPrefix(".") && !isEmptyTree($0) }) {
      throw ImportError.foreignFolder(output.path, file: other)
    }
    return Dictionary(entries.map { ("\($0.split)/\($0.image)", $0) }, uniquingKeysWith: { $1 })
  }

  private func isEmptyTree(_ name: String) -> Bool {
    (try? DurableFiles.list(output.appendingPathComponent(name)).isEmpty) ?? false
  }

  private func finish(_ jobs: [Job], _ results: CropResults) throws -> CropManifest {
    var entries = [CropManifest.Entry]()
    var broken = [CropManifest.BrokenImage]()
    for (job, result) in zip(jobs, results.all) {
      switch result! {
      case .success(let entry): entries.append(entry)
      case .failure(let error):
        guard skipsBroken else { continue }
        let reason = "\(error)".replacingOccurrences(of: plan.folder.root.path + "/", with: "")
        broken.append(.init(image: job.image.path, reason: reason))
      }
    }
    let failures = results.failures
    if let first = failures.first, !skipsBroken {
      throw ImportError.brokenImages(count: failures.count, first: "\(first)")
    }

    let files = TGNLayout.Split.allCases.map { split in
      (split, annotation(entries.filter { $0.split == split }))
    }
    let classText = plan.classNames.enumerated().map { "\($0) \($1)\n" }.joined()
    let skipped = plan.skipped + entries.flatMap(\.skipped)
    let counts = files.map { counted($0.1) }
    let manifest = CropManifest(
      name: plan.name, settings: settings, planSHA256: plan.checksum,
      classes: plan.classNames.enumerated().map { .init(name: $1, train: counts[0][$0], test: counts[1][$0]) },
      clipped: entries.reduce(0) { $0 + $1.clipped },
      skippedCounts: Dictionary(skipped.map { ($0.reason.rawValue, 1) }, uniquingKeysWith: +), skipped: skipped,
      broken: broken, entries: entries,
      sha256: Checksum.sha256(
        of: files.map(\.1).joined() + classText + entries.map { $0.cropsSHA256 + "\n" }.joined()))
    try writing(output) {
      for (split, text) in files {
        let file = output.appendingPathComponent("anno/\(plan.name)_\(split).txt")
        try DurableFiles.replace(file, with: Data(text.utf8))
      }
      try DurableFiles.replace(output.appendingPathComponent("anno/classes.txt"), with: Data(classText.utf8))
      try DurableFiles.replace(manifestFile, with: CropManifest.encoded(manifest, pretty: true))
      try FileManager.default.removeItem(at: workFolder)
    }
    return manifest
  }

  /// Lines "LABEL/FILE LABEL", by label, then in the order of the pictures.
  private func annotation(_ entries: [CropManifest.Entry]) -> String {
    var lines = [String](repeating: "", count: plan.classNames.count)
    for crop in entries.lazy.flatMap(\.crops) {
      let label = Int(crop.prefix { $0 != "/" })!
      lines[label] += "\(crop) \(label)\n"
    }
    return lines.joined()
  }

  private func counted(_ annotation: String) -> [Int] {
    var counts = [Int](repeating: 0, count: plan.classNames.count)
    for line in annotation.split(separator: "\n") { counts[Int(line.prefix { $0 != "/" })!] += 1 }
    return counts
  }

  private func makeFolder(_ url: URL) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  private func writing(_ file: URL, _ work: () throws -> Void) throws {
    do { try work() } catch {
      throw ImportError.unwritable(file: file.path, reason: SystemReason.of(error))
    }
  }
}
