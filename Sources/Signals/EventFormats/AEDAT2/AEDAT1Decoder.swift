import CKernels

/// AEDAT 1.0: big-endian 16-bit address and 32-bit microseconds.
struct AEDAT1Decoder: BlockDecoder {
  var zerosArePadding: Bool { true }
  static var zeroMeansTimeZero: Bool { true }
  var layout: ganglion_aedat2_layout
  var state = ganglion_wrap_state()
  var wordSize: Int { 6 }

  init(layout: AEDAT2Layout) {
    self.layout = layout.bits
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_aedat1(
        bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &layout, &state, columns, &report))
  }
}
