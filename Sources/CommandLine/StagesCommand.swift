import ArgumentParser
import Foundation
import LongTail
import Notebook

/// `tgn stages`: the store of finished work.
struct StagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stages", abstract: "Show and clean the store of finished stages.",
    discussion: """
      Examples:
        tgn stages list
        tgn stages show generator
        tgn stages prune --help
      """,
    subcommands: [StagesListCommand.self, StagesShowCommand.self, StagesPruneCommand.self])
}

/// The store that a command looks at.
struct StoreOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Folder of finished stages.", valueName: "dir"))
  var store = ".stages"

  func inventory() throws -> StageInventory {
    try StageInventory(directory: URL(fileURLWithPath: store, isDirectory: true))
  }
}

struct StagesListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List what the store holds: size, when it was last used, and who works on it.",
    discussion: """
      Examples:
        tgn stages list
        tgn stages list --store /scratch/stages
      """)

  @OptionGroup var store: StoreOptions

  func run() throws {
    let inventory = try store.inventory()
    print(stagesTable(inventory.entries))
    print("\(NumberFormat.count(inventory.entries.count)) stages, \(sizeText(inventory.bytes))")
  }
}

struct StagesShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a stage was made from, its files, and whether they are as they were.",
    discussion: """
      Examples:
        tgn stages show tail-model-3fa9c1d2
        tgn stages show classifier            # every stage whose name begins so
      """)

  @Argument(help: "The beginning of the stage's name and key, as `list` gives them.") var stage: String
  @OptionGroup var store: StoreOptions

  func run() throws {
    let inventory = try store.inventory()
    let found = inventory.entries(beginning: stage)
    if found.isEmpty { throw ValidationError("\(store.store): no stage begins with '\(stage)'; see `tgn stages list`") }
    for entry in found {
      print(entry.id)
      guard entry.kind == .finished else {
        print("  not finished; \(sizeText(entry.bytes)) to go on from")
        continue
      }
      if let description = try? inventory.description(of: entry) {
        print("  version \(description.version), key \(description.hash)")
        print("  settings \(description.settings)")
        for input in description.inputs { print("  from \(input.name)-\(input.hash.prefix(16))") }
        for file in description.files { print("  \(file.path)  \(sizeText(file.bytes))") }
      }
      let fault = inventory.fault(of: entry)
      let verdict = fault.map { "DAMAGED: it \($0); the next run makes it again" }
      print("  " + (verdict ?? "all files are as they were made"))
    }
  }
}

struct StagesPruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Remove stages by age and size. Without --yes it only says what it would remove.",
    discussion: """
      --unused-days removes what was not made or reused for so many days; --keep removes the longest unused until the \
      rest is no larger. What a process works on stays. A removed stage is made again when it is needed.

      Examples:
        tgn stages prune --unused-days 30
        tgn stages prune --keep 5G --yes
        tgn stages prune --unused-days 7 --keep 500M --store /scratch/stages --yes
      """)

  @Option(help: "Remove what was not used for so many days.") var unusedDays: Double?
  @Option(
    help: ArgumentHelp("Remove the longest unused until the rest is no larger, such as 500M or 5G.", valueName: "size"))
  var keep: String?
  @Flag(help: "Remove, instead of only saying what would be removed.") var yes = false
  @OptionGroup var store: StoreOptions

  func validate() throws {
    if unusedDays == nil && keep == nil { throw ValidationError("give --unused-days, --keep or both") }
    if let unusedDays, !(unusedDays >= 0) { throw ValidationError("--unused-days \(unusedDays): give 0 or more") }
    if let keep, bytes(of: keep) == nil { throw ValidationError("--keep \(keep): give a size such as 500M or 5G") }
  }

  func run() throws {
    let inventory = try store.inventory()
    let selected = inventory.selection(unusedFor: unusedDays.map { $0 * 86_400 }, keeping: keep.flatMap(bytes))
    if selected.isEmpty { return print("Nothing to remove.") }
    print(stagesTable(selected))
    guard yes else {
      let size = sizeText(selected.reduce(0) { $0 + $1.bytes })
      return print("Would remove these \(selected.count) stages, \(size); repeat the command with --yes to do it.")
    }
    let removed = try selected.filter { entry in
      let isRemoved = try inventory.remove(entry)
      if !isRemoved { print("\(entry.id): a process works on it; it stays") }
      return isRemoved
    }
    print("Removed \(removed.count) stages, \(sizeText(removed.reduce(0) { $0 + $1.bytes })).")
  }

  /// "500M" as bytes, in powers of 1024.
  private func bytes(of text: String) -> Int? {
    let powers: [Character: Int] = ["K": 10, "M": 20, "G": 30, "T": 40]
    let power = text.last.flatMap { powers[Character($0.uppercased())] }
    guard let number = Double(power == nil ? text[...] : text.dropLast()), number >= 0, number < 1e6 || power == nil
    else { return nil }
    return Int(exactly: (number * Double(1 << (power ?? 0))).rounded())
  }
}

private func stagesTable(_ entries: [StageInventory.Entry]) -> String {
  var table = TextTable(["stage", "state", "size", "last used"], words: [0, 1, 3])
  let format = ISO8601DateFormatter()
  for entry in entries {
    let state = entry.owner.map { "\($0)" } ?? (entry.kind == .finished ? "finished" : "stopped")
    table.append([entry.id, state, sizeText(entry.bytes), format.string(from: entry.lastUsed)])
  }
  return table.text
}

private func sizeText(_ bytes: Int) -> String {
  if bytes < 1 << 10 { return "\(bytes) B" }
  let power = bytes < 1 << 20 ? 10 : bytes < 1 << 30 ? 20 : 30
  let unit = [10: "KiB", 20: "MiB", 30: "GiB"][power]!
  return NumberFormat.fixed(Double(bytes) / Double(1 << power), digits: 1) + " " + unit
}
