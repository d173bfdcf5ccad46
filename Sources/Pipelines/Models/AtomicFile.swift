import Failures
import Foundation

/// The system's words for why a file could not be written.
public struct AtomicFileError: ReportedError, Equatable, Sendable {
  public let description: String
  public var kind: FailureKind { .output }
}

/// Writes a file whole or not at all: beside its place first, to the disk, then renamed into it.
///
/// A reader sees the old contents or the new, also after a power cut; a failure leaves the old file and no rest.
public func writeAtomically(_ bytes: Data, to path: String) throws(AtomicFileError) {
  let temporary = "\(path).\(getpid()).partial"
  func fail() -> AtomicFileError {
    let error = AtomicFileError(description: String(cString: strerror(errno)))
    unlink(temporary)
    return error
  }
  let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { throw fail() }
  var rest = bytes[...]
  while !rest.isEmpty {
    let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written < 0 && errno == EINTR { continue }
    guard written > 0 else {
      let error = fail()
      close(descriptor)
      throw error
    }
    rest = rest.dropFirst(written)
  }
  guard fsync(descriptor) == 0 else {
    let error = fail()
    close(descriptor)
    throw error
  }
  guard close(descriptor) == 0, rename(temporary, path) == 0 else { throw fail() }
  let folder = (path as NSString).deletingLastPathComponent
  let folderDescriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
  if folderDescriptor >= 0 {
    // The rename has happened; this only makes it last, and some file systems refuse it for folders.
    fsync(folderDescriptor)
    close(folderDescriptor)
  }
}
