import Failures
import Glibc
import Synchronization

/// Why results could not be written.
struct OutputError: ReportedError, Equatable {
  /// The system's error number.
  let number: Int32
  let linesWritten: Int

  var kind: FailureKind { .output }
  var description: String {
    let why = number == EPIPE ? "its reader has gone" : String(cString: strerror(number))
    let remedy = number == EPIPE ? "keep the reader open to get the rest" : "make room and run again"
    return "standard output: cannot be written after \(linesWritten) lines (\(why)); \(remedy)"
  }
}

/// Standard output, a whole line at a time: what is there is always valid, whenever the program ends.
final class StandardOutput: Sendable {
  static let shared = StandardOutput()

  private let linesWritten = Mutex(0)

  /// Writes a line and its end; returns when the system has taken all of it.
  func write(line: String) throws(OutputError) {
    let failure: (number: Int32, lines: Int)? = linesWritten.withLock { lines in
      let number = Self.writeWhole(Array((line + "\n").utf8))
      if number == 0 { lines += 1 }
      return number == 0 ? nil : (number, lines)
    }
    if let failure { throw OutputError(number: failure.number, linesWritten: failure.lines) }
  }

  /// Ends the program between two lines, never within one.
  func exitBetweenLines(_ kind: FailureKind) -> Never {
    linesWritten.withLock { _ in exit(kind.exitStatus) }
  }

  /// 0, or the system's error number; a file then ends where it did before.
  private static func writeWhole(_ bytes: [UInt8]) -> Int32 {
    let begin = lseek(STDOUT_FILENO, 0, SEEK_CUR)
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      if written <= 0 {
        let number = errno
        if rest.count < bytes.count && begin >= 0 { ftruncate(STDOUT_FILENO, begin) }
        return number
      }
      rest = rest.dropFirst(written)
    }
    return 0
  }
}
