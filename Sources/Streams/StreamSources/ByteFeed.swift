import Failures
import Glibc
import Synchronization

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
/// Bytes come in stretches, each begun by `begin`: a pipe has one for every writer, a growing file begins a new one when it
/// is replaced or cut, a socket one for every connection, everything else has one. A pipe, growing file or socket need not
/// be there: it is looked for again.
public final class ByteFeed {
  /// How long a growing file is left alone before it is looked at again.
  private static let followMilliseconds: Int32 = 50
  /// Older than this is nothing that happens now.
  private static let behindMicroseconds: Int64 = 1_000_000
  /// How often the path of a pipe is looked at while nobody writes.
  private static let lookMilliseconds: Int32 = 500
  /// The pause before a connection is made again after one that brought nothing that could be read; it doubles.
  private static let connectionPauses: (first: Int32, longest: Int32) = (100, 2_000)

  public let kind: Kind
  /// A path, or what messages call it.
  public let path: String
  private let stop: StopSignal
  private var reopening = Reopening()
  private var pauseMilliseconds: Int32 = 0
  private var descriptor: Int32 = -1
  private var offset: Int64 = 0
  private var hasBegun = false
  /// Whether the stretch has been read to its end.
  private var isOver = false
  private var hasWaited = false
  /// Where reading has to stop; nil for the end.
  private let limit: Int64?
  /// How much a growing file held when it was opened first: that is not happening now.
  private var oldBytes: Int64 = 0
  private var openedMicroseconds: Int64 = 0
  /// Whether the end of what was there has been reached, or nothing was. Whoever reads may be another thread than who asks.
  private let hasComeToEnd = Atomic<Bool>(true)

  /// - Throws: where a file that is to be read once cannot be opened.
  public init(_ kind: Kind, path: String, stop: StopSignal) throws(FeedError) {
    self.kind = kind
    self.path = path
    self.stop = stop
    limit = nil
    guard kind == .file, let why = open() else { return }
    throw FeedError(path: path, reason: "\(why); check the path and its permissions")
  }

  /// The first bytes of an open file once more, as a file of their own.
  private init(beginning bytes: Int64, of other: ByteFeed) {
    kind = .file
    path = other.path
    stop = other.stop
    limit = bytes
    descriptor = dup(other.descriptor)
  }

  deinit { closeIfOurs(descriptor) }

  /// Whether nothing has come in the running stretch.
  var isUntouched: Bool { offset == 0 }

  /// Whether what is read now may have waited for a while: the end of a growing file has not been reached since it was
  /// opened, and that was some time ago.
  public var isBehind: Bool {
    !hasComeToEnd.load(ordering: .relaxed) && bootMicroseconds() - openedMicroseconds > Self.behindMicroseconds
  }

  /// What a growing file held when it was opened, to be read beside it; nil where that was nothing, or another file.
  var old: ByteFeed? { oldBytes > 0 ? ByteFeed(beginning: oldBytes, of: self) : nil }

  /// Goes on to the next stretch, waiting for it.
  ///
  /// A growing file whose stretch has been left early is left alone until there is another: to read it again would say
  /// everything again.
  ///
  /// - Parameter passesOver: whether the rest of the running stretch is of no use, so that what a writer still has to say
  ///   is thrown away.
  public func begin(passingOver passesOver: Bool = false) -> Beginning {
    let isFirst = !hasBegun
    if stop.isStopped || (hasBegun && (kind == .file || kind == .standardInput)) { return .over }
    if kind.isConnection {
      if !rest(wasUseless: passesOver || offset == 0, isFirst: isFirst) { return .over }
    } else if (passesOver || kind == .followed) && !isOver && !isFirst {
      passOver()
    }
    if isFirst && kind == .file {
      hasBegun = true
      return .begun
    }
    let before = descriptor
    let isFirstLook = reopening.told == nil
    switch reopening.run(until: stop, open: open) {
    case .stopped: return .over
    case .absent(let why): return .absent(why)
    case .open:
      // The old end of a pipe stays open until there is a new one: with none, what a quick writer left would be gone.
      closeIfOurs(before)
      hasBegun = true
      oldBytes = isFirst && isFirstLook && kind == .followed ? size : 0
      openedMicroseconds = bootMicroseconds()
      hasComeToEnd.store(oldBytes == 0, ordering: .relaxed)
      return .begun
    }
  }

  /// Whether bytes of a connection had to be waited for since this was asked last: who reads has then all there was.
  func takeWaiting() -> Bool {
    defer { hasWaited = false }
    return hasWaited
  }

  /// Reads what is there; 0 at the end of a stretch, or when stopped.
  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(FeedError) -> Int {
    while true {
      switch kind {
      case .tcp, .unix:
        if stop.wait(for: descriptor, milliseconds: 0) == .timeout { hasWaited = true }
        if stop.wait(for: descriptor, milliseconds: -1) == .stopped { return 0 }
      case .standardInput: if stop.wait(for: descriptor, milliseconds: -1) == .stopped { return 0 }
      case .pipe:
        switch stop.wait(for: descriptor, milliseconds: Self.lookMilliseconds) {
        case .stopped: return 0
        case .ready: break
        case .timeout:
          // Whoever has begun to write is read to the end. Before that a pipe that was made anew is the one to read.
          if offset > 0 || isStillThere { continue }
          isOver = true
          return 0
        }
      case .file, .followed: break
      }
      let count =
        if let limit {
          // Not by `read`: the place in the file is shared with the feed that it is the beginning of.
          pread(descriptor, buffer.baseAddress, Int(clamping: min(Int64(buffer.count), limit - offset)), off_t(offset))
        } else {
          Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
      if count > 0 {
        offset += Int64(count)
        return count
      }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        throw FeedError(path: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
      }
      if kind != .followed || isReplaced {
        isOver = true
        return 0
      }
      hasComeToEnd.store(true, ordering: .relaxed)
      if stop.wait(for: nil, milliseconds: Self.followMilliseconds) == .stopped { return 0 }
    }
  }

  /// Leaves a connection, and pauses where it was of no use, so that nobody is called without end; false when stopped.
  private func rest(wasUseless: Bool, isFirst: Bool) -> Bool {
    if isFirst { return true }
    closeIfOurs(descriptor)
    descriptor = -1
    let pauses = Self.connectionPauses
    pauseMilliseconds = wasUseless ? min(pauses.longest, max(pauses.first, 2 * pauseMilliseconds)) : 0
    return pauseMilliseconds == 0 || stop.wait(for: nil, milliseconds: pauseMilliseconds) != .stopped
  }

  /// Returns when the running stretch is over, or the signal is given.
  private func passOver() {
    var nothing = [UInt8](repeating: 0, count: 16_384)
    while !isOver, !stop.isStopped {
      if kind == .followed {
        isOver = isReplaced
        if !isOver { _ = stop.wait(for: nil, milliseconds: Self.followMilliseconds) }
      } else if ((try? nothing.withUnsafeMutableBytes { bytes throws(FeedError) in try read(into: bytes) }) ?? 0) == 0 {
        return
      }
    }
  }

  /// Whether there is another file under the name, or the file became shorter.
  private var isReplaced: Bool {
    var (mine, named) = (stat(), stat())
    guard fstat(descriptor, &mine) == 0, stat(path, &named) == 0 else { return false }
    return mine.st_dev != named.st_dev || mine.st_ino != named.st_ino || Int64(mine.st_size) < offset
  }

  /// Whether the path still leads to what is open.
  private var isStillThere: Bool {
    var (mine, named) = (stat(), stat())
    guard fstat(descriptor, &mine) == 0, stat(path, &named) == 0 else { return false }
    return mine.st_dev == named.st_dev && mine.st_ino == named.st_ino
  }

  private var size: Int64 {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Nil where it worked, or else why not; what was open before is then still open.
  private func open() -> String? {
    if kind == .standardInput {
      descriptor = STDIN_FILENO
      return nil
    }
    let outcome: Connection.Outcome =
      switch kind {
      case .tcp: Connection.tcp(path, stop: stop)
      case .unix: Connection.unix(path, stop: stop)
      default: Self.openPath(path, as: kind)
      }
    switch outcome {
    case .failed(let why): return why
    case .open(let opened):
      (descriptor, offset, isOver) = (opened, 0, false)
      return nil
    }
  }

  private func closeIfOurs(_ descriptor: Int32) {
    if kind != .standardInput && descriptor >= 0 { close(descriptor) }
  }
}
