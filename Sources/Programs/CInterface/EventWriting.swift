import EventFormats
import Events

/// A recording of events that is being written.
private struct Writing: Sendable {
  var writer: any EventWriter
}

/// Columns of the caller's as a batch.
func batch(
  _ count: Int, _ times: UnsafePointer<Int64>, _ x: UnsafePointer<UInt16>, _ y: UnsafePointer<UInt16>,
  _ polarities: UnsafePointer<UInt8>
) throws -> EventBatch {
  guard count >= 0 else { throw CallError(description: "\(count) events") }
  func column<Element>(_ base: UnsafePointer<Element>) -> [Element] {
    Array(UnsafeBufferPointer(start: base, count: count))
  }
  let polarities = column(polarities)
  if let odd = polarities.firstIndex(where: { $0 > 1 }) {
    throw CallError(description: "event \(odd) has the polarity \(polarities[odd]); it is 1 (brighter) or 0 (darker)")
  }
  return EventBatch(times: column(times), x: column(x), y: column(y), polarities: polarities)
}

@_cdecl("ganglion_writer_open")
public func ganglionWriterOpen(
  _ path: UnsafePointer<CChar>, _ format: UnsafePointer<CChar>, _ width: Int, _ height: Int,
  _ writer: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    writer.pointee = nil
    let name = String(cString: format)
    guard let format = EventFormat(rawValue: name) else {
      let known = EventFormat.allCases.map(\.rawValue).joined(separator: ", ")
      throw CallError(description: "there is no format '\(name)'; there are \(known)")
    }
    guard (1...65_536).contains(width), (1...65_536).contains(height) else {
      throw CallError(description: "a sensor of \(width)x\(height); each side has 1 to 65536 pixels")
    }
    let options = EventWritingOptions(format: format, geometry: SensorGeometry(width: width, height: height))
    writer.pointee = Handle(Writing(writer: try openEventWriter(path: String(cString: path), options: options))).pointer
  }
}

@_cdecl("ganglion_writer_write")
public func ganglionWriterWrite(
  _ writer: UnsafeMutableRawPointer, _ count: Int, _ times: UnsafePointer<Int64>, _ x: UnsafePointer<UInt16>,
  _ y: UnsafePointer<UInt16>, _ polarities: UnsafePointer<UInt8>,
  _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) {
    let events = try batch(count, times, x, y, polarities)
    try Handle<Writing>.with(writer) { try $0.writer.write(events) }
  }
}

/// Ends the recording. Only then it is whole.
@_cdecl("ganglion_writer_finish")
public func ganglionWriterFinish(
  _ writer: UnsafeMutableRawPointer, _ text: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> Int32 {
  answer(text) { try Handle<Writing>.with(writer) { try $0.writer.finish() } }
}

@_cdecl("ganglion_writer_close")
public func ganglionWriterClose(_ writer: UnsafeMutableRawPointer?) { Handle<Writing>.close(writer) }
