import CKernels

/// Prophesee EVT 3.0: 16-bit words that change a state, vectors of up to 12 events, 24 bits of time.
struct EVT3Decoder: BlockDecoder {
  var zerosArePadding: Bool { true }
  var state = ganglion_evt3_state()
  var wordSize: Int { 2 }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_evt3(bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &state, columns, &report))
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
