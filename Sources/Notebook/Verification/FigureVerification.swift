import Foundation

extension ReportVerification {
  /// Checksums of all figures, their values, and whether gnuplot draws the same picture from them.
  mutating func checkFigures() {
    let tool = try? Gnuplot()
    for (index, json) in record.figures.enumerated() {
      let number = index + 1
      let place = "\(RecordedReport.file), figure \(number)"
      guard let name = json["file"]?.string, !name.split(separator: "/").contains("..") else {
        add(.wrong(place, "it names no file"))
        continue
      }
      guard let data = FileManager.default.contents(atPath: folder.appendingPathComponent(name).path) else {
        add(.wrong(name, "figure \(number) is missing"))
        continue
      }
      if Checksum.sha256(of: data) != json["sha256"]?.string {
        add(.wrong(name, "the file is not the one that the experiment drew: its SHA-256 is another"))
      }
      if json["kind"]?.string == "image" { continue }
      traceFigure(json, number: number)
      guard let figure = FigureReading.figure(json) else {
        let kind = json["kind"]?.string ?? ""
        add(FigureReading.kinds.contains(kind)
          ? .wrong(place, "its values cannot be read")
          : .unchecked(place, "it was not drawn again: how “\(kind)” is drawn is not known here"))
        continue
      }
      guard let tool else {
        add(.unchecked(name, "gnuplot is not installed, so it was not drawn again"))
        continue
      }
      let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("figure-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: scratch) }
      do {
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        if try tool.svg(of: figure, in: scratch) != data {
          add(.wrong(name, "its recorded values draw another picture with this gnuplot and this package"))
        }
      } catch { add(.wrong(place, "it cannot be drawn again: \(error)")) }
    }
    note("figures", record.figures.count)
    // Files that nobody drew.
    let known = Set(record.figures.compactMap { $0["file"]?.string })
    let drawn = folder.appendingPathComponent("figures").path
    for file in ((try? FileManager.default.contentsOfDirectory(atPath: drawn)) ?? []).sorted() where !known.contains("figures/" + file) {
      add(.wrong("figures/" + file, "no experiment drew it"))
    }
  }

  /// Samples must be raw values of seeds, and what is drawn must be their means and standard deviations; other values
  /// are looked for among the raw ones.
  private mutating func traceFigure(_ json: JSONValue, number: Int) {
    let place = "\(RecordedReport.file), figure \(number)"
    var (alone, all) = (0, 0)
    func count(_ values: [Double]) {
      for value in values where value.isFinite {
        all += 1
        if !recorded.contains(value) { alone += 1 }
      }
    }
    for series in (json["series"]?.array ?? []) + (json["accuracies"]?.array ?? []) + (json["groups"]?.array ?? []) {
      let drawn = series["values"]?.doubles ?? series["y"]?.doubles ?? []
      guard let samples = series["samples"]?.array?.map({ $0.doubles ?? [] }) else {
        count(drawn + (series["rate"]?.doubles ?? []))
        continue
      }
      all += drawn.count
      for (index, values) in samples.enumerated() {
        if !recorded.contains(values) && !(values.count == 1 && recorded.contains(values[0])) {
          let name = series["name"]?.string ?? ""
          add(.wrong(place, "the samples \(values) of “\(name)” are nowhere among the raw values"))
        }
        let errors = series["errors"]?.doubles
        let deviation = values.count > 1 ? Statistics.standardDeviation(values) : 0
        if drawn.indices.contains(index), !same(drawn[index], Statistics.mean(values)) {
          add(.wrong(place, "\(drawn[index]) of “\(series["name"]?.string ?? "")” is not the mean of \(values)"))
        }
        if let errors, errors.indices.contains(index), !same(errors[index], deviation) {
          add(.wrong(place, "\(errors[index]) of “\(series["name"]?.string ?? "")” is not the deviation of \(values)"))
        }
      }
    }
    for row in json["values"]?.array ?? [] { count(row.doubles ?? []) }
    for entry in json["classes"]?.array ?? [] { count(["count", "added"].compactMap { entry[$0]?.double }) }
    if alone > 0 {
      add(.unchecked(place, "\(alone) of its \(all) values stand there alone: what they come from was not recorded"))
    }
  }

  private func same(_ one: Double, _ other: Double) -> Bool { one == other || (one.isNaN && other.isNaN) }
}
