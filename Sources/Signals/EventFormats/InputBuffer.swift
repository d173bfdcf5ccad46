import Glibc

/// Bytes on their way from a source to a decoder: a window that slides, so memory stays bounded and a word split
/// between two reads is whole in the window.
struct InputBuffer: Sendable {
  /// What one read asks for: small enough to stay in the second-level cache.
  static let readSize = 64 * 1024

  static let firstReadSize = 16 * 1024

  /// Bytes of the file lie at addresses that leave the same rest: copies out of the page cache to places a few bytes off
  /// are four times as slow on some processors.
  static let alignment = 64
  static let pageSize = 4096

  private(set) var source: any ByteSource
  private var storage: [UInt8] = []
  private var start = 0
  private var end = 0
  /// Position of the window's first byte in the file.
  private(set) var byteOffset: Int64 = 0
  /// Whether the source has nothing more.
  private(set) var isAtEnd = false
  /// Whether the last read took all the room there was: more is worth making.
  private var wasFilled = false
  /// Whether the source ended within a line of its header.
  private(set) var endsWithinLine = false

  init(_ source: any ByteSource) {
    self.source = source
  }

  var name: String { source.name }
  /// Number of bytes in the window.
  var count: Int { end - start }
  /// Bytes taken from the source so far.
  var bytesRead: Int64 { byteOffset + Int64(count) }

  /// Takes one more read from the source into the window, which is grown to hold at least `wanted` bytes.
  mutating func fill(wanted: Int) throws(EventFormatError) {
    guard !isAtEnd else { return }
    // The first read is small, as most recordings of data sets are; a source that fills it gets more room, and a
    // packet that outgrows the room doubles it.
    let room = max(storage.count - Self.alignment, 0)
    let size =
      storage.isEmpty
      ? max(wanted, Self.firstReadSize)
      : wanted > room ? max(wanted, 2 * room) : wasFilled ? max(room, Self.readSize) : room
    if room < size {
      let added = size + Self.alignment - storage.count
      storage.append(addingCapacity: added) { span in
        span.withUnsafeMutableBufferPointer { buffer, count in
          // Cleared at once: element by element is slow where nothing is optimised.
          if let base = buffer.baseAddress { memset(base, 0, added) }
          count = added
        }
      }
      moveToFront()
    } else if start == end || storage.count - start < size {
      moveToFront()
    }
    var failure: EventFormatError?
    var received = 0
    let free = end
    // Reads end with a page of the file.
    let most = storage.count - free
    let beyond = Int((bytesRead + Int64(most)) % Int64(Self.pageSize))
    let asked = most > Self.pageSize && most - beyond >= wanted - count ? most - beyond : most
    storage.withUnsafeMutableBytes { bytes in
      do throws(EventFormatError) {
        received = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[free..<free + asked]))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    wasFilled = received == asked
    end += received
    if received == 0 { isAtEnd = true }
  }

  /// Moves the window to the first place that is aligned as its bytes are in the file.
  private mutating func moveToFront() {
    let (count, offset) = (count, byteOffset)
    let start = start
    self.start = storage.withUnsafeMutableBytes { bytes in
      let misplaced = Int(bitPattern: bytes.baseAddress) - Int(truncatingIfNeeded: offset)
      let front = -misplaced & (Self.alignment - 1)
      if count > 0, front != start {
        UnsafeMutableRawBufferPointer(rebasing: bytes[front..<front + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
      }
      return front
    }
    end = self.start + count
  }

  /// Fills until the window holds `wanted` bytes or the source ends; returns whether it holds them.
  mutating func require(_ wanted: Int) throws(EventFormatError) -> Bool {
    while count < wanted, !isAtEnd { try fill(wanted: wanted) }
    return count >= wanted
  }

  /// Drops bytes from the front of the window.
  mutating func consume(_ amount: Int) {
    start += amount
    byteOffset += Int64(amount)
  }

  /// Gives the window to `body`.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    // Span would do, but the decoders behind this are C.
    let span = storage.span.extracting(start..<end)
    var result: Swift.Result<Result, Failure>?
    span.withUnsafeBytes { bytes in
      do throws(Failure) {
        result = .success(try body(bytes))
      } catch {
        result = .failure(error)
      }
    }
    guard let result else { preconditionFailure("a span always calls its body") }
    return try result.get()
  }

  /// Bytes of zeros at the end of the window.
  var trailingZeros: Int {
    var place = end
    while place > start, storage[place - 1] == 0 { place -= 1 }
    return end - place
  }

  /// Copies the first bytes of the window, at most `limit`.
  func prefix(_ limit: Int) -> [UInt8] {
    Array(storage[start..<min(end, start + limit)])
  }

  /// A line of text at the front of the window when it starts with `prefix` and is printable; it is consumed.
  ///
  /// Returns nil at anything else, and consumes nothing: that is where the data begin. Ends are LF or CR LF.
  mutating func headerLine(startingWith prefix: [UInt8], limit: Int = 65536) throws(EventFormatError) -> String? {
    guard try require(prefix.count), self.prefix(prefix.count) == prefix else { return nil }
    var length = prefix.count
    while length < limit {
      guard try require(length + 1) else {
        endsWithinLine = true
        let line = String(decoding: storage[start..<start + length], as: UTF8.self)
        consume(length)
        return line
      }
      let byte = storage[start + length]
      if byte == 10 {
        var text = storage[start..<start + length]
        if text.last == 13 { text = text.dropLast() }
        let line = String(decoding: text, as: UTF8.self)
        consume(length + 1)
        return line
      }
      guard byte >= 32 || byte == 9 || byte == 13 else { return nil }
      length += 1
    }
    return nil
  }

  /// Throws where the source ended within a line of its header.
  func refuseCutHeader() throws(EventFormatError) {
    guard endsWithinLine else { return }
    throw EventFormatError(
      .malformedHeader, source: name, byteOffset: byteOffset, reason: "the file ends within its header",
      remedy: "it was cut: copy it again")
  }
}
