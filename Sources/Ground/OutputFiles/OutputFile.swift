import Failures
import Glibc
import Synchronization

/// A file that appears whole or not at all.
///
/// A regular file has no name while it is written: what fails or is interrupted leaves what was there before, be it
/// nothing, another file, or the very recording that is read. For libraries that need a name, and on file systems
/// without nameless files, it has a passing name beside its own. Devices and pipes are written in place, and so is a file that may be written in a folder that
/// may not.
package final class OutputFile: Sendable {
  /// Where the file goes, as it was asked for.
  package let path: String
  /// Path under which a library can open the file while it is written; nil for devices and pipes.
  package let passingPath: String?
  /// Whether bytes already written can be replaced.
  package let canPatch: Bool
  private let descriptor: Int32
  private let place: Place

  private enum Place: Equatable {
    /// It has no name yet and gets this one in the end.
    case nameless(target: String)
    /// It is renamed in the end.
    case beside(passingName: String, target: String)
    case inPlace
  }

  /// Begins a file; what `path` names stays as it is until `finish`.
  ///
  /// - Parameter needsName: whether a library is to open it by a name.
  /// - Throws: `OutputFileError`, also for a folder that is not there or may not be written.
  package init(_ path: String, needsName: Bool = false) throws(OutputFileError) {
    self.path = path
    let (descriptor, place) = try Self.begin(path, needsName: needsName)
    self.descriptor = descriptor
    self.place = place
    var status = stat()
    canPatch = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    switch place {
    case .nameless: passingPath = nil
    case .beside(let passingName, _): passingPath = passingName
    case .inPlace: passingPath = canPatch ? path : nil
    }
  }

  deinit {
    if case .beside(let passingName, _) = place, UnfinishedFiles.forget(passingName) { unlink(passingName) }
    close(descriptor)
  }

  /// Writes all of the bytes after those that are there.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(OutputFileError) {
    let (_, number) = writeAll(bytes, to: descriptor)
    if number != 0 { throw OutputFileError(path: path, number: number) }
  }

  /// Writes all of the bytes after those that are there.
  package func write(_ bytes: [UInt8]) throws(OutputFileError) {
    try bytes.span.bytes.withUnsafeBytes { bytes throws(OutputFileError) in try write(bytes) }
  }

  /// Replaces bytes that have been written; only where `canPatch`.
  package func patch(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(OutputFileError) {
    var rest = bytes
    while !rest.isEmpty {
      let place = off_t(offset) + off_t(bytes.count - rest.count)
      let count = pwrite(descriptor, rest.baseAddress, rest.count, place)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  /// Gives the file its name; one that is there is replaced in one step.
  ///
  /// - Parameter isLasting: whether it is on the disk when this returns, so that a power cut leaves the old or the new.
  package func finish(isLasting: Bool = false) throws(OutputFileError) {
    if isLasting && canPatch {
      guard fsync(descriptor) == 0 else { throw failure() }
    }
    // A server that keeps the file says only at a close that it has no room.
    let copy = dup(descriptor)
    if copy >= 0, close(copy) != 0 { throw failure() }
    switch place {
    case .inPlace: return
    case .beside(let passingName, let target):
      guard rename(passingName, target) == 0 else { throw failure() }
      UnfinishedFiles.forget(passingName)
      if isLasting { Self.syncFolder(of: target) }
    case .nameless(let target):
      try name(target)
      if isLasting { Self.syncFolder(of: target) }
    }
  }

  /// Writes a whole file.
  package static func write(
    _ bytes: RawSpan, to path: String, isLasting: Bool = false
  ) throws(OutputFileError) {
    let file = try OutputFile(path)
    try bytes.withUnsafeBytes { buffer throws(OutputFileError) in try file.write(buffer) }
    try file.finish(isLasting: isLasting)
  }

  /// Writes a whole text file.
  package static func write(_ text: String, to path: String) throws(OutputFileError) {
    try write(Array(text.utf8).span.bytes, to: path)
  }

  private func failure() -> OutputFileError { OutputFileError(path: path, number: errno) }

  private func name(_ target: String) throws(OutputFileError) {
    let own = Self.ownPath(descriptor)
    if linkat(AT_FDCWD, own, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0 { return }
    guard errno == EEXIST else { throw failure() }
    // A link replaces nothing: it gets a passing name and then this one.
    let passingName = Self.passingName(target)
    unlink(passingName)
    UnfinishedFiles.note(passingName)
    defer { UnfinishedFiles.forget(passingName) }
    guard linkat(AT_FDCWD, own, AT_FDCWD, passingName, AT_SYMLINK_FOLLOW) == 0 else { throw failure() }
    if rename(passingName, target) != 0 {
      let failed = failure()
      unlink(passingName)
      throw failed
    }
  }

  private static func ownPath(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  private static func passingName(_ target: String) -> String { "\(target).\(getpid()).partial" }

  private static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func syncFolder(of path: String) {
    let folder = open(folder(of: path), O_RDONLY | O_CLOEXEC)
    guard folder >= 0 else { return }
    // The file has its name; this only makes it last, and some file systems refuse it for folders.
    fsync(folder)
    close(folder)
  }

  /// `O_TMPFILE`, a macro that Swift does not see.
  private static var withoutName: Int32 { 0o20_000_000 | O_DIRECTORY }

  /// Whether the user gave a name that is no UTF-8 text, of which a text holds only what can be shown.
  private static let refusesReplacedNames = Atomic<Bool>(false)

  /// From now on nothing is written under a name in which bytes were replaced: it is not the name that was meant.
  package static func refuseReplacedNames() { refusesReplacedNames.store(true, ordering: .relaxed) }

  private static func begin(_ path: String, needsName: Bool) throws(OutputFileError) -> (Int32, Place) {
    if refusesReplacedNames.load(ordering: .relaxed), path.unicodeScalars.contains("\u{FFFD}") {
      throw OutputFileError(path: path, number: EILSEQ)
    }
    var status = stat()
    let exists = stat(path, &status) == 0
    if exists && status.st_mode & S_IFMT != S_IFREG { return (try openInPlace(path), .inPlace) }
    if exists && access(path, W_OK) != 0 { throw OutputFileError(path: path, number: errno) }
    var target = path
    if exists {
      // Where a link points, not the link, is replaced.
      guard let resolved = realpath(path, nil) else { throw OutputFileError(path: path, number: errno) }
      defer { free(resolved) }
      if let name = String(validatingCString: resolved) {
        target = name
      } else if lstat(path, &status) != 0 || status.st_mode & S_IFMT != S_IFREG {
        // No text can hold where it points: what is written under another name would be lost.
        throw OutputFileError(path: path, number: EILSEQ)
      }
    }
    guard let begun = (needsName ? nil : openNameless(target)) ?? openBeside(target) else {
      if exists { return (try openInPlace(path), .inPlace) }
      throw OutputFileError(path: path, number: errno)
    }
    if exists { fchmod(begun.0, status.st_mode & 0o777) }
    return begun
  }

  private static func openInPlace(_ path: String) throws(OutputFileError) -> Int32 {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw OutputFileError(path: path, number: errno) }
    return descriptor
  }

  private static func openNameless(_ target: String) -> (Int32, Place)? {
    let descriptor = open(folder(of: target), O_WRONLY | withoutName | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    // It gets its name through /proc, which need not be there.
    guard access(ownPath(descriptor), F_OK) == 0 else {
      close(descriptor)
      return nil
    }
    return (descriptor, .nameless(target: target))
  }

  private static func openBeside(_ target: String) -> (Int32, Place)? {
    let passingName = passingName(target)
    // Of an earlier process with the same number.
    unlink(passingName)
    let descriptor = open(passingName, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    UnfinishedFiles.note(passingName)
    return (descriptor, .beside(passingName: passingName, target: target))
  }
}

/// The passing names of files that are being written, for whoever ends the program before they are done.
package enum UnfinishedFiles {
  private static let names = Mutex<Set<String>>([])

  /// Takes away what has a passing name; nothing is written after it.
  package static func discard() {
    names.withLock { names in
      for name in names { unlink(name) }
      names = []
    }
  }

  static func note(_ name: String) { names.withLock { _ = $0.insert(name) } }

  /// Whether it was still to be taken away.
  @discardableResult
  static func forget(_ name: String) -> Bool { names.withLock { $0.remove(name) != nil } }
}
