import ArgumentParser
import CLinux
import CommandSupport
import Daemon
import Dispatch
import Failures
import Foundation
import OutputFiles

/// `ganglion serve`: the daemon.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classify live streams and tell subscribers on a Unix socket.",
    discussion: """
      Sources (ALSA devices, pipes, files that are read or followed, standard input, UDP), the models that get what \
      comes from them, and the socket are described in YAML; Services/ganglion.yaml is an example with every setting. \
      The protocol of the socket is described in Services/socket-protocol.md; ganglion listen is a subscriber.

      With mqtt in the configuration a broker is told the same, in a way that Home Assistant understands by itself, and \
      sources can be muted there; with wyoming satellites are woken by the wake words of the models, and their sound can \
      be a source. Services/home-assistant shows both. With page any browser shows what comes and what becomes of it, see \
      Services/page.md.

      SIGTERM ends the daemon after everything that has come in has been classified and sent; SIGHUP, or a reload \
      request on the socket, reads the configuration and the models anew. As a systemd service it tells when it is \
      ready, reloading or stopping, and that it is alive only while data advances.

      \(ExitStatus.help)
      """)

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The configuration; by default ganglion/ganglion.yaml in ~/.config or /etc.", valueName: "file"),
    completion: .file(extensions: ["yaml", "yml"]))
  var config: String?

  @Option(help: "Where to listen, instead of what the configuration says.", completion: .file())
  var socket: String?

  @Flag(help: "Read the configuration and the models, say everything that is wrong, and end.")
  var check = false

  @Flag(help: "End once every source has come to its end.")
  var exitAtEnd = false

  func run() async throws {
    let environment = ProcessInfo.processInfo.environment
    let path = try configurationPath(environment)
    var plan: Plan
    do {
      plan = try Plan(path: path)
    } catch {
      // One line each: an editor can jump to them.
      for diagnostic in error.diagnostics { StandardError.report(diagnostic) }
      throw ExitCode(FailureKind.configuration)
    }
    if check {
      let configuration = plan.configuration
      for note in plan.notes { StandardError.report(note) }
      try StandardOutput.shared.write(
        line: "\(FileNames.shown(path)): \(configuration.sources.count) sources, "
          + "\(configuration.models.count) models, all is well")
      return
    }
    if let socket { plan.useSocket(socket) }
    // Many small arenas cost memory that one lock does not.
    mallopt(M_ARENA_MAX, 2)
    let listener = try listener(plan, environment)
    let log = Log()
    let daemon = GanglionDaemon(
      path: path, plan: plan, name: "ganglion/\(Ganglion.configuration.version)", exitsAtEnd: exitAtEnd,
      log: log, notifier: Notifier(environment: environment))
    Ending.shared.inGoodOrder { daemon.stop() }
    let reloads = Ending.source(SIGHUP, DispatchQueue(label: "ganglion reloads"))
    reloads.setEventHandler { Task { await daemon.reload() } }
    reloads.resume()
    defer { reloads.cancel() }
    // What is still to be said is said, but a reader of the log that does not read must not keep the daemon from ending.
    defer { log.flush() }
    do {
      try await daemon.run(listener)
    } catch {
      log.flush()
      StandardError.reportIfRead("\(error)")
      throw ExitCode(ExitStatus.kind(of: error) ?? .other)
    }
  }

  private func configurationPath(_ environment: [String: String]) throws -> String {
    if let config { return config }
    let home =
      environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
      ?? environment["HOME"].map { $0 + "/.config" }
    let places = [home, "/etc"].compactMap { $0 }.map { $0 + "/ganglion/ganglion.yaml" }
    guard let found = places.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw ValidationError("there is no configuration at \(places.joined(separator: " or ")); name one with --config")
    }
    return found
  }

  private func listener(_ plan: Plan, _ environment: [String: String]) throws -> UnixListener {
    let settings = plan.configuration.socket
    let path = settings.path ?? SocketConfiguration.usualPath(runtimeFolder: environment["XDG_RUNTIME_DIR"])
    if let descriptor = activatedSocket(environment: environment) {
      return UnixListener(activated: descriptor, path: path)
    }
    return try UnixListener(path: path, mode: settings.mode)
  }
}
