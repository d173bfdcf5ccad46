import Foundation

/// Reads the events of a peer, however its bytes are cut: a value.
///
/// An event is a line of JSON, after which `data_length` bytes of more JSON and `payload_length` bytes of anything may follow.
/// No more than the limits is ever held, whatever is announced.
package struct WyomingParser: Sendable {
  package struct Limits: Equatable, Sendable {
    /// Longest line without its end, bytes.
    package var header = 16_384
    package var data = 65_536
    /// Two seconds of sound at 48 kHz with a channel more than anybody sends.
    package var payload = 393_216

    package init() {}
  }

  private struct Header: Decodable {
    var type: String
    var fields: WyomingEvent.Fields?
    var dataLength: Int?
    var payloadLength: Int?

    enum CodingKeys: String, CodingKey {
      case type
      case fields = "data"
      case dataLength = "data_length"
      case payloadLength = "payload_length"
    }
  }

  private enum Phase: Sendable {
    case header
    case data(WyomingEvent, length: Int, payload: Int)
    case payload(WyomingEvent, length: Int)
  }

  private let limits: Limits
  private var phase = Phase.header
  private var rest: [UInt8] = []
  /// How much of the rest is known to hold no end of a line.
  private var searched = 0

  package init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Whether an event has begun that is not complete.
  package var isInside: Bool {
    if case .header = phase { return !rest.isEmpty }
    return true
  }

  /// Bytes of it that are held.
  package var waiting: Int { rest.count }

  /// Takes the next bytes and hands on the events that are whole.
  package mutating func push(
    _ bytes: some Collection<UInt8>, take: (WyomingEvent) -> Void
  ) throws(WyomingError) {
    rest += bytes
    var taken = 0
    while let end = try step(from: taken, take) { taken = end }
    rest.removeFirst(taken)
    searched = max(0, searched - taken)
  }

  /// Goes on by one part of an event; nil where more bytes are needed for it.
  private mutating func step(from begin: Int, _ take: (WyomingEvent) -> Void) throws(WyomingError) -> Int? {
    switch phase {
    case .header:
      guard let end = rest[max(begin, searched)...].firstIndex(of: UInt8(ascii: "\n")) else {
        searched = rest.count
        if rest.count - begin > limits.header { throw .longHeader(most: limits.header) }
        return nil
      }
      if end - begin > limits.header { throw .longHeader(most: limits.header) }
      try open(rest[begin..<end], take)
      return end + 1
    case .data(let event, let length, let payload):
      guard rest.count - begin >= length else { return nil }
      guard let more = try? JSONDecoder().decode(WyomingEvent.Fields.self, from: Data(rest[begin..<begin + length]))
      else { throw .badData }
      var event = event
      event.fields = event.fields.merging(more)
      go(on: event, payload, take)
      return begin + length
    case .payload(let event, let length):
      guard rest.count - begin >= length else { return nil }
      var event = event
      event.payload = Array(rest[begin..<begin + length])
      phase = .header
      take(event)
      return begin + length
    }
  }

  private mutating func open(_ line: ArraySlice<UInt8>, _ take: (WyomingEvent) -> Void) throws(WyomingError) {
    guard let header = try? JSONDecoder().decode(Header.self, from: Data(line)) else { throw .badHeader }
    let (data, payload) = (header.dataLength ?? 0, header.payloadLength ?? 0)
    guard (0...limits.data).contains(data) else {
      throw .badLength(field: "data_length", value: data, most: limits.data)
    }
    guard (0...limits.payload).contains(payload) else {
      throw .badLength(field: "payload_length", value: payload, most: limits.payload)
    }
    let event = WyomingEvent(type: header.type, fields: header.fields ?? WyomingEvent.Fields())
    if data > 0 {
      phase = .data(event, length: data, payload: payload)
    } else {
      go(on: event, payload, take)
    }
  }

  private mutating func go(on event: WyomingEvent, _ payload: Int, _ take: (WyomingEvent) -> Void) {
    if payload > 0 {
      phase = .payload(event, length: payload)
    } else {
      phase = .header
      take(event)
    }
  }
}

extension WyomingEvent.Fields: Decodable {
  private enum CodingKeys: String, CodingKey {
    case names, rate, width, channels, timestamp, text
  }

  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    names = try? values.decodeIfPresent([String].self, forKey: .names)
    rate = try? values.decodeIfPresent(Int.self, forKey: .rate)
    width = try? values.decodeIfPresent(Int.self, forKey: .width)
    channels = try? values.decodeIfPresent(Int.self, forKey: .channels)
    timestamp = try? values.decodeIfPresent(Int64.self, forKey: .timestamp)
    text = try? values.decodeIfPresent(String.self, forKey: .text)
  }
}
