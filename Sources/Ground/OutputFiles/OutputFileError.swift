import Failures
import Glibc

/// Why a file cannot be written: in the system's words, and what helps.
public struct OutputFileError: ReportedError, Equatable, Sendable {
  public let path: String
  /// The system's error number.
  public let number: Int32

  public init(path: String, number: Int32) {
    self.path = path
    self.number = number
  }

  public var kind: FailureKind { number == EPIPE ? .readerGone : .output }

  /// The system's words, but for a name that no text can hold.
  public var reason: String {
    number == EILSEQ ? "its name is no UTF-8 text" : String(cString: strerror(number))
  }

  public var remedy: String {
    switch number {
    case ENOSPC, EDQUOT, EFBIG: "make room and run it again"
    case ENOENT, ENOTDIR: "name a folder that is there"
    case EACCES, EPERM, EROFS: "choose a folder that may be written"
    case EISDIR: "give the file a name in it"
    case EILSEQ: "give it another"
    default: "check the space left and the permissions"
    }
  }

  public var description: String { "\(path): cannot be written: \(reason); \(remedy)" }
}
