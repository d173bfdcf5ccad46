import Glibc
import Synchronization

/// How much a line of the log matters.
public enum LogLevel: String, CaseIterable, Sendable, Comparable {
  case debug, info, warning, error

  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
  public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

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
/// A message that comes more than ten times within ten seconds is held back, and how often it came is told with the
/// next one; nothing that repeats can fill a disk.
public final class Log: Sendable {
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
  private let repetitions = Mutex<[String: Repetition]>([:])
  private let write: @Sendable (String) -> Void
  private let now: @Sendable () -> Int64

  /// - Parameters:
  ///   - isJournal: whether lines carry the priority that journald understands.
  ///   - now: milliseconds of a monotonic clock.
  public init(
    least: LogLevel = .info, isJournal: Bool = getenv("JOURNAL_STREAM") != nil,
    now: @escaping @Sendable () -> Int64 = { monotonicMilliseconds() },
    write: @escaping @Sendable (String) -> Void = { text in
      let bytes = Array(text.utf8)
      _ = bytes.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
  ) {
    self.least = Mutex(least)
    self.isJournal = isJournal
    self.now = now
    self.write = write
  }

  public var level: LogLevel {
    get { least.withLock { $0 } }
    set { least.withLock { $0 = newValue } }
  }

  public func callAsFunction(_ level: LogLevel, _ message: String, _ fields: [(String, String)] = []) {
    if level < self.level { return }
    let time = now()
    let heldBack: Int? = repetitions.withLock { repetitions in
      // Messages are fixed texts, but a bound costs nothing.
      if repetitions.count > 1_000 { repetitions = [:] }
      var entry = repetitions[message] ?? Repetition(since: time)
      defer { repetitions[message] = entry }
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
    var line = isJournal ? "<\(level.priority)>" : ""
    line += "level=\(level.rawValue) msg=\(Self.value(message))"
    for (key, value) in fields { line += " \(key)=\(Self.value(value))" }
    if heldBack > 0 { line += " held_back=\(heldBack)" }
    write(line + "\n")
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
