import EventFormats
import Glibc
import OutputFiles

/// Messages for people: one line each, after the program's name.
package enum StandardError {
  /// What the program was called as.
  private static let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? "ganglion"

  /// Whether somebody is watching.
  package static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  package static func report(_ message: some CustomStringConvertible) {
    let line = FileNames.shown(message.description).split(whereSeparator: \.isNewline).joined(separator: " ")
    write("\(clearedLine)\(program): \(line)\n")
  }

  /// Tells a failure, with the option that settles it where there is one.
  package static func report(_ error: any Error) {
    report((error as? EventFormatError)?.explained ?? "\(error)")
  }

  /// Leaves the message out where nobody has made room for it within a second.
  package static func reportIfRead(_ message: some CustomStringConvertible) {
    var poll = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
    if Glibc.poll(&poll, 1, 1_000) > 0 { report(message) }
  }

  /// Writes without further ado; there is nowhere to report a failure to.
  package static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
  }

  /// Wipes a line of progress, where there may be one.
  package static var clearedLine: String { isTerminal ? "\r\u{1B}[K" : "" }
}

/// A line of progress on a terminal that is renewed a few times a second; nothing where nobody is watching.
package struct StreamProgress {
  private let isShown = StandardError.isTerminal
  private let begin = ContinuousClock.now
  private var last: ContinuousClock.Instant?

  package init() {}

  /// - Parameter microseconds: how far the stream has come.
  package mutating func show(_ name: String, microseconds: Int64) {
    guard isShown else { return }
    let now = ContinuousClock.now
    if let last, now - last < .milliseconds(200) { return }
    last = now
    let stream = Double(microseconds) / 1e6
    let elapsed = (now - begin) / .seconds(1)
    let pace = elapsed > 0 ? "\(Self.tenths(stream / elapsed)) x real time" : ""
    StandardError.write("\(StandardError.clearedLine)\(name): \(Self.tenths(stream)) s, \(pace)")
  }

  /// Wipes the line before something else is written to the terminal.
  package func clear() {
    if isShown && last != nil { StandardError.write(StandardError.clearedLine) }
  }

  private static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
