import Events

/// AEDAT 4.0: packets of up to 8192 events with an index at the end; a pipe, whose header cannot be changed afterwards,
/// gets none, and readers go through it packet by packet.
struct AEDAT4Writer: EventWriter {
  static let packetEvents = 8192
  private static let eventStream: Int32 = 0
  private static let triggerStream: Int32 = 1

  private(set) var count: Int64 = 0
  private(set) var triggersLeftOut: Int64 = 0
  private let dropsTriggers: Bool
  private var output: OutputBuffer
  private let compression: AEDAT4Compression
  private var pending = EventBatch()
  private var index: [FlatBufferBytes.IndexEntry] = []

  init(sink: any ByteSink, options: EventWritingOptions) throws(EventFormatError) {
    guard let geometry = options.geometry, geometry.width <= 32767, geometry.height <= 32767 else {
      throw EventFormatError(
        .cannotRepresent, source: sink.name,
        reason: "AEDAT 4 names the sensor's size, up to 32767x32767, which this recording does not",
        remedy: "name it with --sensor")
    }
    output = OutputBuffer(sink)
    compression = options.compression
    dropsTriggers = options.dropsTriggers
    output.append(contentsOf: AEDAT4Header.magic)
    output.append(
      contentsOf: FlatBufferBytes.header(
        compression: Int32(compression.rawValue), tablePosition: -1,
        information: Self.information(geometry, compression)))
  }

  private static func information(_ geometry: SensorGeometry, _ compression: AEDAT4Compression) -> String {
    let name =
      switch compression {
      case .none: "NONE"
      case .lz4: "LZ4"
      case .lz4High: "LZ4_HIGH"
      case .zstd: "ZSTD"
      case .zstdHigh: "ZSTD_HIGH"
      }
    func stream(_ number: Int32, _ output: String, _ type: String, _ description: String, _ size: String) -> String {
      """
              <node name="\(number)" path="/mainloop/Recorder/outInfo/\(number)/">
                  <attr key="compression" type="string">\(name)</attr>
                  <attr key="originalModuleName" type="string">capture</attr>
                  <attr key="originalOutputName" type="string">\(output)</attr>
                  <attr key="typeDescription" type="string">\(description)</attr>
                  <attr key="typeIdentifier" type="string">\(type)</attr>
                  <node name="info" path="/mainloop/Recorder/outInfo/\(number)/info/">
      \(size)                <attr key="source" type="string">ganglion</attr>
                      <attr key="tsOffset" type="long">0</attr>
                  </node>
              </node>

      """
    }
    let size = """
                      <attr key="sizeX" type="int">\(geometry.width)</attr>
                      <attr key="sizeY" type="int">\(geometry.height)</attr>

      """
    return """
      <dv version="2.0">
          <node name="outInfo" path="/mainloop/Recorder/outInfo/">
      \(stream(eventStream, "events", "EVTS", "Array of events (polarity ON/OFF).", size))\
      \(stream(triggerStream, "triggers", "TRIG", "Array of external triggers.", ""))    </node>
      </dv>
      """
  }

  mutating func write(_ batch: EventBatch) throws(EventFormatError) {
    for index in 0..<batch.count where batch.x[index] > 32767 || batch.y[index] > 32767 {
      throw EventFormatError(
        .cannotRepresent, source: output.sink.name,
        reason: "AEDAT 4 cannot hold event \(count + Int64(index)) at (\(batch.x[index]), \(batch.y[index]))",
        remedy: "crop or downsample")
    }
    // Its triggers do not say which input they are of.
    if let other = batch.triggers.first(where: { $0.channel > 0 }), !dropsTriggers {
      throw EventFormatError(
        .cannotRepresent, source: output.sink.name, reason: "AEDAT 4 cannot hold a trigger of input \(other.channel)",
        remedy: "drop it with --drop-triggers, or choose EVT 2.0 or 3.0")
    }
    pending.append(contentsOf: batch)
    pending.triggers.removeAll { $0.channel > 0 }
    triggersLeftOut += Int64(batch.triggers.count { $0.channel > 0 })
    count += Int64(batch.count)
    var start = 0
    while pending.count - start >= Self.packetEvents {
      try writeEvents(start..<start + Self.packetEvents)
      start += Self.packetEvents
    }
    if start > 0 {
      let triggers = pending.triggers
      pending = pending.slice(start..<pending.count)
      pending.triggers = triggers
    }
    if !pending.triggers.isEmpty { try writeTriggers() }
  }

  private mutating func writeEvents(_ range: Range<Int>) throws(EventFormatError) {
    guard !range.isEmpty else { return }
    let content = FlatBufferBytes.events(pending.times[range]) {
      (pending.x[$0], pending.y[$0], pending.polarities[$0])
    }
    let times = pending.times[range]
    try writePacket(
      stream: Self.eventStream, content, elements: range.count, first: times.min() ?? 0, last: times.max() ?? 0)
  }

  private mutating func writeTriggers() throws(EventFormatError) {
    let triggers = pending.triggers
    pending.triggers.removeAll()
    let times = triggers.map(\.timeMicroseconds)
    try writePacket(
      stream: Self.triggerStream, FlatBufferBytes.triggers(triggers.map { ($0.timeMicroseconds, $0.isRising) }),
      elements: triggers.count, first: times.min() ?? 0, last: times.max() ?? 0)
  }

  private func packed(_ content: [UInt8]) throws(EventFormatError) -> [UInt8] {
    guard let packed = compress(content, compression) else {
      throw EventFormatError(
        .cannotWrite, source: output.sink.name, reason: "the packet cannot be compressed",
        remedy: "free memory, or write it uncompressed")
    }
    return packed
  }

  private mutating func writePacket(
    stream: Int32, _ content: [UInt8], elements: Int, first: Int64, last: Int64
  ) throws(EventFormatError) {
    let packed = try packed(content)
    index.append(
      FlatBufferBytes.IndexEntry(
        // The index points behind the packet's header of eight bytes.
        byteOffset: output.offset + 8, stream: stream, size: Int32(packed.count), elements: Int64(elements),
        first: first,
        last: last))
    output.append(little: stream)
    output.append(little: Int32(packed.count))
    output.append(contentsOf: packed)
    try output.flushIfLarge()
  }

  mutating func finish() throws(EventFormatError) {
    try writeEvents(0..<pending.count)
    pending.removeAll()
    guard output.sink.canPatch else { return try output.finish() }
    let place = output.offset
    output.append(contentsOf: try packed(FlatBufferBytes.index(index)))
    try output.patch(
      (0..<8).map { UInt8(place >> Int64(8 * $0) & 0xff) }, at: Int64(AEDAT4Header.magic.count + 40))
    try output.finish()
  }
}
