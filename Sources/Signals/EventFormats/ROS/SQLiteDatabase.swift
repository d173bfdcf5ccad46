import CSQLite
import Failures
import Synchronization

/// A database file, read only: rows of a statement, and one blob at a time, piece by piece.
final class SQLiteDatabase: Sendable {
  /// Why the library cannot go on.
  struct Failure: ReportedError {
    enum Cause {
      /// The pages do not hang together, or end too early.
      case damage
      /// It is not what it should be.
      case content
      /// The system refuses.
      case system
    }

    var message: String
    var cause: Cause
    var kind: FailureKind { cause == .system ? .missing : .badInput }
    var description: String { message }
  }

  // Unchecked: the pointers are owned by this value alone, which lives in the lock below.
  private struct Handles: ~Copyable, @unchecked Sendable {
    var database: OpaquePointer?
    var statement: OpaquePointer?
    var blob: OpaquePointer?

    deinit {
      if let blob { sqlite3_blob_close(blob) }
      if let statement { sqlite3_finalize(statement) }
      if let database { sqlite3_close(database) }
    }
  }

  /// Longest text in a row, bytes. Blobs are read in pieces and may be longer.
  private static let longestText: Int32 = 4 << 20

  // Copies of a reader share this object: the lock keeps statement and blob from moving under one of them.
  private let handles: Mutex<Handles>

  /// Opens a file.
  /// - Parameter isImmutable: nobody writes to it, and there is no log beside it: nothing is locked or made.
  init(path: String, isImmutable: Bool) throws(Failure) {
    var name = "file:"
    for byte in path.utf8 {
      let isPlain = byte > 0x20 && byte < 0x7f && byte != 0x25 && byte != 0x3f && byte != 0x23
      name += isPlain ? String(UnicodeScalar(byte)) : Self.escaped(byte)
    }
    var handles = Handles()
    let flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX
    // Beside a log the file itself is always shorter than what it says.
    let code = sqlite3_open_v2(
      name + (isImmutable ? "?immutable=1" : "?mode=ro"), &handles.database, flags,
      isImmutable ? SQLiteCutFile.fileSystem : nil)
    guard code == SQLITE_OK, let database = handles.database else {
      throw Failure(message: String(cString: sqlite3_errstr(code)), cause: .system)
    }
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, Self.longestText)
    // What a schema from elsewhere says is not to run functions.
    for pragma in ["trusted_schema=OFF", "cell_size_check=ON"] {
      sqlite3_exec(database, "PRAGMA \(pragma)", nil, nil, nil)
    }
    self.handles = Mutex(handles)
  }

  private static func escaped(_ byte: UInt8) -> String {
    let digits = Array("0123456789abcdef")
    return "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
  }

  private static func failure(_ handles: borrowing Handles, _ code: Int32) -> Failure {
    let message = handles.database.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
    let primary = code & 0xff
    return Failure(
      message: message.map { String(cString: $0) } ?? "",
      cause: primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ? .damage : .system)
  }

  /// Begins a query; one runs at a time.
  func prepare(_ query: String) throws(Failure) {
    try handles.withLock { handles throws(Failure) in
      if let statement = handles.statement { sqlite3_finalize(statement) }
      handles.statement = nil
      let code = sqlite3_prepare_v2(handles.database, query, -1, &handles.statement, nil)
      guard code == SQLITE_OK else { throw Self.failure(handles, code) }
    }
  }

  /// Goes to the next row of the query; false behind the last.
  func step() throws(Failure) -> Bool {
    try handles.withLock { handles throws(Failure) in
      guard let statement = handles.statement else { return false }
      let code = sqlite3_step(statement)
      if code == SQLITE_ROW { return true }
      guard code == SQLITE_DONE else { throw Self.failure(handles, code) }
      return false
    }
  }

  func integer(_ column: Int32) -> Int64 {
    handles.withLock { $0.statement.map { sqlite3_column_int64($0, column) } ?? 0 }
  }

  func text(_ column: Int32) -> String {
    handles.withLock { handles in
      guard let statement = handles.statement, let text = sqlite3_column_text(statement, column) else { return "" }
      let size = Int(sqlite3_column_bytes(statement, column))
      return String(decoding: UnsafeBufferPointer(start: text, count: size), as: UTF8.self)
    }
  }

  /// Opens the blob of a row; returns its size, bytes.
  func openBlob(table: String, column: String, row: Int64) throws(Failure) -> Int {
    try handles.withLock { handles throws(Failure) in
      var code: Int32
      if let blob = handles.blob {
        code = sqlite3_blob_reopen(blob, row)
        if code != SQLITE_OK {
          sqlite3_blob_close(blob)
          handles.blob = nil
        }
      } else {
        code = sqlite3_blob_open(handles.database, "main", table, column, row, 0, &handles.blob)
      }
      guard code == SQLITE_OK, let blob = handles.blob else { throw Self.failure(handles, code) }
      return Int(sqlite3_blob_bytes(blob))
    }
  }

  /// Reads from a place in the open blob until `buffer` is full; so much must be there.
  func readBlob(into buffer: UnsafeMutableRawBufferPointer, at position: Int) throws(Failure) {
    try handles.withLock { handles throws(Failure) in
      guard let blob = handles.blob else { throw Failure(message: "no blob is open", cause: .system) }
      let code = sqlite3_blob_read(blob, buffer.baseAddress, Int32(buffer.count), Int32(position))
      guard code == SQLITE_OK else { throw Self.failure(handles, code) }
    }
  }
}
