import Foundation

/// Where a report's numbers come from. It holds nothing that differs between machines, threads or folders.
public struct Provenance: Sendable {
  /// A named fact: a data set and its content hash, a program and its version.
  public struct Fact: Equatable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The command's arguments as typed.
  public var arguments: [String]
  /// What `swift run` needs besides, such as a package trait.
  public var buildOptions: [String]
  public var profile: String?
  public var seeds: [UInt64]
  /// Name and content hash of each data set.
  public var dataSets: [Fact]
  /// Name and checksum of each file of starting weights.
  public var startingWeights: [Fact]
  /// Versions of Swift, OpenBLAS and whatever else the numbers depend on.
  public var versions: [Fact]

  public init(
    arguments: [String] = Array(CommandLine.arguments.dropFirst()), buildOptions: [String] = [],
    profile: String? = nil, seeds: [UInt64] = [], dataSets: [Fact] = [], startingWeights: [Fact] = [],
    versions: [Fact] = []
  ) {
    self.arguments = arguments
    self.buildOptions = buildOptions
    self.profile = profile
    self.seeds = seeds
    self.dataSets = dataSets
    self.startingWeights = startingWeights
    self.versions = versions
  }

  /// Options that say where and how fast a run happens and cannot change a number in the report.
  static let optionsWithoutEffect: Set<String> = ["--threads", "--out", "--store", "--trace", "--checkpoint-seconds"]
  static let flagsWithoutEffect: Set<String> = ["--fresh"]

  /// The command that makes this report.
  func command(name: String) -> String {
    (["swift", "run"] + buildOptions + ["exp-\(name)"] + shownArguments.map(Self.shellQuoted)).joined(separator: " ")
  }

  /// The arguments without options that cannot change the report, paths cut to their last component.
  var shownArguments: [String] {
    var words: [String] = []
    var remaining = arguments[...]
    while let argument = remaining.popFirst() {
      if Self.flagsWithoutEffect.contains(argument) { continue }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if Self.optionsWithoutEffect.contains(parts[0]) {
        if parts.count == 1 { _ = remaining.popFirst() }
        continue
      }
      if argument.hasPrefix("--"), parts.count == 2 {
        words.append(parts[0] + "=" + Self.lastComponent(parts[1]))
      } else {
        words.append(Self.lastComponent(argument))
      }
    }
    return words
  }

  /// The last component of what is a path: whatever contains a slash.
  private static func lastComponent(_ text: String) -> String {
    text.contains("/") ? text.split(separator: "/").last.map(String.init) ?? "/" : text
  }

  private static func shellQuoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
        || "-_=.,:+@%".unicodeScalars.contains($0)
    }
    return plain && !word.isEmpty ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
  }

  func markdown(name: String, source: String, sourceChecksum: String) -> String {
    var table = Table(columns: [.init("", .left), .init("", .left)])
    func add(_ key: String, _ value: String) { table.append([.text(key), .text(value)]) }
    add("Command", "`\(command(name: name))`")
    if let profile { add("Profile", profile) }
    if !seeds.isEmpty { add("Seeds", seeds.map(String.init).joined(separator: ", ")) }
    for fact in dataSets { add("Data: \(fact.name)", "`\(fact.value)`") }
    for fact in startingWeights { add("Starting weights: \(fact.name)", "`\(fact.value)`") }
    for fact in versions { add(fact.name, fact.value) }
    add("Source (\(source), SHA-256)", "`\(sourceChecksum)`")
    return "## Provenance\n\n\(table.markdown())"
  }

  func json(name: String, source: String, sourceChecksum: String) -> JSONValue {
    // Lists, since their order is the table's.
    func facts(_ list: [Fact]) -> JSONValue {
      .array(list.map { ["name": .string($0.name), "value": .string($0.value)] })
    }
    var json: [String: JSONValue] = [
      "command": .string(command(name: name)), "arguments": .strings(shownArguments),
      "profile": profile.map(JSONValue.string) ?? .null, "seeds": .strings(seeds.map(String.init)),
      "dataSets": facts(dataSets), "startingWeights": facts(startingWeights), "versions": facts(versions),
      "source": .string(source), "sourceChecksum": .string(sourceChecksum),
    ]
    if !buildOptions.isEmpty { json["buildOptions"] = .strings(buildOptions) }
    return .object(json)
  }
}
