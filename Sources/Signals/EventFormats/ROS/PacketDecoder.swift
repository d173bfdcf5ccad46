import CKernels

/// The bytes of one EventPacket message, in the encoding that it names.
struct PacketDecoder {
  static let largestWord = 8

  private enum Encoding {
    case evt3
    case mono
    case trigger
    case libcaer
  }

  private(set) var remaining: Int
  private let encoding: Encoding
  private let timeBase: UInt64
  private let isBigEndian: Bool
  private let place: BagPlace
  /// 31 bits of time run over within a packet, if at all.
  private var wrap = ganglion_wrap_state()

  init(_ front: MessageFront, _ place: BagPlace, name: String) throws(EventFormatError) {
    switch front.encoding {
    case "evt3": encoding = .evt3
    case "mono": encoding = .mono
    case "trigger": encoding = .trigger
    case "libcaer": encoding = .libcaer
    default:
      throw EventFormatError(
        .unsupported, source: name, byteOffset: place.byteOffset,
        reason:
          "a packet of events encoded as '\(front.encoding.prefix(64))'; evt3, mono, trigger and libcaer are read",
        remedy: "record it in one of these, or convert it with the driver's own tools")
    }
    remaining = front.count
    timeBase = front.timeBase
    isBigEndian = front.hasBigEndianWords
    self.place = place
  }

  /// Decodes words at hand until they, the columns or the table of triggers are used up; returns how many events there
  /// were.
  mutating func decode(
    _ input: inout MessageInput, _ evt3: inout ganglion_evt3_state, into columns: ganglion_event_columns,
    _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Int {
    let size = encoding == .evt3 ? 2 : 8
    // Half a word at the end is none.
    let availability = remaining < size ? .beyondMessage : try input.require(size, &report)
    guard availability == .there else {
      if availability == .beyondMessage, remaining > 0 {
        report.violate(.corruptPacket, offset: Int(place.byteOffset))
      }
      remaining = 0
      return 0
    }
    let available = min(remaining, input.count)
    let words = min(available / 8, Int(columns.capacity))
    let order: Int32 = isBigEndian ? 1 : 0
    var consumed = 8 * words
    var produced = words
    let position = input.place
    switch encoding {
    case .evt3:
      let before = report
      let progress = input.withBytes {
        ganglion_decode_evt3(
          $0.bytePointer, Int64(available), available == remaining ? 1 : 0, &evt3, columns, &report)
      }
      report.moveNewOffsets(since: before, to: position)
      consumed = Int(progress.consumed)
      produced = Int(progress.produced)
    case .mono:
      input.withBytes { ganglion_decode_mono_events($0.bytePointer, Int64(words), timeBase, order, columns) }
    case .trigger:
      consumed =
        8
        * input.withBytes {
          Int(ganglion_decode_trigger_words($0.bytePointer, Int64(available / 8), timeBase, order, &report))
        }
      produced = 0
    case .libcaer:
      input.withBytes { ganglion_decode_libcaer_events($0.bytePointer, Int64(words), timeBase, &wrap, columns) }
    }
    input.consume(consumed)
    remaining -= consumed
    return produced
  }
}

extension ganglion_event_report {
  /// Offsets of what a kernel has found first since then count from a place in the file. Those in compressed chunks all
  /// become that of the chunk.
  mutating func moveNewOffsets(since before: ganglion_event_report, to place: BagPlace) {
    for kind in EventViolation.allCases where before.violations(kind).count == 0 {
      let (count, offset) = violations(kind)
      guard count > 0 else { continue }
      let moved = place.byteOffset + (place.isExact ? offset : 0)
      withUnsafeMutableBytes(of: &first_offset) {
        $0.storeBytes(of: moved, toByteOffset: 8 * kind.rawValue, as: Int64.self)
      }
    }
  }
}
