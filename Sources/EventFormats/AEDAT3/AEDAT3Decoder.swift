import CKernels
import Events

/// AEDAT 3.x: packets of a 28-byte header and events of one type; polarity events are decoded, triggers kept.
struct AEDAT3Decoder: BlockDecoder {
  /// What a packet header says.
  private struct Packet {
    var type = 0
    var eventSize = 0
    var timestampOffset = 0
    var overflow: Int64 = 0
    /// Bytes of its events not yet decoded.
    var remaining = 0

    /// What its events are counted as; nil for the polarity and special events, which are looked at.
    var skippedAs: SkippedContent? {
      switch type {
      case 0, 1: nil
      case 2: .frame
      case 3, 4: .inertial
      default: .other
      }
    }
  }

  private var packet = Packet()
  var wordSize: Int { 8 }
  var isWithinPacket: Bool { packet.remaining > 0 }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var position = 0
    var produced = 0
    while true {
      if packet.remaining == 0 {
        guard bytes.count - position >= 28 else { break }
        if let next = Self.header(bytes, at: position) {
          packet = next
          position += 28
          if let kind = packet.skippedAs { report.skip(kind, count: Int64(packet.remaining / packet.eventSize)) }
        } else {
          // Lost: the next header is looked for byte by byte.
          report.violate(.corruptPacket, offset: position)
          if report.stop_at_violation != 0 { break }
          position += 1
          while bytes.count - position >= 28, Self.header(bytes, at: position) == nil { position += 1 }
        }
        continue
      }
      let available = min(packet.remaining, bytes.count - position)
      if packet.skippedAs != nil {
        guard available > 0 else { break }
        position += available
        packet.remaining -= available
        continue
      }
      guard available >= packet.eventSize else { break }
      let block = UnsafeRawBufferPointer(rebasing: bytes[position..<position + available])
      let (consumed, events, isBlocked) = decodeEvents(block, produced, columns, &report)
      position += consumed
      packet.remaining -= consumed
      produced += events
      if isBlocked { break }
    }
    return DecodingProgress(consumed: position, produced: produced)
  }

  private func decodeEvents(
    _ block: UnsafeRawBufferPointer, _ produced: Int, _ columns: ganglion_event_columns,
    _ report: inout ganglion_event_report
  ) -> (consumed: Int, events: Int, isBlocked: Bool) {
    if packet.type == 1 {
      let free = columns.dropFirst(produced)
      guard free.capacity > 0 else { return (0, 0, true) }
      let progress = ganglion_decode_aedat3(block.bytePointer, Int64(block.count), packet.overflow, free, &report)
      return (Int(progress.consumed), Int(progress.produced), progress.produced == free.capacity)
    }
    let progress = ganglion_decode_aedat3_special(
      block.bytePointer, Int64(block.count), Int64(packet.eventSize), Int64(packet.timestampOffset), packet.overflow,
      &report)
    return (Int(progress.consumed), 0, report.trigger_count >= GANGLION_TRIGGER_CAPACITY)
  }

  /// Reads a packet header, or nil where there cannot be one.
  private static func header(_ bytes: UnsafeRawBufferPointer, at position: Int) -> Packet? {
    func word16(_ offset: Int) -> Int {
      Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: position + offset, as: UInt16.self)))
    }
    func word32(_ offset: Int) -> Int {
      Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + offset, as: UInt32.self)))
    }
    let type = word16(0)
    let eventSize = word32(4)
    let timestampOffset = word32(8)
    let overflow = word32(12)
    let capacity = word32(16)
    let number = word32(20)
    let valid = word32(24)
    guard type < 256, (4...(1 << 26)).contains(eventSize), timestampOffset <= eventSize - 4, number <= capacity,
      valid <= number, number * eventSize <= 1 << 32
    else { return nil }
    if type == 1, eventSize != 8 || timestampOffset != 4 { return nil }
    return Packet(
      type: type, eventSize: eventSize, timestampOffset: timestampOffset, overflow: Int64(overflow),
      remaining: number * eventSize)
  }
}

extension ganglion_event_columns {
  /// The columns after the first events.
  func dropFirst(_ count: Int) -> ganglion_event_columns {
    guard let times, let x, let y, let polarities else { return self }
    return ganglion_event_columns(
      times: times + count, x: x + count, y: y + count, polarities: polarities + count,
      capacity: capacity - Int64(count))
  }
}
