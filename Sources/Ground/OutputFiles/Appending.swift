import Glibc

/// Writes bytes to a descriptor until the system takes no more.
///
/// - Returns: how many it took, and the system's error number, 0 where it took all.
func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> (written: Int, number: Int32) {
  var rest = bytes
  while !rest.isEmpty {
    let count = write(descriptor, rest.baseAddress, rest.count)
    if count < 0, errno == EINTR { continue }
    // A system that takes nothing and names no reason has no room.
    guard count > 0 else { return (bytes.count - rest.count, count < 0 ? errno : ENOSPC) }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
  return (bytes.count, 0)
}

/// Writes all bytes to a descriptor; of a file, none where not all fit, so that it ends where it did before.
///
/// - Returns: 0, or the system's error number.
package func writeWhole(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
  var status = stat()
  let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  let appends = fcntl(descriptor, F_GETFL) & O_APPEND != 0
  let begin = appends ? status.st_size : lseek(descriptor, 0, SEEK_CUR)
  let (written, number) = writeAll(bytes, to: descriptor)
  guard number != 0, written > 0, isFile, begin >= 0 else { return number }
  // What stands behind was not written here.
  if fstat(descriptor, &status) == 0, status.st_size == begin + written {
    ftruncate(descriptor, begin)
    lseek(descriptor, begin, SEEK_SET)
  }
  return number
}

/// Adds a line and its end to a file, which is made where there is none: the whole line or nothing.
package func append(line: String, to path: String) throws(OutputFileError) {
  let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw OutputFileError(path: path, number: errno) }
  defer { close(descriptor) }
  let number = Array((line + "\n").utf8).withUnsafeBytes { writeWhole($0, to: descriptor) }
  guard number != 0 else { return }
  var status = stat()
  // An empty file says nothing.
  if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 { unlink(path) }
  throw OutputFileError(path: path, number: number)
}

/// Makes a folder, and those that it is to stand in, where they are not there yet.
package func makeFolder(_ path: String) throws(OutputFileError) {
  if mkdir(path, 0o777) == 0 { return }
  var status = stat()
  if errno == ENOENT, let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex {
    try makeFolder(String(path[..<slash]))
    if mkdir(path, 0o777) == 0 { return }
  }
  guard errno == EEXIST, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
    throw OutputFileError(path: path, number: errno)
  }
}
