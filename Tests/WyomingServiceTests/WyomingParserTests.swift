import Foundation
import Testing

@testable import WyomingService

struct WyomingParserTests {
  /// As the reference client writes events, and in the older way with the fields in the header.
  static let conversation: [UInt8] = {
    var bytes = Array(#"{"type": "describe", "version": "1.10.2"}"#.utf8) + [10]
    func event(_ type: String, _ data: String, _ payload: [UInt8] = []) -> [UInt8] {
      let more = payload.isEmpty ? "" : ", \"payload_length\": \(payload.count)"
      return Array("{\"type\": \"\(type)\", \"data_length\": \(data.utf8.count)\(more)}\n\(data)".utf8) + payload
    }
    bytes += event("detect", #"{"names": ["computer", "jårvis"], "context": {"a": [1, {"b": null}]}}"#)
    bytes += event("audio-start", #"{"rate": 16000, "width": 2, "channels": 1, "timestamp": 5}"#)
    bytes += event("audio-chunk", #"{"rate": 16000, "width": 2, "channels": 1}"#, Array(0...255))
    bytes += Array(#"{"type":"ping","data":{"text":"x","rate":1},"data_length":13,"payload_length":0}"#.utf8) + [10]
    bytes += Array(#"{"text": "y"}"#.utf8)
    bytes += Array("{\"type\":\"audio-chunk\",\"payload_length\":3}\n\n\n\n".utf8)
    bytes += Array("{\"type\":\"audio-stop\"}\n".utf8)
    return bytes
  }()

  /// All events of some bytes, cut as told, and what became of it.
  static func events(
    _ bytes: [UInt8], limits: WyomingParser.Limits = .init(), cut: (Int) -> Int
  ) -> (events: [WyomingEvent], failure: WyomingError?) {
    var parser = WyomingParser(limits: limits)
    var events: [WyomingEvent] = []
    var begin = 0
    while begin < bytes.count {
      let end = min(bytes.count, begin + max(1, cut(begin)))
      do throws(WyomingError) {
        try parser.push(bytes[begin..<end]) { events.append($0) }
      } catch {
        return (events, error)
      }
      #expect(parser.waiting <= limits.header + limits.data + limits.payload)
      begin = end
    }
    return (events, nil)
  }

  @Test func aConversationIsUnderstood() {
    let (events, failure) = Self.events(Self.conversation) { _ in Int.max >> 1 }
    #expect(failure == nil)
    #expect(
      events.map(\.type) == [
        "describe", "detect", "audio-start", "audio-chunk", "ping", "audio-chunk", "audio-stop",
      ])
    #expect(events[1].fields.names == ["computer", "jårvis"])
    #expect(events[2].fields.rate == 16_000 && events[2].fields.timestamp == 5)
    #expect(events[3].payload == Array(0...255))
    // What comes later counts, and what it does not say stays.
    #expect(events[4].fields.text == "y" && events[4].fields.rate == 1)
    #expect(events[5].payload == [10, 10, 10])
  }

  @Test(arguments: [1, 2, 3, 7, 64, 255]) func howItIsCutMeansNothing(size: Int) {
    let whole = Self.events(Self.conversation) { _ in Int.max >> 1 }.events
    let cut = Self.events(Self.conversation) { _ in size }
    #expect(cut.events == whole && cut.failure == nil)
  }

  @Test func cutOffAnywhereItWaitsAndHoldsWhatWasWhole() throws {
    let whole = Self.events(Self.conversation) { _ in Int.max >> 1 }.events
    for end in 0..<Self.conversation.count {
      var parser = WyomingParser()
      var events: [WyomingEvent] = []
      try parser.push(Self.conversation[..<end]) { events.append($0) }
      #expect(events == Array(whole.prefix(events.count)))
      // The rest brings the rest.
      try parser.push(Self.conversation[end...]) { events.append($0) }
      #expect(events == whole)
      #expect(!parser.isInside)
    }
  }

  @Test(arguments: [
    (#"{"type":"x","payload_length":1000000000000}"#, "bad-length"),
    (#"{"type":"x","payload_length":-1}"#, "bad-length"),
    (#"{"type":"x","data_length":65537}"#, "bad-length"),
    (#"{"type":"x","data_length":-9223372036854775808}"#, "bad-length"),
    (#"{"type":"x","data_length":99999999999999999999}"#, "bad-header"),
    (#"{"type":"x","data_length":"7"}"#, "bad-header"),
    (#"{"type":"x","payload_length":1.5}"#, "bad-header"), (#"{"type":7}"#, "bad-header"), (#"{}"#, "bad-header"),
    (#"[]"#, "bad-header"), ("", "bad-header"), ("GET / HTTP/1.1\r", "bad-header"), ("\u{0}\u{1}", "bad-header"),
    (#"{"type":"x","data_length":2}"# + "\n[]", "bad-data"), (#"{"type":"x","data_length":3}"# + "\n{\"a", "bad-data"),
    (#"{"type":"x","data":[]}"#, "bad-header"),
    (String(repeating: "[", count: 16_000), "bad-header"), (String(repeating: "x", count: 16_385), "long-header"),
  ]) func hostileHeadersAreRefused(header: String, code: String) {
    let bytes = Array(header.utf8) + [10]
    for size in [1, 5, Int.max >> 1] {
      let (events, failure) = Self.events(bytes) { _ in size }
      #expect(events.isEmpty && failure?.code == code)
    }
  }

  @Test func aLineWithoutEndIsRefusedAtItsLimitHoweverSlowlyItComes() {
    var parser = WyomingParser()
    var sent = 0
    var failure: WyomingError?
    while failure == nil && sent < 100_000 {
      do throws(WyomingError) { try parser.push([65]) { _ in } } catch { failure = error }
      sent += 1
    }
    #expect(failure == .longHeader(most: 16_384) && sent == 16_385)
  }

  @Test func fieldsOfTheWrongKindCountAsAbsent() {
    let text = #"{"type":"detect","data":{"names":"computer","rate":"x","width":2.5,"timestamp":[]}}"# + "\n"
    let events = Self.events(Array(text.utf8)) { _ in Int.max >> 1 }.events
    #expect(events == [WyomingEvent(type: "detect")])
  }

  /// Changes a conversation at random: however it is cut, the same comes of it, and never more is held than allowed.
  @Test(arguments: 1...60 as ClosedRange<UInt64>) func damagedConversationsMeanTheSameHoweverTheyAreCut(seed: UInt64) {
    var chance = Chance(seed)
    for _ in 0..<25 {
      var bytes = Self.conversation
      for _ in 0...chance.below(6) {
        if bytes.isEmpty { break }
        let place = chance.below(bytes.count)
        switch chance.below(5) {
        case 0: bytes[place] = UInt8(chance.below(256))
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 1 + chance.below(40)))
        case 2: bytes.insert(contentsOf: bytes[..<min(place, 60)], at: place)
        case 3: bytes.insert(UInt8(ascii: "0") + UInt8(chance.below(10)), at: place)
        default: bytes = Array(bytes[..<max(1, place)])
        }
      }
      let whole = Self.events(bytes) { _ in Int.max >> 1 }
      let single = Self.events(bytes) { _ in 1 }
      let mixed = Self.events(bytes) { _ in 1 + chance.below(200) }
      #expect(whole.events == single.events && whole.failure == single.failure)
      #expect(whole.events == mixed.events && whole.failure == mixed.failure)
    }
  }
}

struct Chance {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func below(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(1, count)))
  }
}

struct AudioFormatTests {
  private func format(_ rate: Int?, _ width: Int?, _ channels: Int?) throws -> AudioFormat {
    var fields = WyomingEvent.Fields()
    (fields.rate, fields.width, fields.channels) = (rate, width, channels)
    return try AudioFormat(fields)
  }

  @Test func samplesOfEveryWidthAreTheSameSound() throws {
    #expect(
      try format(nil, nil, nil).samples([0, 0x40, 0, 0xC0, 0xFF, 0x7F, 0, 0x80]) == [0.5, -0.5, 32_767 / 32_768, -1])
    #expect(try format(8_000, 1, 1).samples([192, 64, 128, 0]) == [0.5, -0.5, 0, -1])
    #expect(try format(8_000, 3, 1).samples([0, 0, 0x40, 0, 0, 0x80]) == [0.5, -1])
    #expect(try format(8_000, 4, 1).samples([0, 0, 0, 0xC0]) == [-0.5])
    // Channels are mixed.
    #expect(try format(8_000, 2, 2).samples([0, 0x40, 0, 0, 0, 0x40, 0, 0xC0]) == [0.25, 0])
  }

  @Test func whatNobodySendsIsRefused() {
    for (rate, width, channels) in [
      (0, 2, 1), (999, 2, 1), (1 << 40, 2, 1), (16_000, 0, 1), (16_000, 5, 1), (16_000, 2, 0), (16_000, 2, 9),
    ] {
      #expect(throws: WyomingError.self) { try format(rate, width, channels) }
    }
    #expect(throws: WyomingError.self) { try format(16_000, 2, 1).samples([1, 2, 3]) }
  }
}

struct AudioAllowanceTests {
  @Test func whoSendsAsOnTheClockNeverWaitsAndWhoSendsAtOnceWaitsAfterHalfAMinute() {
    var live = AudioAllowance()
    for step in 0..<10_000 { #expect(live.take(microseconds: 64_000, now: Int64(step) * 64_000) == 0) }
    var quick = AudioAllowance()
    #expect(quick.take(microseconds: 30_000_000, now: 0) == 0)
    #expect(quick.take(microseconds: 1_000_000, now: 0) == 1_000_000)
    #expect(quick.take(microseconds: 1_000_000, now: 500_000) == 1_500_000)
    // An hour without a word is no credit of an hour.
    #expect(quick.take(microseconds: 31_000_000, now: 3_600_000_000) == 1_000_000)
  }
}
