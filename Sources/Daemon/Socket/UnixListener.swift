import CLinux
import Failures
import Glibc
import SocketProtocol

/// Why a socket cannot be listened on.
public struct ListenerError: ReportedError, Equatable, Sendable {
  public enum Code: Equatable, Sendable {
    /// The path does not fit into an address.
    case pathTooLong
    /// Another daemon answers there.
    case alreadyRunning
    /// There is something else than a socket.
    case occupied
    case system
  }

  public let code: Code
  public let path: String
  public let reason: String

  public var kind: FailureKind { .unavailable }
  public var description: String { "socket \(path): \(reason)" }
}

/// A listening Unix socket: one daemon a path, stale files replaced, living ones respected.
///
/// A lock beside the socket (`PATH.lock`, held while the process lives, whatever ends it) decides between daemons that
/// start at the same time; connecting decides whether a socket file that is there still belongs to somebody.
public final class UnixListener: Sendable {
  /// Longest path of a Unix socket on Linux, bytes.
  public static let longestPath = 107

  public let path: String
  public let descriptor: Int32
  private let lock: Int32
  /// Device and file number of our socket file; nil where systemd made it and it is not ours to remove.
  private let identity: (UInt, UInt)?

  /// Listens on a path; the last folder of it is made if it is missing.
  ///
  /// - Parameter mode: permissions of the socket file; who may write to it may connect.
  public init(path: String, mode: mode_t = 0o660) throws(ListenerError) {
    func fail(_ code: ListenerError.Code = .system, _ reason: String) -> ListenerError {
      ListenerError(code: code, path: path, reason: reason)
    }
    func systemFailure(_ what: String) -> ListenerError {
      fail(.system, "\(what): \(String(cString: strerror(errno)))")
    }
    guard path.utf8.count <= Self.longestPath else {
      throw fail(.pathTooLong, "has \(path.utf8.count) bytes, a socket path has at most \(Self.longestPath)")
    }
    guard let address = UnixAddress(path) else { throw fail(.pathTooLong, "is no path for a socket") }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      if mkdir(String(path[..<slash]), 0o755) != 0 && errno != EEXIST {
        throw systemFailure("its folder cannot be made")
      }
    }
    let lock = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw systemFailure("its lock cannot be opened") }
    guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
      close(lock)
      throw fail(.alreadyRunning, "another daemon is already running there")
    }
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
      close(lock)
      throw failure
    }
    var status = stat()
    stat(path, &status)
    self.path = path
    descriptor = made
    self.lock = lock
    identity = (UInt(status.st_dev), UInt(status.st_ino))
  }

  /// Takes over a socket that listens already, as systemd hands it on; its file is left alone for ever.
  public init(activated descriptor: Int32, path: String) {
    self.path = path
    self.descriptor = descriptor
    lock = -1
    identity = nil
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
  }

  /// Removes the socket file, if it is ours; nobody else can have made one there while the lock is held.
  func withdraw() {
    guard let identity else { return }
    var status = stat()
    if stat(path, &status) == 0, (UInt(status.st_dev), UInt(status.st_ino)) == identity { unlink(path) }
  }

  deinit {
    close(descriptor)
    withdraw()
    if lock >= 0 { close(lock) }
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
