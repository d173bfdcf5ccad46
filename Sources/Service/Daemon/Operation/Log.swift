import Glibc
import Synchronization

/// How much a line of the log matters.
package enum LogLevel: String, CaseIterable, Sendable, Comparable {
  case debug, info, warning, error

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

  /// The number that journald reads from the front of a line.
  var priority: Int {
    switch self {
    case .debug: 7
    case .info: 6
    case .warning: 4
    case .error: 3
    }
  }
}

/// Structured lines on standard error: `level=info msg="…" key=value`.
///
/// Whoever logs never waits: a thread of the log's own writes, and what a reader is too slow for is dropped and counted.
/// A message about one source that comes more than ten times within ten seconds is held back, and how often it came is
/// told with the next one; nothing that repeats can fill a disk.
package final class Log: Sendable {
  private struct Key: Hashable {
    var message: String
    var subject: String
  }

  private struct Repetition {
    var since: Int64
    var written = 0
    var heldBack = 0
  }

  private static let most = 10
  private static let period: Int64 = 10_000

  /// The least level that is written.
  private let least: Mutex<LogLevel>
  private let isJournal: Bool
  private let repetitions = Mutex<[Key: Repetition]>([:])
  private let writer: LogWriter?
  private let write: @Sendable (String) -> Void
  private let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - isJournal: whether lines carry the priority that journald understands.
  ///   - now: milliseconds of a monotonic clock.
  ///   - write: takes a line at once; nil for standard error.
  package init(
    least: LogLevel = .info, isJournal: Bool = getenv("JOURNAL_STREAM") != nil,
    now: @escaping @Sendable () -> Int64 = { monotonicMilliseconds() },
    write: (@Sendable (String) -> Void)? = nil
  ) {
    self.least = Mutex(least)
    self.isJournal = isJournal
    self.now = now
    if let write {
      self.write = write
      writer = nil
    } else {
      let writer = LogWriter(tellLost: { lost in
        Self.line(.warning, "log lines lost", [("lines", "\(lost)")], isJournal: isJournal)
      })
      self.writer = writer
      self.write = { writer.append($0) }
    }
  }

  /// Waits until what was logged is with the system, at most for so long.
  package func flush(milliseconds: Int64 = 500) { writer?.flush(milliseconds: milliseconds) }

  package var level: LogLevel {
    get { least.withLock { $0 } }
    set { least.withLock { $0 = newValue } }
  }

  package func callAsFunction(_ level: LogLevel, _ message: String, _ fields: [(String, String)] = []) {
    if level < self.level { return }
    let time = now()
    // What one source says often hides nothing that another says.
    let subject = fields.first { $0.0 == "source" || $0.0 == "stream" }?.1 ?? ""
    let key = Key(message: message, subject: subject)
    let heldBack: Int? = repetitions.withLock { repetitions in
      // There are as many as messages and sources, but a bound costs nothing.
      if repetitions.count > 100_000 { repetitions = [:] }
      var entry = repetitions[key] ?? Repetition(since: time)
      defer { repetitions[key] = entry }
      if time - entry.since >= Self.period { entry = Repetition(since: time, heldBack: entry.heldBack) }
      if entry.written >= Self.most {
        entry.heldBack += 1
        return nil
      }
      defer { entry.heldBack = 0 }
      entry.written += 1
      return entry.heldBack
    }
    guard let heldBack else { return }
    let held = heldBack > 0 ? [("held_back", "\(heldBack)")] : []
    write(Self.line(level, message, fields + held, isJournal: isJournal))
  }

  private static func line(
    _ level: LogLevel, _ message: String, _ fields: [(String, String)], isJournal: Bool
  ) -> String {
    var line = isJournal ? "<\(level.priority)>" : ""
    line += "level=\(level.rawValue) msg=\(value(message))"
    for (key, text) in fields { line += " \(key)=\(value(text))" }
    return line + "\n"
  }

  /// A value of logfmt: quoted where it has to be, always on one line.
  private static func value(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C && $0 != 0x7F }
    if isPlain && !text.isEmpty { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": quoted += "\\\(scalar)"
      case "\n": quoted += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F: quoted += "?"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
