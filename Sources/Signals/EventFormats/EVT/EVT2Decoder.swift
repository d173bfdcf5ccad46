import CKernels

/// Prophesee EVT 2.0: 32-bit words, one event each, 34 bits of time.
struct EVT2Decoder: BlockDecoder {
  var zerosArePadding: Bool { true }
  var state = ganglion_wrap_state()
  var wordSize: Int { 4 }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_evt2(bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &state, columns, &report))
  }
}

extension UnsafeRawBufferPointer {
  /// The first byte, as the kernels take it.
  var bytePointer: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
