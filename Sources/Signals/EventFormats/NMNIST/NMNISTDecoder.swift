import CKernels

/// N-MNIST, N-Caltech101 and SLAYER's .bs2: five bytes an event, no header.
struct NMNISTDecoder: BlockDecoder {
  var zerosArePadding: Bool { true }
  static var zeroMeansTimeZero: Bool { true }
  var state = ganglion_wrap_state()
  var wordSize: Int { 5 }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    DecodingProgress(
      ganglion_decode_nmnist(bytes.bytePointer, Int64(bytes.count), isLast ? 1 : 0, &state, columns, &report))
  }
}

/// Whether bytes without any header look like five-byte events: the first bytes of a file, all of them where they are
/// fewer than recognition looks at.
///
/// There is nothing to recognise them by, so all of this must hold for every whole record: no text (a sorted word list
/// has rising times, too); rows up to 240, the last one of the ATIS camera; times that never go back, but for the
/// counter's overflow and one wrong time in a hundred; at least one pair in eight strictly later, which silence does not
/// have; two different addresses; and no second longer than five between neighbours. Of less than 16 records there must
/// be three and nothing else, with no more than a second between neighbours.
func looksLikeNMNIST(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
  // Zeros at the end may be padding.
  let data = Array(bytes)
  let length = min(((data.lastIndex { $0 != 0 } ?? -1) + 5) / 5 * 5, data.count)
  let bytes = data[..<length]
  let records = bytes.count / 5
  let isFew = records < 16
  guard records >= 3, !isFew || bytes.count % 5 == 0, !bytes.allSatisfy(isTextByte) else { return false }
  let longestStep = isFew ? 1_000_000 : 5_000_000
  var previous: Int?
  var later = 0
  var wrong = 0
  var addresses = Set<Int>()
  for index in 0..<records {
    let x = Int(bytes[5 * index])
    let y = Int(bytes[5 * index + 1])
    let time = Int(bytes[5 * index + 2] & 0x7f) << 16 | Int(bytes[5 * index + 3]) << 8 | Int(bytes[5 * index + 4])
    guard y <= 240 else { return false }
    if y == 240 {
      previous = nil
      continue
    }
    if addresses.count < 2 { addresses.insert(x << 8 | y) }
    if let previous {
      let step = (time - previous) & 0x7fffff
      guard step < longestStep, time >= previous || previous - time > 1 << 22 else {
        wrong += 1
        guard wrong * 100 <= records else { return false }
        continue
      }
      if step > 0 { later += 1 }
    }
    previous = time
  }
  return later * 8 >= records - 1 && addresses.count >= 2
}

/// Printable ASCII or white space.
func isTextByte(_ byte: UInt8) -> Bool {
  (32...126).contains(byte) || byte == 9 || byte == 10 || byte == 13
}
