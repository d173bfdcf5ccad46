import CKernels

/// Prophesee EVT 3.0: 16-bit words that change a state, vectors of up to 12 events, 24 bits of time.
///
/// Of two synchronised cameras that share one stream, every row says whose it is: the camera's that gives the time
/// (`master`), or the other's (`slave`).
struct EVT3Decoder: BlockDecoder {
  private static let cameras = ["master", "slave"]

  let name: String
  var zerosArePadding: Bool { true }
  var state = ganglion_evt3_state()
  var wordSize: Int { 2 }
  /// Whether no camera was named, so that a second one must not go unnoticed.
  private let isUnnamed: Bool
  private let surveys: Bool
  private var own: Int64 = 0
  private var others: Int64 = 0
  /// Thrown by the next call: what came before the second camera is delivered first.
  private var pending: EventFormatError?

  init(name: String, options: EventReadingOptions) throws(EventFormatError) {
    self.name = name
    isUnnamed = options.stream == nil
    surveys = options.surveysStreams
    guard let stream = options.stream else { return }
    guard let place = Self.cameras.firstIndex(of: stream) else {
      throw EventFormatError(
        .ambiguous, source: name, reason: "no stream goes by the name '\(stream)': EVT 3.0 holds master and slave",
        remedy: "name one", subject: .stream)
    }
    state.camera = UInt32(place + 1)
  }

  var streams: [RecordingStream] {
    guard others > 0, state.camera > 0 else { return [] }
    let read = Int(state.camera) - 1
    return Self.cameras.enumerated().map { place, camera in
      RecordingStream(
        name: camera, details: place == 0 ? "the camera that gives the time" : "the camera that follows it",
        sensor: nil,
        events: place == read ? own : others, isRead: place == read)
    }
  }

  var guesses: [ReadingGuess] {
    guard isUnnamed else { return [] }
    return streams.filter(\.isRead).map { stream in
      ReadingGuess(
        .stream, stream.name, because: "it comes first of 2; whoever uses the events has to name one")
    }
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    if let pending { throw pending }
    let before = report.skipped(.otherStreams)
    let progress = DecodingProgress(
      ganglion_decode_evt3(bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &state, columns, &report))
    own += Int64(progress.produced)
    let found = report.skipped(.otherStreams) - before
    others += found
    guard found > 0, isUnnamed, !surveys else { return progress }
    let error = EventFormatError(
      .ambiguous, source: name, reason: "holds the events of 2 streams, two cameras in one: master and slave",
      remedy: "name one",
      subject: .stream)
    guard progress.produced > 0 else { throw error }
    pending = error
    return progress
  }
}

/// Prophesee EVT 2.1: 64-bit words with a mask of 32 events of one row.
///
/// Two layouts are about: the current one has the type in the top bits of the word, the legacy one has the two halves
/// of 32 bits swapped.
struct EVT21Decoder: BlockDecoder {
  /// Bytes of a live stream that are waited for to tell the layouts apart: a camera sends its time first, and often.
  static let enoughLiveBytes = 256

  var zerosArePadding: Bool { true }
  let isLegacy: Bool
  var state = ganglion_vector_state()
  var wordSize: Int { 8 }

  init(isLegacy: Bool) {
    self.isLegacy = isLegacy
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_evt21(
        bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, isLegacy ? 1 : 0, &state, columns, &report))
  }

  /// Whether the halves are swapped: by counting where words of high time, whose other half is empty, have their type.
  static func looksLegacy(_ bytes: [UInt8]) -> Bool {
    func word(_ at: Int) -> UInt32 {
      UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16 | UInt32(bytes[at + 3]) << 24
    }
    var current = 0
    var legacy = 0
    var position = 0
    while position + 8 <= bytes.count {
      let low = word(position)
      let high = word(position + 4)
      if high >> 28 == 8, low == 0 { current += 1 }
      if low >> 28 == 8, high == 0 { legacy += 1 }
      position += 8
    }
    return legacy > current
  }
}

/// Prophesee EVT 4.0: 32-bit words; vectors of 32 events with the mask in a word of its own.
struct EVT4Decoder: BlockDecoder {
  var zerosArePadding: Bool { true }
  var state = ganglion_vector_state()
  var wordSize: Int { 4 }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_evt4(bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &state, columns, &report))
  }
}
