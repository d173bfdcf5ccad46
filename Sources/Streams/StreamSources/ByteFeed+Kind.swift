import Glibc

extension ByteFeed {
  public enum Kind: Equatable, Sendable {
    /// Read to its end.
    case file
    /// A named pipe; when its writer leaves, the next one is waited for.
    case pipe
    case standardInput
    /// A file that others append to; its end is never reached.
    case followed
    /// A connection to a program that sends to whoever comes, `HOST:PORT`; when it is over, another is made.
    case tcp
    /// The same to a Unix socket.
    case unix

    /// Whether another stretch follows each.
    var comesAgain: Bool {
      switch self {
      case .pipe, .followed, .tcp, .unix: true
      case .file, .standardInput: false
      }
    }

    /// Whether it is connected to.
    public var isConnection: Bool { self == .tcp || self == .unix }
  }

  /// What came of beginning a stretch.
  public enum Beginning: Equatable, Sendable {
    case begun
    /// There is nothing under the name that could be read; why. Told once for each reason: the next call goes on looking.
    case absent(String)
    /// There are no more stretches.
    case over
  }

  /// What describes the files of a recording that is a folder, as bags of ROS 2 are.
  private static let descriptionName = "metadata.yaml"

  /// Opens what a path leads to, where it is of the right kind.
  static func openPath(_ path: String, as kind: Kind) -> Connection.Outcome {
    // Without O_NONBLOCK opening a pipe would wait for a writer, and nothing could stop it.
    var opened = Glibc.open(path, O_RDONLY | O_CLOEXEC | (kind == .file ? 0 : O_NONBLOCK))
    guard opened >= 0 else { return .failed("cannot be opened (\(String(cString: strerror(errno))))") }
    var status = stat()
    var type = fstat(opened, &status) == 0 ? status.st_mode & S_IFMT : 0
    if kind == .file, type == S_IFDIR {
      // A recording may be a folder: its description stands for it.
      close(opened)
      opened = Glibc.open("\(path)/\(descriptionName)", O_RDONLY | O_CLOEXEC)
      guard opened >= 0 else { return .failed("cannot be opened (it is a folder)") }
      type = fstat(opened, &status) == 0 ? status.st_mode & S_IFMT : 0
    }
    let isRight =
      switch kind {
      case .pipe: type == S_IFIFO
      case .followed: type == S_IFREG
      case .file, .standardInput, .tcp, .unix: type != S_IFDIR
      }
    guard isRight else {
      close(opened)
      switch kind {
      case .pipe: return .failed("is no named pipe")
      case .followed: return .failed(type == S_IFDIR ? "is a folder" : "is no file that could grow")
      case .file, .standardInput, .tcp, .unix: return .failed("cannot be opened (it is a folder)")
      }
    }
    return .open(opened)
  }
}
