import CZlib
import Synchronization

/// The members of a ZIP file, as numpy.savez writes them: stored or deflated.
struct ZipArchive: Sendable {
  struct Member: Sendable {
    var name: String
    var isDeflated: Bool
    var packedSize: Int64
    var dataOffset: Int64
  }

  let file: SeekableFile
  private(set) var members: [Member] = []

  init(_ file: SeekableFile) throws(EventFormatError) {
    self.file = file
    file.forgetName()
    func malformed(_ reason: String) -> EventFormatError {
      EventFormatError(
        .malformedHeader, source: file.name, reason: reason,
        remedy: "the file was cut or damaged, write it again with numpy.savez")
    }
    // The directory's end lies within the last 64 KiB and 22 bytes.
    let tailSize = Int(min(file.size, 65557))
    guard let tail = try file.bytes(at: file.size - Int64(tailSize), count: tailSize), tail.count >= 22 else {
      throw malformed("the directory at the end is missing")
    }
    let end = stride(from: tail.count - 22, through: 0, by: -1).first { number(tail, $0, 4) == 0x0605_4b50 }
    guard let end else { throw malformed("the directory at the end is missing") }
    let count = Int(number(tail, end + 10, 2))
    let directorySize = Int(number(tail, end + 12, 4))
    guard directorySize <= 1 << 24,
      let directory = try file.bytes(at: Int64(number(tail, end + 16, 4)), count: directorySize)
    else { throw malformed("the directory at the end is damaged") }
    var position = 0
    for _ in 0..<count {
      guard position + 46 <= directory.count, number(directory, position, 4) == 0x0201_4b50 else {
        throw malformed("the directory at the end is damaged")
      }
      let method = number(directory, position + 10, 2)
      var packed = number(directory, position + 20, 4)
      var local = number(directory, position + 42, 4)
      let nameLength = Int(number(directory, position + 28, 2))
      let extraLength = Int(number(directory, position + 30, 2))
      let commentLength = Int(number(directory, position + 32, 2))
      guard position + 46 + nameLength + extraLength <= directory.count else {
        throw malformed("the directory at the end is damaged")
      }
      let name = String(decoding: directory[position + 46..<position + 46 + nameLength], as: UTF8.self)
      Self.apply64BitSizes(
        directory, from: position + 46 + nameLength, length: extraLength,
        unpacked: number(directory, position + 24, 4), packed: &packed, local: &local)
      guard method == 0 || method == 8, let head = try file.bytes(at: Int64(clamping: local), count: 30) else {
        throw malformed("member \(name) is packed by method \(method) or lies outside the file")
      }
      let start = Int64(clamping: local) + 30 + Int64(number(head, 26, 2)) + Int64(number(head, 28, 2))
      guard start <= file.size, packed <= UInt64(file.size - start) else {
        throw malformed("member \(name) lies outside the file")
      }
      members.append(
        Member(name: name, isDeflated: method == 8, packedSize: Int64(packed), dataOffset: start))
      position += 46 + nameLength + extraLength + commentLength
    }
  }

  /// Sizes that do not fit 32 bits follow in the extra field 1, in order, only those that are marked.
  private static func apply64BitSizes(
    _ bytes: [UInt8], from start: Int, length: Int, unpacked: UInt64, packed: inout UInt64, local: inout UInt64
  ) {
    var position = start
    while position + 4 <= start + length {
      let size = Int(number(bytes, position + 2, 2))
      guard position + 4 + size <= start + length else { return }
      if number(bytes, position, 2) == 1 {
        var cursor = position + 4
        func take() -> UInt64? {
          guard cursor + 8 <= position + 4 + size else { return nil }
          defer { cursor += 8 }
          return number(bytes, cursor, 8)
        }
        if unpacked == 0xffff_ffff { _ = take() }
        if packed == 0xffff_ffff, let value = take() { packed = value }
        if local == 0xffff_ffff, let value = take() { local = value }
        return
      }
      position += 4 + size
    }
  }

  /// Opens a member for reading front to back.
  func open(_ member: Member) -> any ByteSource {
    ZipMemberSource(file: file, member: member)
  }
}

/// A little-endian number of 2, 4 or 8 bytes; the place has been checked.
private func number(_ bytes: [UInt8], _ position: Int, _ size: Int) -> UInt64 {
  bytes[position..<position + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
}

/// One member of a ZIP file, unpacked while it is read.
private final class ZipMemberSource: ByteSource {
  // Unchecked: the pointer is owned by this value alone, which lives in the lock below.
  private struct State: ~Copyable, @unchecked Sendable {
    var position: Int64 = 0
    var packed: [UInt8] = []
    /// Packed bytes not yet taken by zlib.
    var start = 0
    var end = 0
    /// On the heap: zlib keeps a pointer to it.
    var stream: UnsafeMutablePointer<z_stream>?
    var isAtEnd = false

    deinit {
      guard let stream else { return }
      inflateEnd(stream)
      stream.deallocate()
    }
  }

  let name: String
  var path: String? { nil }
  private let file: SeekableFile
  private let member: ZipArchive.Member
  // Copies of a reader share this object: the lock keeps its position and zlib's state together.
  private let state = Mutex(State())

  init(file: SeekableFile, member: ZipArchive.Member) {
    self.file = file
    self.member = member
    name = "\(file.name) (\(member.name))"
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    let result: Result<Int, EventFormatError> = state.withLock { state in
      do throws(EventFormatError) {
        return .success(
          member.isDeflated ? try inflateNext(into: buffer, &state) : try copyNext(into: buffer, &state))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func copyNext(
    into buffer: UnsafeMutableRawBufferPointer, _ state: inout State
  ) throws(EventFormatError) -> Int {
    let count = Int(min(Int64(buffer.count), member.packedSize - state.position))
    let received = try file.read(
      into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: member.dataOffset + state.position)
    state.position += Int64(received)
    return received
  }

  private func inflateNext(
    into buffer: UnsafeMutableRawBufferPointer, _ state: inout State
  ) throws(EventFormatError) -> Int {
    func damaged() -> EventFormatError {
      EventFormatError(
        .malformedHeader, source: name, byteOffset: member.dataOffset + state.position,
        reason: "the compressed data are damaged", remedy: "write it again with numpy.savez_compressed")
    }
    if state.isAtEnd { return 0 }
    if state.stream == nil {
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      // Negative window bits: deflate without a header around it.
      guard inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
        stream.deallocate()
        throw damaged()
      }
      state.stream = stream
      state.packed = [UInt8](repeating: 0, count: Int(min(max(member.packedSize, 1), 65536)))
    }
    guard let stream = state.stream else { return 0 }
    while true {
      if state.start == state.end { try refill(&state) }
      if state.start == state.end { throw damaged() }
      let wanted = min(buffer.count, 1 << 30)
      let window = state.start..<state.end
      let code = state.packed.withUnsafeMutableBufferPointer { packed in
        stream.pointee.next_in = packed.baseAddress.map { $0 + window.lowerBound }
        stream.pointee.avail_in = UInt32(window.count)
        stream.pointee.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(wanted)
        return inflate(stream, Z_NO_FLUSH)
      }
      state.start = state.end - Int(stream.pointee.avail_in)
      let produced = wanted - Int(stream.pointee.avail_out)
      if code == Z_STREAM_END {
        state.isAtEnd = true
        return produced
      }
      guard code == Z_OK || code == Z_BUF_ERROR else { throw damaged() }
      if produced > 0 { return produced }
    }
  }

  /// Takes the next packed bytes from the file.
  private func refill(_ state: inout State) throws(EventFormatError) {
    let count = Int(min(Int64(state.packed.count), member.packedSize - state.position))
    guard let bytes = try file.bytes(at: member.dataOffset + state.position, count: count) else { return }
    state.packed.replaceSubrange(0..<count, with: bytes)
    state.start = 0
    state.end = count
    state.position += Int64(count)
  }
}
