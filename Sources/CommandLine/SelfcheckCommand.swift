import ArgumentParser
import Foundation
import LongTail
import Models

/// `tgn selfcheck`: our networks against the released code's answers.
struct SelfcheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "selfcheck",
    abstract: "Compare the networks with golden values of the released PyTorch code.",
    discussion: """
      Each JSON file of the folder is one case. Weights and inputs are rebuilt from a formula and the file's salt, \
      the network is run, and every quantity of the file (outputs, losses, gradients, double gradients) is compared: \
      the largest difference relative to the golden tensor's largest absolute value must stay within 1e-4 for values, \
      1e-3 for gradients and 1e-2 for the gradients of kmdn_distill_step. Files without a check are listed as not \
      covered. The exit status is 1 where a case fails. clip_tokens needs CLIP's public table of merges, \
      bpe_simple_vocab_16e6.txt.gz (or Hugging Face's vocab.json and merges.txt in a folder); it is skipped without.

      Example:
        tgn selfcheck --golden ../shared/golden --case tgn_generator_64 --verbose
      """)

  @Option(name: .long, help: ArgumentHelp("The folder of golden values.", valueName: "dir"))
  var golden: String

  @Option(name: .long, help: ArgumentHelp("Run only the case of this name; may be repeated.", valueName: "name"))
  var `case`: [String] = []

  @Option(name: .long, help: ArgumentHelp("CLIP's public table of merges, or its folder.", valueName: "path"))
  var tokenizer: String?

  @Flag(name: .long, help: "Print every quantity, not only the worst of each case.")
  var verbose = false

  @OptionGroup var tracing: TraceOptions

  func run() throws {
    var files = try Selfcheck.files(in: URL(fileURLWithPath: golden))
    let names = files.map { $0.deletingPathExtension().lastPathComponent }
    if let unknown = `case`.first(where: { !names.contains($0) }) {
      throw ValidationError("\(golden) has no case \(unknown); it has \(names.joined(separator: ", "))")
    }
    if !`case`.isEmpty { files = files.filter { `case`.contains($0.deletingPathExtension().lastPathComponent) } }

    var selfcheck = Selfcheck(tokenizer: tokenizer.map { URL(fileURLWithPath: $0) })
    selfcheck.checks.merge(imagingChecks) { mine, _ in mine }
    selfcheck.checks["ada_augment_64"] = checkAdaptiveAugmentation
    var table = SelfcheckTable(isVerbose: verbose)
    print(table.header)
    try tracing.recording {
      for file in files {
        print(table.lines(for: file.deletingPathExtension().lastPathComponent, selfcheck.run(file)), terminator: "")
        fflush(nil)
      }
    }
    print(table.summary)
    if table.failures > 0 { throw ExitCode(1) }
  }
}
