import CKernels

/// Prophesee DAT: records of 8 bytes, 32-bit microseconds and a packed address; two versions of the packing.
struct DATDecoder: BlockDecoder {
  var zerosArePadding: Bool { true }
  static var zeroMeansTimeZero: Bool { true }
  let layout: ganglion_dat_layout
  var state = ganglion_wrap_state()
  var wordSize: Int { 8 }

  /// Type 14 of the byte after the header holds triggers, all others change detection.
  init(version: Int, eventType: UInt8) {
    if version == 1 {
      layout = ganglion_dat_layout(
        x_mask: 0x1ff, y_shift: 9, y_mask: 0xff, polarity_shift: 17, polarity_mask: 1,
        is_trigger: eventType == 14 ? 1 : 0)
    } else {
      layout = ganglion_dat_layout(
        x_mask: 0x3fff, y_shift: 14, y_mask: 0x3fff, polarity_shift: 28, polarity_mask: 0xf,
        is_trigger: eventType == 14 ? 1 : 0)
    }
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_dat(
        bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, layout, &state, columns, &report))
  }
}
