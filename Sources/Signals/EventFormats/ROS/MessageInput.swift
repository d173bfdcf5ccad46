import CKernels

/// The bytes of one message after the other, whole or each compressed with Zstandard.
struct MessageInput: Sendable {
  var container: any BagContainer
  private let inflater = Inflater()
  private var window = ByteWindow()
  private var isPacked = false
  private var isComplete = false
  /// The last call filled all the room it had: more may come without further input.
  private var wasFilled = false
  private var messageOffset: Int64 = 0

  private static let zstdMagic: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd]

  init(_ container: any BagContainer) {
    self.container = container
  }

  /// Goes to the next message.
  mutating func nextMessage(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage? {
    isPacked = false
    window.removeAll()
    return try container.nextMessage(&report)
  }

  /// Looks at the first bytes of a message that is wanted: nothing that ROS serialises begins as Zstandard does. False
  /// where they are lost, which has been reported.
  mutating func open(
    _ message: BagMessage, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    guard message.size >= 4 else { return true }
    guard try container.require(4, &report) else { return false }
    guard container.withBytes({ $0.prefix(4).elementsEqual(Self.zstdMagic) }) else { return true }
    isPacked = true
    isComplete = false
    wasFilled = false
    messageOffset = message.place.byteOffset
    inflater.begin(.zstd)
    return true
  }

  /// Bytes of the message that have not been consumed; nil where only unpacking tells.
  var left: Int64? { isPacked ? nil : container.left }
  var isCompressed: Bool { isPacked }

  /// Where the next byte of the message stands.
  var place: BagPlace {
    isPacked ? BagPlace(byteOffset: messageOffset, isExact: false) : container.place
  }

  var count: Int { isPacked ? window.count : container.count }

  enum Availability {
    case there
    /// The message is shorter, or cannot be unpacked any further.
    case beyondMessage
    /// The file or its chunk ends before, which has been reported.
    case lost
  }

  /// Whether the next bytes of the message are there; waits for them.
  mutating func require(
    _ wanted: Int, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Availability {
    guard isPacked else {
      guard Int64(wanted) <= container.left else { return .beyondMessage }
      return try container.require(wanted, &report) ? .there : .lost
    }
    while window.count < wanted {
      if isComplete { return .beyondMessage }
      if container.count == 0, !wasFilled {
        guard container.left > 0 else { return .beyondMessage }
        guard try container.require(1, &report) else { return .lost }
      }
      var progress = Inflater.Progress()
      // Taken out while it is changed, since what fills it stands beside it.
      var window = ByteWindow()
      swap(&window, &self.window)
      window.fill { room in
        progress = container.withBytes { inflater.inflate($0, into: room, .zstd) }
        return progress.isDamaged ? 0 : progress.written
      }
      swap(&window, &self.window)
      if progress.isDamaged { return .beyondMessage }
      if progress.taken == 0, progress.written == 0, container.count > 0 { return .beyondMessage }
      container.consume(progress.taken)
      isComplete = progress.isComplete
      wasFilled = progress.written == ByteWindow.pieceSize
    }
    return .there
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    isPacked ? window.withBytes(body) : container.withBytes(body)
  }

  mutating func consume(_ amount: Int) {
    if isPacked { window.consume(amount) } else { container.consume(amount) }
  }
}
