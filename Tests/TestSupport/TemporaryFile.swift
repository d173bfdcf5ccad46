import Foundation

/// A file that is gone when the test is.
public final class TemporaryFile {
  public let path: String

  public init(_ bytes: [UInt8], extension suffix: String = "bin") throws {
    path = NSTemporaryDirectory() + "ganglion-test-\(UUID().uuidString).\(suffix)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A pipe that a thread fills in pieces and closes.
public struct FilledPipe {
  public let readEnd: Int32

  public init(_ bytes: [UInt8], piece: Int) throws {
    let pipe = Pipe()
    readEnd = dup(pipe.fileHandleForReading.fileDescriptor)
    let writer = pipe.fileHandleForWriting
    Thread {
      // A reader that leaves early must end this thread alone, not the whole process of the tests.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, SIGPIPE)
      pthread_sigmask(SIG_BLOCK, &signals, nil)
      for begin in stride(from: 0, to: bytes.count, by: piece) {
        try? writer.write(contentsOf: Data(bytes[begin..<min(bytes.count, begin + piece)]))
      }
      try? writer.close()
    }.start()
  }
}
