/// Where something stands in a file.
struct BagPlace: Sendable, Equatable {
  /// Bytes from the start of the file.
  var byteOffset: Int64
  /// Whether the bytes stand there themselves, and not in a compressed chunk that begins there.
  var isExact: Bool

  init(byteOffset: Int64, isExact: Bool) {
    self.byteOffset = byteOffset
    self.isExact = isExact
  }

  /// A row of a database, whose pages lie wherever there was room: rows go as offsets below 0.
  init(row: Int64) {
    self.init(byteOffset: -max(row, 1), isExact: false)
  }
}

/// The bytes of a bag: those of the file, or of the chunk that is open in it, unpacked piece by piece.
struct ChunkedInput: Sendable {
  private(set) var input: InputBuffer
  /// Nil outside of chunks.
  private var compression: BagCompression?
  /// Bytes of the open chunk that are still in the file.
  private var stored: Int64 = 0
  /// Bytes of its record behind it.
  private var behind: Int64 = 0
  /// Bytes that the open chunk may still unpack to, by its own word.
  private var promised: Int64 = 0
  private var chunkOffset: Int64 = 0
  private let inflater = Inflater()
  private var window = ByteWindow()
  private(set) var isDamaged = false
  private var isComplete = false

  init(_ input: InputBuffer) {
    self.input = input
  }

  var isInChunk: Bool { compression != nil }
  private var isPacked: Bool { compression != nil && compression != BagCompression.none }

  /// Where the next byte stands.
  var place: BagPlace {
    isPacked
      ? BagPlace(byteOffset: chunkOffset, isExact: false) : BagPlace(byteOffset: input.byteOffset, isExact: true)
  }

  /// Whether the file ended before the open chunk, or whatever was last asked for, was whole.
  var isCut: Bool { input.isAtEnd && (!isInChunk || stored > Int64(input.count)) && !isDamaged }

  /// Bytes at hand.
  var count: Int { isPacked ? window.count : isInChunk ? Int(min(Int64(input.count), stored)) : input.count }

  /// Takes the next `size` bytes of the file for a chunk that unpacks to `unpacked` bytes; `offset` is where its record
  /// begins, and it ends with bytes that mean nothing.
  mutating func openChunk(
    _ compression: BagCompression, size: Int64, behind: Int64 = 0, unpacked: Int64, offset: Int64
  ) {
    self.compression = compression
    stored = size
    self.behind = behind
    promised = unpacked
    chunkOffset = offset
    isDamaged = false
    isComplete = false
    window.removeAll()
    if isPacked { inflater.begin(compression.stream) }
  }

  /// Goes behind the open chunk; false where the file ends before.
  mutating func closeChunk() throws(EventFormatError) -> Bool {
    compression = nil
    window.removeAll()
    isDamaged = false
    let rest = stored + behind
    stored = 0
    behind = 0
    return try skip(rest)
  }

  /// Whether so many bytes are there; waits for them.
  mutating func require(_ wanted: Int) throws(EventFormatError) -> Bool {
    if isPacked {
      while window.count < wanted { if try !inflate() { return false } }
      return true
    }
    if isInChunk, Int64(wanted) > stored {
      _ = try input.require(Int(min(stored, Int64(InputBuffer.readSize))))
      return false
    }
    return try input.require(wanted)
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    if isPacked { return window.withBytes(body) }
    let count = count
    return input.withBytes { body(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
  }

  mutating func consume(_ amount: Int) {
    if isPacked { return window.consume(amount) }
    input.consume(amount)
    if isInChunk { stored -= Int64(amount) }
  }

  /// Leaves bytes out; false where they end before.
  mutating func skip(_ amount: Int64) throws(EventFormatError) -> Bool {
    var rest = amount
    while rest > 0 {
      guard try require(1) else { return false }
      let taken = min(rest, Int64(count))
      consume(Int(taken))
      rest -= taken
    }
    return true
  }

  /// Unpacks some more of the chunk; false at its end.
  private mutating func inflate() throws(EventFormatError) -> Bool {
    guard let compression, !isDamaged else { return false }
    while true {
      if isComplete {
        // Some writers put several streams into one chunk.
        guard stored > 0 else { return false }
        inflater.begin(compression.stream)
        isComplete = false
      }
      if input.count == 0, stored > 0 { try input.fill(wanted: 1) }
      let available = Int(min(Int64(input.count), stored))
      var progress = Inflater.Progress()
      // Taken out while it is changed, since what fills it stands beside it.
      var window = ByteWindow()
      swap(&window, &self.window)
      window.fill { room in
        progress = input.withBytes {
          inflater.inflate(UnsafeRawBufferPointer(rebasing: $0.prefix(available)), into: room, compression.stream)
        }
        return progress.isDamaged ? 0 : progress.written
      }
      swap(&window, &self.window)
      if progress.isDamaged || Int64(progress.written) > promised {
        isDamaged = true
        return false
      }
      input.consume(progress.taken)
      stored -= Int64(progress.taken)
      promised -= Int64(progress.written)
      isComplete = progress.isComplete
      if progress.written > 0 { return true }
      if !isComplete, progress.taken == 0 {
        if stored > Int64(available), !input.isAtEnd {
          try input.fill(wanted: available + 1)
          continue
        }
        // What is stored is used up, or will not be, and the stream wants more: cut with the file, or damaged.
        isDamaged = stored <= Int64(available)
        return false
      }
    }
  }
}
