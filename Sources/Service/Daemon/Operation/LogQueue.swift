/// Lines that wait for whoever reads the log, bounded: what does not fit is counted, and how much that was is told in its
/// place. A value.
struct LogQueue: Sendable {
  private let byteLimit: Int
  private var lines: [String] = []
  private var bytes = 0
  /// Lines that were dropped behind those that wait.
  private var lost = 0

  init(byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  var isEmpty: Bool { lines.isEmpty && lost == 0 }

  /// Once something was dropped everything is, until what waits has gone: the order of the lines tells the truth.
  mutating func append(_ line: String) {
    if lost > 0 || bytes + line.utf8.count > byteLimit {
      lost += 1
    } else {
      lines.append(line)
      bytes += line.utf8.count
    }
  }

  /// Everything that waits, and how many lines are missing after it.
  mutating func take() -> (lines: [String], lost: Int) {
    defer { (lines, bytes, lost) = ([], 0, 0) }
    return (lines, lost)
  }
}
