import Glibc

/// The bytes of a recording in order, from a file or a pipe alike, with a look ahead.
///
/// Nothing here seeks: what is read from a file is what would come through a pipe.
final class ByteStream {
  /// Bytes that are asked for at once.
  private static let piece = 1 << 16

  /// File name, or `standard input`.
  let name: String
  /// Fills at most the room it is given; 0 at the end. May wait.
  private let pull: (UnsafeMutableRawBufferPointer) throws(AudioError) -> Int
  private let descriptor: Int32?
  private let ownsDescriptor: Bool
  private var buffer: [UInt8] = []
  private var start = 0
  private var hasEnded = false
  /// Number of the next byte, counted from 0.
  private(set) var position: Int64 = 0

  /// - Parameter pull: fills at most the room it is given and says how much; 0 at the end.
  init(name: String, pull: @escaping (UnsafeMutableRawBufferPointer) throws(AudioError) -> Int) {
    self.name = name
    self.pull = pull
    descriptor = nil
    ownsDescriptor = false
  }

  /// - Parameter owned: whether the descriptor is closed with the stream.
  init(name: String, descriptor: Int32, owned: Bool) {
    self.name = name
    self.descriptor = descriptor
    ownsDescriptor = owned
    pull = { room throws(AudioError) in
      while true {
        let count = Glibc.read(descriptor, room.baseAddress, room.count)
        if count < 0 && errno == EINTR { continue }
        if count < 0 { throw AudioError(source: name, reason: .cannotRead(String(cString: strerror(errno)))) }
        return count
      }
    }
  }

  deinit { if let descriptor, ownsDescriptor { close(descriptor) } }

  /// A regular file of which nothing has been taken: the library may seek in it as it likes.
  var untouchedFile: Int32? {
    guard let descriptor, position == 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return descriptor
  }

  /// Bytes that can be had without waiting.
  var available: Int { buffer.count - start }

  /// Waits until there are `count` bytes or no more come, and says how many there are.
  @discardableResult
  func fill(_ count: Int) throws(AudioError) -> Int {
    while available < count && !hasEnded { try fillMore() }
    return available
  }

  /// Waits until there are more bytes than now; false at the end.
  @discardableResult
  func fillMore() throws(AudioError) -> Bool {
    if hasEnded { return false }
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    let before = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.piece))
    var got = 0
    defer { buffer.removeLast(Self.piece - got) }
    got = try buffer.withUnsafeMutableBufferPointer { bytes throws(AudioError) in
      try pull(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: bytes[before...])))
    }
    hasEnded = got == 0
    return got > 0
  }

  /// Looks at the bytes that can be had without waiting.
  func look<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  /// The next bytes, `count` or all there are, which stay where they are.
  func peek(_ count: Int) throws(AudioError) -> [UInt8] {
    let there = min(count, try fill(count))
    return Array(buffer[start..<start + there])
  }

  /// Takes at most as many bytes as there is room for; 0 at the end.
  func take(into room: UnsafeMutableRawBufferPointer) throws(AudioError) -> Int {
    guard !room.isEmpty, try fill(1) > 0 else { return 0 }
    let count = min(available, room.count)
    room.copyBytes(from: buffer[start..<start + count])
    advance(count)
    return count
  }

  /// The next `count` bytes, fewer at the end.
  func take(_ count: Int) throws(AudioError) -> [UInt8] {
    let bytes = try peek(count)
    advance(bytes.count)
    return bytes
  }

  /// The container that begins here, if one does.
  func signature() throws(AudioError) -> SoundSignature? {
    var head = try peek(SoundSignature.length)
    if let found = SoundSignature(head, isWhole: head.count < SoundSignature.length) { return found }
    // One frame of MPEG audio is two bytes that samples hold as well: several are none.
    guard MPEGFrame(head) != nil else { return nil }
    head = try peek(SoundSignature.certainLength)
    return SoundSignature(head, isWhole: head.count < SoundSignature.certainLength)
  }

  /// Passes over bytes; how many there were.
  @discardableResult
  func skip(_ count: Int64) throws(AudioError) -> Int64 {
    var rest = count
    while rest > 0, try fill(1) > 0 {
      let now = Int(min(rest, Int64(available)))
      advance(now)
      rest -= Int64(now)
    }
    return count - rest
  }

  private func advance(_ count: Int) {
    start += count
    position += Int64(count)
  }
}
