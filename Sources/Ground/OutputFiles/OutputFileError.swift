import Failures
import Glibc

/// Why a file cannot be written: in the system's words, and what helps.
package struct OutputFileError: ReportedError, Equatable, Sendable {
  package let path: String
  /// The system's error number.
  package let number: Int32

  package init(path: String, number: Int32) {
    self.path = path
    self.number = number
  }

  package var kind: FailureKind { number == EPIPE ? .readerGone : .output }

  /// The system's words, but for a name that no text can hold.
  package var reason: String {
    number == EILSEQ ? "its name is no UTF-8 text" : String(cString: strerror(number))
  }

  package var remedy: String {
    switch number {
    case ENOSPC, EDQUOT, EFBIG: "make room and run it again"
    case ENOENT, ENOTDIR: "name a folder that is there"
    case EACCES, EPERM, EROFS: "choose a folder that may be written"
    case EISDIR: "give the file a name in it"
    case EILSEQ: "give it another"
    default: "check the space left and the permissions"
    }
  }

  package var description: String { "\(path): cannot be written: \(reason); \(remedy)" }
}
