import CSQLite

/// How the library reads a database that was cut off: what is missing is an error.
///
/// By itself the library refuses files with fewer pages than their header says, and takes pages beyond the end for zeros,
/// which would be events.
enum SQLiteCutFile {
  /// Name of the file system to open databases with: the usual one, but for files that were cut.
  static let fileSystem: String? = register() ? name : nil
  private static let name = "ganglion-cut"

  /// What is known of an open file; the library sees the first field alone.
  private struct Methods {
    var methods: sqlite3_io_methods
    let original: UnsafePointer<sqlite3_io_methods>
    /// Bytes by the header.
    let size: Int64
  }

  private static func register() -> Bool {
    guard let usual = sqlite3_vfs_find(nil) else { return false }
    // Both live as long as the program: the library keeps the pointers.
    let system = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
    let characters = UnsafeMutablePointer<CChar>.allocate(capacity: name.utf8.count + 1)
    characters.initialize(from: Array(name.utf8CString), count: name.utf8.count + 1)
    system.initialize(to: usual.pointee)
    system.pointee.pNext = nil
    system.pointee.zName = UnsafePointer(characters)
    // The methods of a cut file stand behind what the usual file system keeps of it.
    system.pointee.szOsFile = offset(usual) + Int32(MemoryLayout<Methods>.size)
    system.pointee.xOpen = { _, path, file, flags, outFlags in
      guard let usual = sqlite3_vfs_find(nil), let open = usual.pointee.xOpen else { return SQLITE_CANTOPEN }
      let code = open(usual, path, file, flags, outFlags)
      if code == SQLITE_OK, flags & SQLITE_OPEN_MAIN_DB != 0, let file { SQLiteCutFile.watch(file, usual) }
      return code
    }
    return sqlite3_vfs_register(system, 0) == SQLITE_OK
  }

  private static func offset(_ usual: UnsafePointer<sqlite3_vfs>) -> Int32 {
    let alignment = Int32(MemoryLayout<Methods>.alignment)
    return (usual.pointee.szOsFile + alignment - 1) / alignment * alignment
  }

  /// Size and number of pages by the header of a database, at least 32 bytes of it.
  static func pages(_ header: some RandomAccessCollection<UInt8>) -> (size: Int64, count: Int64) {
    let header = Array(header)
    let size = Int64(header[16]) << 8 | Int64(header[17])
    let count = header[28..<32].reduce(Int64(0)) { $0 << 8 | Int64($1) }
    return (size == 1 ? 65536 : max(size, 1), count)
  }

  /// Takes the place of a file's methods where it is shorter than its header says.
  private static func watch(_ file: UnsafeMutablePointer<sqlite3_file>, _ usual: UnsafePointer<sqlite3_vfs>) {
    guard let original = file.pointee.pMethods, let read = original.pointee.xRead,
      let sizeOf = original.pointee.xFileSize
    else { return }
    var header = [UInt8](repeating: 0, count: 100)
    var size: Int64 = 0
    guard read(file, &header, 100, 0) == SQLITE_OK, sizeOf(file, &size) == SQLITE_OK else { return }
    let pages = pages(header)
    guard pages.size * pages.count > size else { return }
    var methods = original.pointee
    // Without the calls that map the file into memory.
    methods.iVersion = min(methods.iVersion, 2)
    methods.xFileSize = { file, size in
      guard let own = SQLiteCutFile.own(file), let size else { return SQLITE_IOERR }
      size.pointee = own.pointee.size
      return SQLITE_OK
    }
    methods.xRead = { file, buffer, count, position in
      guard let own = SQLiteCutFile.own(file), let read = own.pointee.original.pointee.xRead else {
        return SQLITE_IOERR
      }
      let code = read(file, buffer, count, position)
      return code == sqliteShortRead ? SQLITE_CORRUPT : code
    }
    let own = (UnsafeMutableRawPointer(file) + Int(offset(usual))).bindMemory(to: Methods.self, capacity: 1)
    own.initialize(to: Methods(methods: methods, original: original, size: pages.size * pages.count))
    file.pointee.pMethods = UnsafeRawPointer(own).assumingMemoryBound(to: sqlite3_io_methods.self)
  }

  /// What stands in the place of a file's methods: they are its first field.
  private static func own(_ file: UnsafeMutablePointer<sqlite3_file>?) -> UnsafePointer<Methods>? {
    file?.pointee.pMethods.map { UnsafeRawPointer($0).assumingMemoryBound(to: Methods.self) }
  }
}

/// `SQLITE_IOERR_SHORT_READ`, a macro that Swift does not see.
private let sqliteShortRead = SQLITE_IOERR | 2 << 8
