import CKernels

/// How far one call of a decoder came.
struct DecodingProgress {
  /// Bytes used up.
  var consumed: Int
  /// Events written.
  var produced: Int
  /// Bytes the decoder must see at once to go on, 0 when it does not know.
  var needed = 0

  init(consumed: Int, produced: Int, needed: Int = 0) {
    self.consumed = consumed
    self.produced = produced
    self.needed = needed
  }

  init(_ progress: ganglion_event_progress) {
    consumed = Int(progress.consumed)
    produced = Int(progress.produced)
  }
}

/// Turns the bytes after a header into events: a value, so that its state can be kept and a stretch decoded again.
protocol BlockDecoder: Sendable {
  /// Whether a copy of the decoder is cheap; if not, offsets of violations are those of the packet.
  static var isCheapToCopy: Bool { get }

  /// Size in bytes of the word or record that carries an event.
  var wordSize: Int { get }

  /// Whether more must follow: a file that ends here was cut.
  var isWithinPacket: Bool { get }

  /// Whether a recording in which no event could be read is refused: its columns were taken wrongly.
  var mustHoldEvents: Bool { get }

  /// Bytes of the file, for decoders that read it themselves.
  var bytesTaken: Int64? { get }

  /// Whether words of nothing but zeros at the end are what a crash or a block of the disk left, not events.
  var zerosArePadding: Bool { get }

  /// Whether such a word would say that its time is 0, whatever came before.
  static var zeroMeansTimeZero: Bool { get }

  /// The cameras or sources of the recording, with the events of each so far; none where there can be only one.
  var streams: [RecordingStream] { get }

  /// What was taken for granted once reading had begun.
  var guesses: [ReadingGuess] { get }

  /// Where an event of the last call stands in the file, for decoders that read it themselves.
  func byteOffset(ofEvent index: Int) -> Int64?

  /// Decodes whole words from the front of `bytes`, which stand at `byteOffset` in the file, until the bytes or the
  /// columns are used up. `isLast` says that nothing follows.
  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress
}

extension BlockDecoder {
  static var isCheapToCopy: Bool { true }
  var isWithinPacket: Bool { false }
  var mustHoldEvents: Bool { false }
  var bytesTaken: Int64? { nil }
  var zerosArePadding: Bool { false }
  static var zeroMeansTimeZero: Bool { false }
  var streams: [RecordingStream] { [] }
  var guesses: [ReadingGuess] { [] }
  func byteOffset(ofEvent index: Int) -> Int64? { nil }
}

extension ganglion_event_report {
  /// Forgets everything but what to do at a violation.
  mutating func clear() {
    _ = withUnsafeMutableBytes(of: &violations) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
    _ = withUnsafeMutableBytes(of: &skipped) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
    trigger_count = 0
  }

  /// Number and first offset of the violations of one kind.
  func violations(_ kind: EventViolation) -> (count: Int64, firstOffset: Int64) {
    (
      withUnsafeBytes(of: violations) { $0.load(fromByteOffset: 8 * kind.rawValue, as: Int64.self) },
      withUnsafeBytes(of: first_offset) { $0.load(fromByteOffset: 8 * kind.rawValue, as: Int64.self) }
    )
  }

  /// How much content of one kind was skipped.
  func skipped(_ kind: SkippedContent) -> Int64 {
    withUnsafeBytes(of: skipped) { $0.load(fromByteOffset: 8 * kind.rawValue, as: Int64.self) }
  }

  /// Counts violations found in Swift, as the kernels do.
  mutating func violate(_ kind: EventViolation, count added: Int64 = 1, offset: Int) {
    guard added > 0 else { return }
    withUnsafeMutableBytes(of: &violations) { counts in
      let count = counts.load(fromByteOffset: 8 * kind.rawValue, as: Int64.self)
      counts.storeBytes(of: count + added, toByteOffset: 8 * kind.rawValue, as: Int64.self)
      if count == 0 {
        withUnsafeMutableBytes(of: &first_offset) {
          $0.storeBytes(of: Int64(offset), toByteOffset: 8 * kind.rawValue, as: Int64.self)
        }
      }
    }
  }

  /// Counts skipped content found in Swift, as the kernels do.
  mutating func skip(_ kind: SkippedContent, count added: Int64 = 1) {
    withUnsafeMutableBytes(of: &skipped) { counts in
      let count = counts.load(fromByteOffset: 8 * kind.rawValue, as: Int64.self)
      counts.storeBytes(of: count + added, toByteOffset: 8 * kind.rawValue, as: Int64.self)
    }
  }
}
