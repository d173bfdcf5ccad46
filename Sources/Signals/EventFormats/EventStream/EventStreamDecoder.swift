import CKernels
import Events

/// Event Stream 2, the .es files: a byte of time before each event, the origin at the bottom left.
///
/// Of the four types, DVS and ATIS hold changes. Colour and generic events hold none: they are skipped and counted.
struct EventStreamDecoder: BlockDecoder {
  var zerosArePadding: Bool { kind == .dvs || kind == .atis }
  enum Kind: UInt8, Sendable {
    case generic = 0
    case dvs = 1
    case atis = 2
    case color = 4

    var title: String {
      switch self {
      case .generic: "generic"
      case .dvs: "DVS"
      case .atis: "ATIS"
      case .color: "color"
      }
    }
  }

  let kind: Kind
  let lastRow: Int32
  private var time: Int64 = 0
  /// Bytes of a generic event still to be skipped.
  private var skipping = 0
  var wordSize: Int { 5 }
  var isWithinPacket: Bool { skipping > 0 }

  init(kind: Kind, height: Int) {
    self.kind = kind
    lastRow = Int32(height - 1)
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    switch kind {
    case .dvs:
      return DecodingProgress(
        ganglion_decode_es_dvs(bytes.bytePointer, Int64(bytes.count), lastRow, &time, columns, &report))
    case .atis:
      return DecodingProgress(
        ganglion_decode_es_atis(bytes.bytePointer, Int64(bytes.count), lastRow, &time, columns, &report))
    case .color:
      return skipColor(bytes, &report)
    case .generic:
      return skipGeneric(bytes, &report)
    }
  }

  private func skipColor(_ bytes: UnsafeRawBufferPointer, _ report: inout ganglion_event_report) -> DecodingProgress {
    var position = 0
    var events: Int64 = 0
    while position < bytes.count {
      if bytes[position] >= 0xfe {
        position += 1
      } else if position + 8 <= bytes.count {
        events += 1
        position += 8
      } else {
        break
      }
    }
    report.skip(.special, count: events)
    return DecodingProgress(consumed: position, produced: 0)
  }

  private mutating func skipGeneric(
    _ bytes: UnsafeRawBufferPointer, _ report: inout ganglion_event_report
  ) -> DecodingProgress {
    var position = 0
    while position < bytes.count {
      if skipping > 0 {
        let count = min(skipping, bytes.count - position)
        skipping -= count
        position += count
        continue
      }
      if bytes[position] >= 0xfe {
        position += 1
        continue
      }
      // The length follows in groups of seven bits, the lowest bit of each byte says that another follows.
      var length = 0
      var cursor = position + 1
      var isComplete = false
      while cursor < bytes.count {
        let group = bytes[cursor]
        let shift = 7 * (cursor - position - 1)
        cursor += 1
        if shift > 28 {
          // A length no writer makes: what follows cannot be told apart any more, go on byte by byte.
          report.violate(.corruptPacket, offset: position)
          length = 0
          isComplete = true
          break
        }
        length |= Int(group >> 1) << shift
        if group & 1 == 0 {
          isComplete = true
          break
        }
      }
      guard isComplete else { break }
      report.skip(.special)
      skipping = length
      position = cursor
      if report.stop_at_violation != 0 { return DecodingProgress(consumed: position, produced: 0) }
    }
    return DecodingProgress(consumed: position, produced: 0)
  }
}
