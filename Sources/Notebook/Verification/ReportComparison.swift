import Foundation

/// The experiment and the arguments that a report says it was made with.
public struct RecordedCommand {
  public let name: String
  public let arguments: [String]

  /// - Throws: `VerificationError`.
  public init(folder: URL) throws {
    let file = folder.appendingPathComponent(RecordedReport.file)
    let json: JSONValue
    do { json = try JSONValue(parsing: try Data(contentsOf: file)) } catch {
      throw VerificationError.unreadable(
        file: file.path, reason: (error as? JSONError)?.description ?? SystemReason.of(error))
    }
    guard let name = json["name"]?.string, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }),
      let arguments = json["provenance"]?["arguments"]?.strings
    else {
      throw VerificationError.malformed(
        file: file.path, part: "provenance.arguments", expected: "a list of texts (an older version did not keep it)")
    }
    (self.name, self.arguments) = (name, arguments)
  }

  /// The arguments with the data set's folder, of which a report keeps the last component alone.
  ///
  /// - Throws: `VerificationError` where the folder is needed and not given.
  public func arguments(data: String?) throws -> [String] {
    var words = arguments
    for (index, word) in words.enumerated() where word == "--data" || word.hasPrefix("--data=") {
      guard let data else {
        throw VerificationError.unreadable(file: word, reason: "the report was made with data on disk; give --data DIR")
      }
      if word != "--data" {
        words[index] = "--data=\(data)"
      } else if index + 1 < words.count {
        words[index + 1] = data
      }
    }
    return words
  }
}

/// Two folders of reports compared to the bit.
public enum ReportComparison {
  /// - Parameters:
  ///   - folder: The report that is checked.
  ///   - new: The same made again.
  public static func findings(of folder: URL, against new: URL) -> [ReportFinding] {
    let files = ["README.md", RecordedReport.file]
    let drawn = [folder, new].flatMap(figures)
    var findings: [ReportFinding] = []
    for name in files + Set(drawn).sorted() {
      let pair = [folder, new].map { FileManager.default.contents(atPath: $0.appendingPathComponent(name).path) }
      guard let mine = pair[0], let theirs = pair[1] else {
        findings.append(.wrong(name, pair[0] == nil ? "the rerun wrote it, the report lacks it" : "the rerun lacks it"))
        continue
      }
      if mine == theirs { continue }
      guard !name.hasSuffix(".png") else {
        findings.append(.wrong(name, "the rerun drew another picture"))
        continue
      }
      let lines = [mine, theirs].map {
        String(decoding: $0, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
      }
      let line = zip(lines[0], lines[1]).enumerated().first { $1.0 != $1.1 }?.offset
        ?? min(lines[0].count, lines[1].count)
      let shown = lines.map { $0.indices.contains(line) ? $0[line].prefix(120) : "(the end)" }
      findings.append(.wrong("\(name), line \(line + 1)", "it says “\(shown[0])”, the rerun “\(shown[1])”"))
    }
    return findings
  }

  private static func figures(in folder: URL) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("figures").path)
    return (names ?? []).map { "figures/" + $0 }
  }
}
