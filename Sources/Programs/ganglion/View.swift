import ArgumentParser
import ClassifierStreams
import CommandSupport
import Daemon
import Failures
import Foundation
import ModelFiles
import OutputFiles
import StreamSources

/// `ganglion view`: a recording on the daemon's page.
struct View: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show in a browser what a model makes of a recording.",
    discussion: """
      Serves the page of ganglion serve (Services/page.md) on this machine alone and prints its address on standard error. \
      The recording begins when somebody opens it, and begins again when the page is loaded anew after its end. Ctrl-C ends it.

      \(ExitStatus.help)
      """)

  @Option(name: [.short, .long], help: "The model to run, a .safetensors file.")
  var model: String

  @Argument(help: "The recording, a file.", completion: .file())
  var input: String

  @Option(help: "The task the recording is about, one the model has learnt; infer: find out. The first when absent.")
  var task: String?

  @Option(help: "For models that find words in streams: low, normal or high. normal when absent.")
  var sensitivity: String?

  @Option(help: "real: at the pace of the recording; max: as fast as it goes.")
  var speed: Pipeline.Speed = .real

  @Option(help: "The port of 127.0.0.1 at which the page is.")
  var port: UInt16 = 8_464

  @OptionGroup var reading: RecordingInputOptions

  func validate() throws {
    if port == 0 { throw ValidationError("--port is 0, allowed is 1 to 65535") }
    if input == "-" { throw ValidationError("a recording that is shown is a file: standard input cannot begin again") }
  }

  func run() async throws {
    guard FileManager.default.isReadableFile(atPath: input) else {
      throw FeedError(path: input, reason: "is not there, or cannot be read")
    }
    let manifest = try Model(reading: model).manifest
    let plan: Plan
    do {
      plan = try Plan(
        showing: input, by: model, sensitivity: sensitivity, task: task, reading: reading.readingOptions(for: manifest),
        isPaced: speed == .real, port: port)
    } catch let error as ConfigurationError {
      for diagnostic in error.diagnostics { StandardError.report(diagnostic.problem) }
      throw ExitCode(FailureKind.configuration)
    }
    // Nobody is meant to subscribe, but the daemon has a socket.
    let folder = NSTemporaryDirectory() + "ganglion-view-\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let listener = try UnixListener(path: folder + "/socket", mode: 0o600)
    let log = Log()
    defer { log.flush() }
    let (name, address) = (manifest.name, "http://127.0.0.1:\(port)/")
    let daemon = GanglionDaemon(
      path: input, plan: plan, name: "ganglion/\(Ganglion.configuration.version)", beginning: .whenWatched, log: log,
      notifier: Notifier(environment: [:]),
      whenReady: {
        StandardError.report("\(address) shows \(FileNames.shown(input)) as \(name) takes it; Ctrl-C ends it")
      })
    Ending.shared.inGoodOrder { daemon.stop() }
    do {
      try await daemon.run(listener)
    } catch {
      log.flush()
      StandardError.reportIfRead("\(error)")
      throw ExitCode(ExitStatus.kind(of: error) ?? .other)
    }
  }
}
