import Glibc
import Synchronization

/// Paths whose bytes are no UTF-8, as old file systems and archives have them. Strings cannot hold them, so another path to
/// the same file stands in: that of a descriptor of this process. What people are shown is the name, as far as it can be.
package enum FileNames {
  /// What stands in for a path, what it is shown as, and what stands in for the folder of a file.
  private static let known = Mutex<[(path: String, bytes: [UInt8], shown: String, folder: String?)]>([])

  private static let descriptors = "/proc/self/fd/"

  /// The arguments of the program, with every path in them one that can be opened.
  package static func arguments(
    count: Int32 = CommandLine.argc,
    _ values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = CommandLine.unsafeArgv
  ) -> [String] {
    (0..<Int(count)).compactMap { values[$0].map { string($0) } }
  }

  /// An argument as a string; `--option=PATH` is a path behind its name.
  private static func string(_ text: UnsafePointer<CChar>) -> String {
    if let valid = String(validatingCString: text) { return valid }
    let bytes = (0..<strlen(text)).map { UInt8(bitPattern: text[$0]) }
    if bytes.starts(with: "--".utf8), let sign = bytes.firstIndex(of: UInt8(ascii: "=")) {
      let option = String(decoding: bytes[...sign], as: UTF8.self)
      return option + path(bytes[(sign + 1)...])
    }
    return path(bytes[...])
  }

  /// A path that can be opened for one of any bytes; where there is no such file, the name with what can be shown of it.
  package static func path(_ bytes: ArraySlice<UInt8>) -> String {
    if let valid = String(validating: bytes, as: UTF8.self) { return valid }
    let shown = String(decoding: bytes, as: UTF8.self)
    if let slash = bytes.lastIndex(of: UInt8(ascii: "/")), slash > bytes.startIndex,
      let name = String(validating: bytes[(slash + 1)...], as: UTF8.self), !name.isEmpty
    {
      // The folder alone has such a name; the file, which may be yet to be made, keeps its own.
      let folder = path(bytes[..<slash])
      return folder.hasPrefix(descriptors) ? folder + "/" + name : shown
    }
    // Only a place to start from: nothing is read, and a pipe is not opened. Programs that are started get it too, for
    // they may be given the path.
    let descriptor = open(bytes.map { CChar(bitPattern: $0) } + [0], __O_PATH)
    guard descriptor >= 0 else {
      // Under this name something is looked for in vain; nothing must be made under it.
      OutputFile.refuseReplacedNames()
      return shown
    }
    var status = stat()
    let isFolder = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    let path = "\(descriptors)\(descriptor)" + (isFolder ? "/." : "")
    let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
    let folder = isFolder ? nil : slash.map { $0 == bytes.startIndex ? "/" : Self.path(bytes[..<$0]) } ?? "."
    known.withLock { $0.append((path, Array(bytes), shown, folder)) }
    return path
  }

  /// What stands in for the folder of a file, from which paths in it count; nil where the file has a name of its own.
  package static func folder(of path: String) -> String? {
    known.withLock { known in known.first { $0.path == path }?.folder }
  }

  /// Looks for a file under its name again, which may be another file by now: editors put a new one in place of the old.
  ///
  /// - Returns: false where there is none any more.
  package static func renew(_ path: String) -> Bool {
    guard let bytes = known.withLock({ known in known.first { $0.path == path }?.bytes }),
      let descriptor = Int32(path.dropFirst(descriptors.count))
    else { return true }
    let found = open(bytes.map { CChar(bitPattern: $0) } + [0], __O_PATH)
    guard found >= 0 else { return false }
    defer { close(found) }
    return dup2(found, descriptor) == descriptor
  }

  /// A text for people, with names in it in place of what stands in for them.
  package static func shown(_ text: String) -> String {
    // The longest first, so that descriptor 1 is not found in 12.
    known.withLock { $0 }.sorted { $0.path.utf8.count > $1.path.utf8.count }
      .reduce(text) { $0.replacing($1.path, with: $1.shown) }
  }
}
