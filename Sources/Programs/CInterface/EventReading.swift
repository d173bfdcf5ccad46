import EventFormats
import Events
import FoundationEssentials
import Glibc
import StreamSources

/// A recording of events that is being read.
private struct Reading: Sendable {
  var reader: any EventReader
  var filters: EventFilterChain?
  var batch = EventBatch()
  /// Events of the batch that the caller has already.
  var given = 0
  var isOver = false

  /// The next events, as long as there are any and the caller has room.
  mutating func fill(_ columns: Columns) throws -> Int {
    var count = 0
    while count < columns.room {
      if given == batch.count {
        guard !isOver else { break }
        given = 0
        isOver = try !reader.read(into: &batch, maximum: 8_192)
        filters?.apply(&batch)
        continue
      }
      let part = min(columns.room - count, batch.count - given)
      columns.copy(batch, given..<given + part, to: count)
      given += part
      count += part
    }
    return count
  }
}

/// Columns of the caller's, with room for so many events.
private struct Columns {
  let room: Int
  let times: UnsafeMutablePointer<Int64>
  let x: UnsafeMutablePointer<UInt16>
  let y: UnsafeMutablePointer<UInt16>
  let polarities: UnsafeMutablePointer<UInt8>

  func copy(_ batch: EventBatch, _ range: Range<Int>, to place: Int) {
    func move<Element>(_ column: [Element], _ target: UnsafeMutablePointer<Element>) {
      column.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        (target + place).update(from: base + range.lowerBound, count: range.count)
      }
    }
    move(batch.times, times)
    move(batch.x, x)
    move(batch.y, y)
    move(batch.polarities, polarities)
  }
}

/// What a recording says of itself before its first event.
private struct Beginning: Codable {
  let format: String
  let encoding: String
  let width: Int?
  let height: Int?
  let metadata: [EventMetadata]
  let guesses: [String]
  let streams: [String]
}

@_cdecl("ganglion_reader_open")
public func ganglionReaderOpen(
  _ path: UnsafePointer<CChar>, _ options: UnsafePointer<CChar>?,
  _ reader: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    reader.pointee = nil
    let options = try readingOptions(options)
    let path = String(cString: path)
    var opened = Reading(reader: try openEventReader(path: path, options: options.events))
    if let filters = options.filters {
      var chain = EventFilterChain(geometry: opened.reader.geometry)
      for filter in filters { try chain.append(filter, hotPixels: .running) }
      opened.filters = chain
    }
    reader.pointee = Handle(opened).pointer
  }
}

/// JSON of what the recording says of itself: format, encoding, width, height, metadata, guesses, streams.
@_cdecl("ganglion_reader_describe")
public func ganglionReaderDescribe(
  _ reader: UnsafeMutableRawPointer, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let beginning = try Handle<Reading>.with(reader) { reading in
      let geometry = reading.filters.map(\.geometry) ?? reading.reader.geometry
      return Beginning(
        format: reading.reader.format.title, encoding: reading.reader.encoding, width: geometry?.width,
        height: geometry?.height, metadata: reading.reader.metadata,
        guesses: reading.reader.guesses.map { "\($0)" }, streams: reading.reader.streams.map(\.name))
    }
    give(try json(beginning), to: text)
  }
}

/// Fills the caller's columns with up to `room` events; `count` is 0 only at the end.
@_cdecl("ganglion_reader_read")
public func ganglionReaderRead(
  _ reader: UnsafeMutableRawPointer, _ room: Int, _ times: UnsafeMutablePointer<Int64>,
  _ x: UnsafeMutablePointer<UInt16>, _ y: UnsafeMutablePointer<UInt16>, _ polarities: UnsafeMutablePointer<UInt8>,
  _ count: UnsafeMutablePointer<Int>, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    count.pointee = 0
    guard room > 0 else { throw CallError(description: "there is room for \(room) events; it takes at least one") }
    // Safe: the columns are borrowed for this call, and the call returns only when the handle has filled them.
    nonisolated(unsafe) let columns = Columns(room: room, times: times, x: x, y: y, polarities: polarities)
    count.pointee = try Handle<Reading>.with(reader) { try $0.fill(columns) }
  }
}

@_cdecl("ganglion_reader_close")
public func ganglionReaderClose(_ reader: UnsafeMutableRawPointer?) { Handle<Reading>.close(reader) }

/// JSON of what is in a recording, as `ganglion info --json` prints it.
@_cdecl("ganglion_info")
public func ganglionInfo(
  _ path: UnsafePointer<CChar>, _ options: UnsafePointer<CChar>?,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    var events = try readingOptions(options).events
    events.surveysStreams = true
    let path = String(cString: path)
    var reader = try openEventReader(path: path, options: events)
    give(try json(try RecordingSummary(reading: &reader, source: path, withDigest: true)), to: text)
  }
}

func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
