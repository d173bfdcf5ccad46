import Dispatch
import Failures
import Glibc
import OutputFiles
import Synchronization

/// Why results could not be written.
package struct OutputError: ReportedError, Equatable {
  /// The system's error number.
  package let number: Int32
  package let linesWritten: Int

  package var kind: FailureKind { number == EPIPE ? .readerGone : .output }
  package var description: String {
    let why = number == EPIPE ? "its reader has gone" : String(cString: strerror(number))
    let remedy = number == EPIPE ? "keep the reader open to get the rest" : "make room and run again"
    return "standard output: cannot be written after \(linesWritten) lines (\(why)); \(remedy)"
  }
}

/// Standard output, a whole line at a time: what is there is always valid, whenever the program ends.
package final class StandardOutput: Sendable {
  package static let shared = StandardOutput()

  private let linesWritten = Mutex(0)

  /// Writes a line and its end; returns when the system has taken all of it.
  package func write(line: String) throws(OutputError) { try write(line + "\n") }

  /// Writes lines, with their ends.
  package func write(_ text: String) throws(OutputError) {
    let failure: (number: Int32, lines: Int)? = linesWritten.withLock { lines in
      let number = Array(text.utf8).withUnsafeBytes { writeWhole($0, to: STDOUT_FILENO) }
      if number == 0 { lines += 1 }
      return number == 0 ? nil : (number, lines)
    }
    if let failure { throw OutputError(number: failure.number, linesWritten: failure.lines) }
  }

  /// Does what ends the program between two lines; a reader that takes nothing holds it up for a moment only.
  package func endBetweenLines(_ end: () -> Never) -> Never {
    for _ in 0..<20 {
      linesWritten.withLockIfAvailable { _ in end() }
      usleep(10_000)
    }
    end()
  }

  /// From now on ends the program as soon as nobody reads its results any more, also while it has none to write. For
  /// commands that make nothing else.
  package func endWithReader() {
    var status = stat()
    guard fstat(STDOUT_FILENO, &status) == 0, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else { return }
    DispatchQueue(label: "ganglion reader").async {
      // Nothing is waited for but the other end's going, which cannot be left out.
      var watched = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
      while poll(&watched, 1, -1) < 0 && errno == EINTR {}
      if Int32(watched.revents) & (POLLERR | POLLHUP) != 0 { Ending.shared.now(.readerGone) }
    }
  }
}
