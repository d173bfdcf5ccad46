import Glibc

/// What lies in a folder, by name; hidden entries left out.
package struct FolderListing {
  package private(set) var files: [String] = []
  private(set) var folders: [String] = []
  /// Names that are no UTF-8 text, with their bytes above ASCII as `\xE9`.
  private(set) var unreadableFiles: [String] = []
  private(set) var unreadableFolders: [String] = []
  /// What is neither file nor folder: pipes, devices, links that lead nowhere.
  private(set) var special: [String] = []

  /// - Throws: `DataError` where there is no such folder, or it may not be read.
  package init(_ folder: String) throws(DataError) {
    guard let stream = opendir(folder) else {
      throw errno == ENOENT || errno == ENOTDIR
        ? .missingFolder(folder) : .missingFile(path: folder, reason: String(cString: strerror(errno)))
    }
    defer { closedir(stream) }
    let descriptor = dirfd(stream)
    while let entry = readdir(stream) {
      // The entry's name is a C string within it, which `readdir` keeps until it is called again.
      let (name, kind) = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: Int(entry.pointee.d_reclen)) { characters in
          (
            Array(UnsafeBufferPointer(start: characters, count: strlen(characters)).map { UInt8(bitPattern: $0) }),
            Self.kind(of: characters, in: descriptor)
          )
        }
      }
      if name.first == UInt8(ascii: ".") { continue }
      switch (String(validating: name, as: UTF8.self), kind) {
      case (let text?, S_IFDIR): folders.append(text)
      case (let text?, S_IFREG): files.append(text)
      case (nil, S_IFDIR): unreadableFolders.append(Self.escaped(name))
      case (nil, S_IFREG): unreadableFiles.append(Self.escaped(name))
      default: special.append(Self.escaped(name))
      }
    }
    files.sort()
    folders.sort()
    unreadableFiles.sort()
    unreadableFolders.sort()
    special.sort()
  }

  /// The file type of an entry, links followed; 0 where there is none.
  private static func kind(of name: UnsafePointer<CChar>, in folder: Int32) -> mode_t {
    var status = stat()
    return fstatat(folder, name, &status, 0) == 0 ? status.st_mode & S_IFMT : 0
  }

  private static func escaped(_ name: [UInt8]) -> String {
    if let text = String(validating: name, as: UTF8.self) { return text }
    return name.map { byte in
      byte < 0x80 ? String(UnicodeScalar(byte)) : "\\x" + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
