import CKernels

/// AEDAT 4.0: packets of flatbuffers, each compressed by itself. Polarity events of one stream are decoded, triggers
/// kept, frames and inertial samples counted.
struct AEDAT4Decoder: BlockDecoder {
  /// Copies would share the unpacked packet and copy it on the next write.
  static var isCheapToCopy: Bool { false }

  /// Where the events of the current packet are.
  private enum Source {
    case nowhere
    /// In `unpacked`, from a position on.
    case memory(position: Int)
    /// Next in the input itself, followed by bytes that are not events.
    case input(trailing: Int)
  }

  private let compression: AEDAT4Compression
  private let tablePosition: Int64
  private let types: [Int32: String]
  /// All streams with events, and the one that is decoded.
  private let eventStreams: [AEDAT4Stream]
  private let eventStream: Int32
  private var counts: [Int32: Int64] = [:]
  /// The streams of triggers that belong to it.
  private let triggerStreams: Set<Int32>
  private var padding = ZeroPadding()
  private let decompressor = Decompressor()
  private var unpacked: [UInt8] = []
  private var source = Source.nowhere
  private var events = 0
  private var skipping = 0
  private var triggers: [(time: Int64, type: UInt8)] = []
  private var isInTable = false

  var wordSize: Int { 16 }
  /// A file that names the place of its index and ends before it was cut, if only between two packets.
  var isWithinPacket: Bool { !isInTable && (events > 0 || skipping > 0 || tablePosition >= 0) }

  /// - Parameter eventStream: number of the stream whose events are delivered, with the triggers of its camera.
  init(header: AEDAT4Header, eventStream: Int32) {
    compression = header.compression
    tablePosition = header.tablePosition
    types = Dictionary(header.streams.map { ($0.identifier, $0.type) }) { first, _ in first }
    eventStreams = header.streams.filter { $0.type == "EVTS" }
    self.eventStream = eventStream
    let triggers = header.streams.filter { $0.type == "TRIG" }
    let camera = header.streams.first { $0.identifier == eventStream }?.source
    let own = triggers.filter { $0.source == camera }
    triggerStreams = Set((own.isEmpty ? triggers : own).map(\.identifier))
  }

  var streams: [RecordingStream] {
    guard eventStreams.count > 1 else { return [] }
    return eventStreams.map {
      var stream = $0.candidate.stream
      stream.events = counts[$0.identifier] ?? 0
      stream.isRead = $0.identifier == eventStream
      return stream
    }
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into columns: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0)
    while true {
      progress.needed = 0
      if isInTable {
        progress.consumed = bytes.count
        return progress
      }
      deliverTriggers(&report)
      if report.trigger_count >= GANGLION_TRIGGER_CAPACITY { return progress }
      if events > 0 {
        guard deliverEvents(bytes, columns, &progress) else { return progress }
        continue
      }
      if skipping > 0 {
        let count = min(skipping, bytes.count - progress.consumed)
        skipping -= count
        progress.consumed += count
        if skipping > 0 { return progress }
        continue
      }
      guard try nextPacket(bytes, byteOffset, isLast, &progress, &report) else { return progress }
    }
  }

  /// Copies events out until the packet or the columns are through; false when more bytes or columns are needed.
  private mutating func deliverEvents(
    _ bytes: UnsafeRawBufferPointer, _ columns: ganglion_event_columns, _ progress: inout DecodingProgress
  ) -> Bool {
    let free = columns.dropFirst(progress.produced)
    guard free.capacity > 0 else { return false }
    switch source {
    case .nowhere:
      events = 0
      return true
    case .memory(let position):
      let count = unpacked.withUnsafeBufferPointer {
        Int(ganglion_decode_aedat4_events($0.baseAddress.map { $0 + position }, Int64(events), free))
      }
      progress.produced += count
      events -= count
      source = .memory(position: position + 16 * count)
    case .input(let trailing):
      let rest = UnsafeRawBufferPointer(rebasing: bytes[progress.consumed...])
      let count = Int(ganglion_decode_aedat4_events(rest.bytePointer, Int64(min(events, rest.count / 16)), free))
      progress.produced += count
      progress.consumed += 16 * count
      events -= count
      if events == 0 { skipping = trailing }
      if count == 0 {
        progress.needed = 16
        return false
      }
    }
    return true
  }

  /// Takes the header of the next packet and makes its content ready; false when more bytes are needed.
  private mutating func nextPacket(
    _ bytes: UnsafeRawBufferPointer, _ byteOffset: Int64, _ isLast: Bool, _ progress: inout DecodingProgress,
    _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    let position = progress.consumed
    if tablePosition >= 0, byteOffset + Int64(position) == tablePosition {
      isInTable = true
      return true
    }
    guard bytes.count - position >= 8 else {
      progress.needed = 8
      if isLast { progress.consumed += padding.end(bytes, from: position, &report) }
      return false
    }
    guard let (stream, size) = packetHeader(bytes, at: position) else {
      if padding.goesOn(bytes, at: position, headerSize: 8) {
        report.skip(.padding)
        progress.consumed += 1
        return true
      }
      report.violate(.corruptPacket, offset: position)
      if report.stop_at_violation != 0 {
        progress.consumed += 1
        return false
      }
      // Lost: look for the next place where a packet can begin.
      var next = position + 1
      while bytes.count - next >= 8, packetHeader(bytes, at: next) == nil { next += 1 }
      progress.consumed = next
      return true
    }
    padding.isRunning = false
    let type = types[stream] ?? ""
    guard type == "EVTS" || type == "IMUS" || type == "TRIG" else {
      report.skip(type == "FRME" ? .frame : .other)
      progress.consumed += 8
      skipping = size
      return true
    }
    if compression == .none { return openPlainPacket(bytes, stream, type, size, &progress, &report) }
    guard bytes.count - position >= 8 + size else {
      progress.needed = 8 + size
      return false
    }
    let frame = UnsafeRawBufferPointer(rebasing: bytes[position + 8..<position + 8 + size])
    progress.consumed += 8 + size
    guard let length = decompressor.unpack(frame, compression, into: &unpacked) else {
      report.violate(.corruptPacket, offset: position)
      return report.stop_at_violation == 0
    }
    let isGood = unpacked.withUnsafeBytes { unpacked in
      open(UnsafeRawBufferPointer(rebasing: unpacked.prefix(length)), stream, type, &report)
    }
    if !isGood {
      report.violate(.corruptPacket, offset: position)
      return report.stop_at_violation == 0
    }
    return true
  }

  /// Stream and size of the packet at a position, nil where none can begin.
  private func packetHeader(_ bytes: UnsafeRawBufferPointer, at position: Int) -> (stream: Int32, size: Int)? {
    let stream = Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: Int32.self))
    let size = Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 4, as: Int32.self)))
    guard size > 0, types.isEmpty ? (0..<256).contains(stream) : types[stream] != nil else { return nil }
    if compression != .none, size > Decompressor.maximumSize { return nil }
    guard bytes.count - position >= 12 else { return (stream, size) }
    // Compressed packets begin with the signature of their compression.
    let signature = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position + 8, as: UInt32.self))
    switch compression {
    case .none: return Int(signature) <= size ? (stream, size) : nil
    case .lz4, .lz4High: return signature == 0x184D_2204 ? (stream, size) : nil
    case .zstd, .zstdHigh: return signature == 0xFD2F_B528 ? (stream, size) : nil
    }
  }

  /// Events of a packet that is not compressed are read where they are: only its front has to be at hand.
  private mutating func openPlainPacket(
    _ bytes: UnsafeRawBufferPointer, _ stream: Int32, _ type: String, _ size: Int, _ progress: inout DecodingProgress,
    _ report: inout ganglion_event_report
  ) -> Bool {
    let position = progress.consumed
    let front = type == "EVTS" ? min(size, 4096) : size
    guard front <= Decompressor.maximumSize else {
      report.violate(.corruptPacket, offset: position)
      progress.consumed += 8
      skipping = size
      return report.stop_at_violation == 0
    }
    guard bytes.count - position >= 8 + front else {
      progress.needed = 8 + front
      return false
    }
    let content = UnsafeRawBufferPointer(rebasing: bytes[position + 8..<position + 8 + front])
    progress.consumed += 8
    skipping = size
    guard type == "EVTS" else {
      if !open(content, stream, type, &report) {
        report.violate(.corruptPacket, offset: position)
        return report.stop_at_violation == 0
      }
      return true
    }
    let buffer = FlatBuffer(bytes: content)
    guard let (_, root) = buffer.sizePrefixedRoot() else {
      report.violate(.corruptPacket, offset: position)
      return report.stop_at_violation == 0
    }
    guard let (start, count) = buffer.vector(0, of: root) else { return true }
    guard start <= size, count <= (size - start) / 16, start <= bytes.count - position - 8 else {
      report.violate(.corruptPacket, offset: position)
      return report.stop_at_violation == 0
    }
    counts[stream, default: 0] += Int64(count)
    guard stream == eventStream else {
      report.skip(.otherStreams, count: Int64(count))
      return true
    }
    skipping = 0
    progress.consumed += start
    events = count
    source = .input(trailing: size - start - 16 * count)
    if count == 0 { skipping = size - start }
    return true
  }

  /// Looks into an unpacked packet; false when it does not hang together.
  private mutating func open(
    _ content: UnsafeRawBufferPointer, _ stream: Int32, _ type: String, _ report: inout ganglion_event_report
  ) -> Bool {
    let buffer = FlatBuffer(bytes: content)
    guard let (_, root) = buffer.sizePrefixedRoot() else { return false }
    guard let (start, count) = buffer.vector(0, of: root) else { return true }
    switch type {
    case "EVTS":
      guard start <= content.count, count <= (content.count - start) / 16 else { return false }
      counts[stream, default: 0] += Int64(count)
      guard stream == eventStream else {
        report.skip(.otherStreams, count: Int64(count))
        return true
      }
      events = count
      source = .memory(position: start)
    case "IMUS":
      guard count <= content.count / 4 else { return false }
      report.skip(.inertial, count: Int64(count))
    default:
      guard count <= content.count / 4 else { return false }
      guard triggerStreams.contains(stream) else {
        report.skip(.special, count: Int64(count))
        return true
      }
      triggers.removeAll()
      for index in 0..<count {
        guard let offset = buffer.uint32(start + 4 * index),
          let table = buffer.table(at: start + 4 * index + Int(offset))
        else { return false }
        let time = buffer.field(0, of: table).flatMap { buffer.int64($0) } ?? 0
        let kind = buffer.field(1, of: table).flatMap { buffer.uint8($0) } ?? 0
        triggers.append((time, kind))
      }
      triggers.reverse()
    }
    return true
  }

  /// Hands out triggers while the table of the report has room. Types 1, 2 and 3 are edges of the external input.
  private mutating func deliverTriggers(_ report: inout ganglion_event_report) {
    while let next = triggers.last, report.trigger_count < GANGLION_TRIGGER_CAPACITY {
      triggers.removeLast()
      guard (1...3).contains(next.type) else {
        report.skip(.special)
        continue
      }
      report.append(time: next.time, channel: 0, isRising: next.type != 2)
    }
  }
}

extension ganglion_event_report {
  /// Adds a trigger found in Swift, as the kernels do; there must be room.
  mutating func append(time: Int64, channel: UInt8, isRising: Bool) {
    let index = Int(trigger_count)
    withUnsafeMutableBytes(of: &trigger_times) { $0.storeBytes(of: time, toByteOffset: 8 * index, as: Int64.self) }
    withUnsafeMutableBytes(of: &trigger_channels) { $0[index] = channel }
    withUnsafeMutableBytes(of: &trigger_rising) { $0[index] = isRising ? 1 : 0 }
    trigger_count += 1
  }
}
