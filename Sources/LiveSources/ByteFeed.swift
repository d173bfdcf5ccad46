import Failures
import Glibc

/// Why bytes cannot be had.
public struct FeedError: ReportedError, Equatable, Sendable {
  public let path: String
  public let reason: String

  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var kind: FailureKind { .missing }
  public var description: String { "\(path): \(reason)" }
}

/// Bytes from outside that somebody can stop waiting for: a file, a pipe with a name, standard input, a growing file.
///
/// Bytes come in stretches: a pipe has one for every writer, a growing file begins a new one when it is replaced or
/// cut, everything else has one.
public final class ByteFeed {
  public enum Kind: Equatable, Sendable {
    /// Read to its end.
    case file
    /// A named pipe; when its writer leaves, the next one is waited for.
    case pipe
    case standardInput
    /// A file that others append to; its end is never reached.
    case followed
  }

  /// How long a growing file is left alone before it is looked at again.
  private static let followMilliseconds: Int32 = 50

  public let kind: Kind
  /// A path, or what messages call it.
  public let path: String
  private let stop: StopSignal
  private var descriptor: Int32 = -1
  private var offset: Int64 = 0

  public init(_ kind: Kind, path: String, stop: StopSignal) throws(FeedError) {
    self.kind = kind
    self.path = path
    self.stop = stop
    try open()
  }

  deinit { closeIfOurs() }

  /// Reads what is there; 0 at the end of a stretch, or when stopped.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FeedError) -> Int {
    while true {
      if kind != .file && kind != .followed {
        if stop.wait(for: descriptor, milliseconds: -1) == .stopped { return 0 }
      }
      let count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
      if count > 0 {
        offset += Int64(count)
        return count
      }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw FeedError(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
      }
      if kind != .followed || isReplaced { return 0 }
      if stop.wait(for: nil, milliseconds: Self.followMilliseconds) == .stopped { return 0 }
    }
  }

  /// Goes on to the next stretch; false where there is none.
  public func next() throws(FeedError) -> Bool {
    if stop.isStopped || kind == .file || kind == .standardInput { return false }
    let before = descriptor
    defer { close(before) }
    while true {
      do throws(FeedError) {
        // The old end of a pipe stays open until there is a new one: with none, what a quick writer left would be gone.
        try open()
        return true
      } catch {
        // A file that is being replaced may be away for a moment.
        guard kind == .followed else { throw error }
        if stop.wait(for: nil, milliseconds: Self.followMilliseconds) == .stopped { return false }
      }
    }
  }

  /// Whether there is another file under the name, or the file became shorter.
  private var isReplaced: Bool {
    var (mine, named) = (stat(), stat())
    guard fstat(descriptor, &mine) == 0, stat(path, &named) == 0 else { return false }
    return mine.st_ino != named.st_ino || mine.st_dev != named.st_dev || Int64(mine.st_size) < offset
  }

  private func open() throws(FeedError) {
    descriptor = -1
    offset = 0
    if kind == .standardInput {
      descriptor = STDIN_FILENO
      return
    }
    // Without O_NONBLOCK opening a pipe would wait for a writer, and nothing could stop it.
    let flags = kind == .pipe ? O_RDONLY | O_NONBLOCK | O_CLOEXEC : O_RDONLY | O_CLOEXEC
    let opened = Glibc.open(path, flags)
    guard opened >= 0 else {
      throw FeedError(path: path, reason: "cannot be opened: \(String(cString: strerror(errno)))")
    }
    var status = stat()
    let type = fstat(opened, &status) == 0 ? status.st_mode & S_IFMT : 0
    if type == S_IFDIR || (kind == .pipe && type != S_IFIFO) {
      close(opened)
      throw FeedError(path: path, reason: kind == .pipe ? "is no named pipe" : "is a folder")
    }
    descriptor = opened
  }

  private func closeIfOurs() {
    if kind != .standardInput && descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }
}
