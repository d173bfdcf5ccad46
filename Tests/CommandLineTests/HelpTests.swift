import TestSupport
import Testing

@Suite("Help")
struct HelpTests {
  @Test(
    "help goes to standard output and is no failure",
    arguments: [
      "", "run", "serve", "listen", "sources", "info", "convert", "encode", "decode", "plot", "train", "evaluate",
      "compose", "view",
      "benchmark", "benchmark run",
    ])
  func help(command: String) throws {
    let outcome = try Program.shell("ganglion \(command) --help")
    #expect(outcome.code == 0)
    #expect(outcome.lines.contains { $0.hasPrefix("USAGE: ganglion \(command)") })
    #expect(outcome.errors == "")
  }

  @Test("the laboratory's too", arguments: ["", "experiment srnn-scbam", "benchmark networks"])
  func laboratory(command: String) throws {
    let outcome = try Program.shell("ganglion-lab \(command) --help")
    #expect(outcome.code == 0)
    #expect(outcome.lines.contains { $0.hasPrefix("USAGE: ganglion-lab \(command)") })
  }

  @Test("the laboratory's failures bear its name")
  func laboratoryFailure() throws {
    let outcome = try Program.shell("ganglion-lab experiment srnn-scbam --results /nonexistent")
    #expect(outcome.code == 74)
    #expect(outcome.errors.hasPrefix("ganglion-lab: /nonexistent"))
  }

  @Test("the containers that are read from a pipe are named")
  func containers() throws {
    let text = try Program.shell("ganglion run --help").lines.joined(separator: " ")
      .split(separator: " ").joined(separator: " ")
    #expect(text.contains("from a pipe WAV, FLAC, OGG, AU, AIFF, CAF, MP3."))
    #expect(text.contains("gzip"))
  }

  @Test("an unknown option is wrong usage, told on standard error")
  func unknownOption() throws {
    let outcome = try Program.shell("ganglion run --model x --modle y sound.wav")
    #expect(outcome.code == 64)
    #expect(outcome.lines.isEmpty)
    #expect(outcome.errors.contains("--modle"))
  }
}
