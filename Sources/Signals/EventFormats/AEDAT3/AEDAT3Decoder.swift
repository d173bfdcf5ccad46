import CKernels
import Events

/// AEDAT 3.x: packets of a 28-byte header and events of one type; polarity events are decoded, triggers kept.
///
/// Every packet says which source it is from: those of one are delivered, the events of others counted.
struct AEDAT3Decoder: BlockDecoder {
  static let headerSize = 28
  /// Bytes of a packet beyond which its successor is not waited for.
  private static let longestLook = 1 << 22

  /// What a packet header says.
  private struct Packet {
    var type = 0
    var source = 0
    var eventSize = 0
    var timestampOffset = 0
    var overflow: Int64 = 0
    /// Events in it.
    var number = 0
    /// Bytes of its events not yet decoded.
    var remaining = 0
    /// What its events are counted as; nil for the polarity and special events, which are looked at.
    var skippedAs: SkippedContent?
  }

  private var packet = Packet()
  private var padding = ZeroPadding()
  /// Of the packet before.
  private var overflow: Int64?
  private var counts: [Int: Int64] = [:]
  private let sources: [AEDAT3Source]
  /// Number of the source that is delivered; nil until the first one comes.
  private var chosen: Int?
  /// Whether other sources may come: the caller knows of them.
  private let isFixed: Bool
  private let lastRow: Int32
  private let name: String
  var wordSize: Int { 8 }
  var isWithinPacket: Bool { packet.remaining > 0 }

  /// - Parameter lastRow: row 0 is at the bottom, and this one at the top; nil where row 0 is at the top.
  init(sources: [AEDAT3Source], chosen: Int?, isFixed: Bool, lastRow: Int?, name: String) {
    self.sources = sources
    self.chosen = chosen
    self.isFixed = isFixed
    self.lastRow = lastRow.map { Int32($0) } ?? -1
    self.name = name
  }

  var streams: [RecordingStream] {
    let unknown = counts.keys.filter { number in !sources.contains { $0.number == number } }.sorted()
    let all = sources + unknown.map { AEDAT3Source(number: $0, name: "") }
    guard all.count > 1 else { return [] }
    return all.map { source in
      var stream = source.candidate.stream
      stream.events = counts[source.number] ?? 0
      stream.isRead = source.number == chosen
      return stream
    }
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var position = 0
    var produced = 0
    while true {
      if packet.remaining == 0 {
        guard bytes.count - position >= Self.headerSize else {
          if isLast { position += padding.end(bytes, from: position, &report) }
          break
        }
        if var next = Self.header(bytes, at: position) {
          switch judgeOverflow(next, bytes, at: position, isLast: isLast) {
          case .plain: break
          case .wrong:
            report.violate(.timeGlitch, offset: position)
            if report.stop_at_violation != 0 { return DecodingProgress(consumed: position, produced: produced) }
            next.overflow = overflow ?? 0
          case .wait(let needed):
            return DecodingProgress(consumed: position, produced: produced, needed: needed)
          }
          // What stands before it is delivered first.
          if isOfUnknownSource(next), produced > 0 { break }
          try begin(next, at: byteOffset + Int64(position), &report)
          padding.isRunning = false
          position += Self.headerSize
        } else if padding.goesOn(bytes, at: position, headerSize: Self.headerSize) {
          report.skip(.padding)
          position += 1
        } else {
          // Lost: the next header is looked for byte by byte.
          report.violate(.corruptPacket, offset: position)
          if report.stop_at_violation != 0 { break }
          position += 1
          while bytes.count - position >= Self.headerSize, Self.header(bytes, at: position) == nil { position += 1 }
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

  private enum OverflowJudgement {
    case plain, wrong
    case wait(needed: Int)
  }

  /// Whether the overflow count of a packet can be: it stays or goes on by one. Another is wrong if the next packet does
  /// not share it but goes on from the one before.
  private func judgeOverflow(
    _ next: Packet, _ bytes: UnsafeRawBufferPointer, at position: Int, isLast: Bool
  ) -> OverflowJudgement {
    func goesOn(_ value: Int64) -> Bool { overflow.map { $0...$0 + 1 ~= value } ?? true }
    if goesOn(next.overflow) { return .plain }
    let after = position + Self.headerSize + next.remaining
    if bytes.count - after >= Self.headerSize {
      return Self.header(bytes, at: after).map { goesOn($0.overflow) } == true ? .wrong : .plain
    }
    let needed = after + Self.headerSize - position
    return isLast || needed > Self.longestLook ? .plain : .wait(needed: needed)
  }

  private func isOfUnknownSource(_ next: Packet) -> Bool {
    next.type == 1 && next.number > 0 && !isFixed && chosen != nil && chosen != next.source
  }

  /// Takes the header of a packet and decides what becomes of its events.
  private mutating func begin(
    _ next: Packet, at offset: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    if isOfUnknownSource(next) {
      throw EventFormatError(
        .ambiguous, source: name, byteOffset: offset,
        reason: "events of another source begin, \(next.source), after those of \(chosen ?? 0)", remedy: "name one",
        subject: .stream)
    }
    packet = next
    overflow = next.overflow
    if next.type == 1, next.number > 0 {
      chosen = chosen ?? next.source
      counts[next.source, default: 0] += Int64(next.number)
    }
    packet.skippedAs =
      switch next.type {
      case 0: chosen == nil || next.source == chosen ? nil : .special
      case 1: next.source == chosen ? nil : .otherStreams
      case 2: .frame
      case 3, 4: .inertial
      default: .other
      }
    if let kind = packet.skippedAs { report.skip(kind, count: Int64(next.number)) }
  }

  private func decodeEvents(
    _ block: UnsafeRawBufferPointer, _ produced: Int, _ columns: ganglion_event_columns,
    _ report: inout ganglion_event_report
  ) -> (consumed: Int, events: Int, isBlocked: Bool) {
    if packet.type == 1 {
      let free = columns.dropFirst(produced)
      guard free.capacity > 0 else { return (0, 0, true) }
      let progress = ganglion_decode_aedat3(
        block.bytePointer, Int64(block.count), packet.overflow, lastRow, free, &report)
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
    if type <= 1, eventSize != 8 || timestampOffset != 4 { return nil }
    return Packet(
      type: type, source: word16(2), eventSize: eventSize, timestampOffset: timestampOffset, overflow: Int64(overflow),
      number: number, remaining: number * eventSize)
  }

  /// The sources whose polarity packets begin a recording, in the order of their first ones.
  static func polaritySources(_ bytes: [UInt8]) -> [Int] {
    bytes.withUnsafeBytes { bytes in
      var found: [Int] = []
      var position = 0
      while bytes.count - position >= headerSize, let packet = header(bytes, at: position) {
        if packet.type == 1, packet.number > 0, !found.contains(packet.source) { found.append(packet.source) }
        position += headerSize + packet.remaining
      }
      return found
    }
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
