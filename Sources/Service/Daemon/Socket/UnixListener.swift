import CLinux
import Failures
import Glibc
import SocketProtocol
import Synchronization

/// Why a socket cannot be listened on.
package struct ListenerError: ReportedError, Equatable, Sendable {
  package enum Code: Equatable, Sendable {
    /// The path does not fit into an address.
    case pathTooLong
    /// Another daemon answers there.
    case alreadyRunning
    /// There is something else than a socket.
    case occupied
    case system
  }

  package let code: Code
  package let path: String
  package let reason: String

  package var kind: FailureKind { .unavailable }
  package var description: String { "socket \(path): \(reason)" }
}

/// A listening Unix socket: one daemon a path, stale files replaced, living ones respected.
///
/// A lock beside the socket (`PATH.lock`, held while the process lives, whatever ends it) decides between daemons that
/// start at the same time; connecting decides whether a socket file that is there still belongs to somebody.
package final class UnixListener: Sendable {
  /// Longest path of a Unix socket on Linux, bytes.
  package static let longestPath = 107

  package let path: String
  package let descriptor: Int32
  private let mode: mode_t
  /// Nil where systemd made the socket.
  private let lock: SocketLock?
  /// Our socket file; nil where systemd made it and it is not ours to remove.
  private let file: FileIdentity?
  /// Whether another one listens there in its place. Its file may well have the number that ours had.
  private let isReplaced = Atomic<Bool>(false)

  /// Listens on a path; the last folder of it is made if it is missing.
  ///
  /// - Parameter mode: permissions of the socket file; who may write to it may connect.
  package convenience init(path: String, mode: mode_t = 0o660) throws(ListenerError) {
    try self.init(path: path, mode: mode, lock: nil)
  }

  /// - Parameter held: the lock of the path, where this process has it already.
  private init(path: String, mode: mode_t, lock held: SocketLock?) throws(ListenerError) {
    func systemFailure(_ what: String) -> ListenerError {
      ListenerError(code: .system, path: path, reason: "\(what): \(String(cString: strerror(errno)))")
    }
    guard path.utf8.count <= Self.longestPath else {
      throw ListenerError(
        code: .pathTooLong, path: path,
        reason: "has \(path.utf8.count) bytes, a socket path has at most \(Self.longestPath)")
    }
    guard let address = UnixAddress(path) else {
      throw ListenerError(code: .pathTooLong, path: path, reason: "is no path for a socket")
    }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      if mkdir(String(path[..<slash]), 0o755) != 0 && errno != EEXIST {
        throw systemFailure("its folder cannot be made")
      }
    }
    let lock = if let held, held.isInPlace { held } else { try SocketLock(of: path) }
    let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var failure: ListenerError?
    if made < 0 {
      failure = systemFailure("no socket")
    } else {
      // The file is made without permissions for others and gets its mode when nobody can slip in between.
      let before = umask(0o177)
      var bound = address.withPointer { bind(made, $0, $1) }
      if bound != 0 && errno == EADDRINUSE {
        failure = Self.clear(path, address)
        if failure == nil { bound = address.withPointer { bind(made, $0, $1) } }
      }
      umask(before)
      if failure == nil && bound != 0 { failure = systemFailure("cannot be bound") }
      if failure == nil && chmod(path, mode) != 0 { failure = systemFailure("cannot be given its mode") }
      if failure == nil && listen(made, 128) != 0 { failure = systemFailure("cannot be listened on") }
    }
    if let failure {
      if made >= 0 { close(made) }
      throw failure
    }
    self.path = path
    self.mode = mode
    self.lock = lock
    descriptor = made
    file = FileIdentity(path)
  }

  /// Takes over a socket that listens already, as systemd hands it on; its file is left alone for ever.
  package init(activated descriptor: Int32, path: String) {
    self.path = path
    self.descriptor = descriptor
    mode = 0
    lock = nil
    file = nil
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Whether the path still leads to this socket; a socket of systemd is not ours to judge.
  var isReachable: Bool { file == nil || FileIdentity(path) == file }

  /// The same path listened on anew, where something has taken the socket file away.
  func renewed() throws(ListenerError) -> UnixListener {
    let fresh = try UnixListener(path: path, mode: mode, lock: lock)
    isReplaced.store(true, ordering: .relaxed)
    return fresh
  }

  /// Removes the socket file, if it is ours; nobody else can have made one there while the lock is held.
  func withdraw() {
    if let file, !isReplaced.load(ordering: .relaxed), FileIdentity(path) == file { unlink(path) }
  }

  deinit {
    close(descriptor)
    withdraw()
  }

  /// Removes a socket file nobody listens on; says why it stays otherwise.
  private static func clear(_ path: String, _ address: UnixAddress) -> ListenerError? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    guard status.st_mode & S_IFMT == S_IFSOCK else {
      return ListenerError(code: .occupied, path: path, reason: "is no socket but something else; it is left alone")
    }
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    defer { close(probe) }
    // A full backlog (EAGAIN) means somebody is there, if busy.
    if address.withPointer({ connect(probe, $0, $1) }) == 0 || errno == EAGAIN {
      return ListenerError(code: .alreadyRunning, path: path, reason: "another daemon is already running there")
    }
    guard errno == ECONNREFUSED else {
      return ListenerError(code: .occupied, path: path, reason: "is in use: \(String(cString: strerror(errno)))")
    }
    return unlink(path) == 0
      ? nil
      : ListenerError(
        code: .system, path: path, reason: "a stale socket cannot be removed: \(String(cString: strerror(errno)))")
  }
}

/// What is under a path, to be known again.
private struct FileIdentity: Equatable, Sendable {
  private let device: UInt
  private let number: UInt

  /// Nil where there is nothing.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    (device, number) = (UInt(status.st_dev), UInt(status.st_ino))
  }
}

/// Says that a path is this process's to listen on, for as long as it lives.
private final class SocketLock: Sendable {
  private let path: String
  private let descriptor: Int32
  private let file: FileIdentity?

  init(of socket: String) throws(ListenerError) {
    path = socket + ".lock"
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      file = nil
      throw ListenerError(
        code: .system, path: socket, reason: "its lock cannot be opened: \(String(cString: strerror(errno)))")
    }
    file = FileIdentity(path)
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw ListenerError(code: .alreadyRunning, path: socket, reason: "another daemon is already running there")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether its file is still there for others to see.
  var isInPlace: Bool { file != nil && FileIdentity(path) == file }
}
