import Events
import Signatures

extension EventFormat {
  /// Event Stream 2, the .es files of command_line_tools and Sepia.
  public static let eventStream = EventFormat(EventStreamFormat())
}

struct EventStreamFormat: EventFormatDefinition {
  let name = "es"
  let title = "Event Stream"
  let endings = ["es"]

  func isSigned(_ beginning: [UInt8]) -> Bool { Signature.eventStream.isIn(beginning) }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    try EncodingEventWriter(sink: sink, encoder: EventStreamEncoder(options, name: sink.name), options: options)
  }

  func reader(of opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
    var input = opened
    try options.refuseStream(of: input.name)
    func malformed(_ reason: String) -> EventFormatError {
      EventFormatError(
        .malformedHeader, source: input.name, byteOffset: input.byteOffset, reason: reason,
        remedy: "check that this is an Event Stream recording")
    }
    guard try input.require(16) else { throw malformed("the header is cut") }
    let head = input.prefix(16)
    guard head[12] == 2 else {
      throw EventFormatError(
        .unsupported, source: input.name, byteOffset: 12, reason: "Event Stream version \(head[12]), 2 is read",
        remedy: "convert it with the tools it was written with")
    }
    guard let kind = EventStreamDecoder.Kind(rawValue: head[15]) else {
      throw malformed("events of type \(head[15]), known are 0, 1, 2 and 4")
    }
    input.consume(16)
    var geometry: SensorGeometry?
    if kind != .generic {
      guard try input.require(4) else { throw malformed("the header is cut") }
      let size = input.prefix(4)
      let found = SensorGeometry(width: Int(size[0]) | Int(size[1]) << 8, height: Int(size[2]) | Int(size[3]) << 8)
      guard found.isValid else { throw malformed("a sensor of \(found)") }
      geometry = found
      input.consume(4)
    }
    return StreamingEventReader(
      input: input, decoder: EventStreamDecoder(kind: kind, height: geometry?.height ?? 1), format: .eventStream,
      encoding: "\(kind.title) \(head[12]).\(head[13]).\(head[14])", geometry: geometry, metadata: [],
      options: options)
  }
}
