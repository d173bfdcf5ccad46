import Foundation
import StreamSources
import Testing

@testable import WyomingService

struct WakeSessionTests {
  /// What comes of bytes from a satellite.
  private func answers(_ bytes: [UInt8], _ session: inout WakeSession) throws -> [Said] {
    var parser = WyomingParser()
    var events: [WyomingEvent] = []
    try parser.push(bytes) { events.append($0) }
    var replies: [UInt8] = []
    for event in events { replies += try session.take(event, words: words).replies }
    return try Said.read(replies)
  }

  private func answers(_ bytes: [UInt8]) throws -> [Said] {
    var session = WakeSession(peer: "test", program: "ganglion/test")
    return try answers(bytes, &session)
  }

  @Test func allWakeWordsAreInOneProgram() throws {
    var session = WakeSession(peer: "test", program: "ganglion/test")
    let replies = try session.take(WyomingEvent(type: "describe"), words: words).replies
    let end = try #require(replies.firstIndex(of: 10))
    let info = try JSONSerialization.jsonObject(with: Data(replies[(end + 1)...])) as? [String: Any]
    for kind in ["asr", "tts", "handle", "intent", "mic", "snd"] { #expect((info?[kind] as? [Any])?.isEmpty == true) }
    let programs = try #require(info?["wake"] as? [[String: Any]])
    #expect(programs.count == 1 && programs[0]["name"] as? String == "ganglion")
    #expect(programs[0]["version"] as? String == "ganglion/test" && programs[0]["installed"] as? Bool == true)
    let models = try #require(programs[0]["models"] as? [[String: Any]])
    // A model of digits finds no words in streams.
    #expect(models.map { $0["name"] as? String } == ["computer", "jarvis"])
    for model in models {
      #expect(model["installed"] as? Bool == true && model["phrase"] is String && model["languages"] is [Any])
      #expect((model["attribution"] as? [String: String])?.keys.sorted() == ["name", "url"])
    }
  }

  @Test func aWordIsToldWithItsTimeAndWhatIsNoneIsToldAtTheEnd() throws {
    #expect(
      try answers(stream(sound("computer-0fdd491c"))) == [Said("detection", ["name": "computer", "timestamp": "3880"])])
    #expect(try answers(stream(sound("sentence"))) == [Said("not-detected")])
    #expect(try answers(event("audio-start", format) + event("audio-stop")) == [Said("not-detected")])
    #expect(try answers(event("audio-stop")) == [])
    // One after another on one connection, each with a stream of its own.
    let twice = try answers(
      stream(sound("jarvis-210b5eb1")) + stream(sound("sentence")) + stream(sound("jarvis-210b5eb1")))
    #expect(twice.map(\.type) == ["detection", "not-detected", "detection"])
    #expect(twice[0] == twice[2])
  }

  @Test func timesAreOnTheClockOfTheSatellite() throws {
    let chunks = stream(try sound("computer-0fdd491c"))
    let shifted = String(decoding: format.utf8, as: UTF8.self).dropLast() + #","timestamp":70000}"#
    let first = event("audio-start", String(shifted))
    let answers = try answers(first + chunks.dropFirst(event("audio-start", format).count))
    #expect(answers.first?.data["timestamp"] == "73880")
    let hostile = event("audio-start", String(format.dropLast()) + #","timestamp":9223372036854775807}"#)
    #expect(
      try self.answers(hostile + chunks.dropFirst(event("audio-start", format).count)).first?.data["timestamp"]
        == "3880")
  }

  @Test func onlyWhatIsAskedForIsTold() throws {
    let computer = stream(try sound("computer-0fdd491c"))
    #expect(try answers(event("detect", #"{"names":["jarvis"]}"#) + computer) == [Said("not-detected")])
    #expect(try answers(event("detect", #"{"names":["jarvis","computer"]}"#) + computer).first?.type == "detection")
    #expect(try answers(event("detect", #"{"names":[]}"#) + computer).first?.type == "detection")
    #expect(try answers(event("detect", #"{"names":null}"#) + computer).first?.type == "detection")
    #expect(try answers(event("detect", #"{"names":["nothing of ours"]}"#) + computer) == [Said("not-detected")])
  }

  @Test(arguments: [1, 32, 1_000, 2_048, 20_000, 100_000]) func howTheSoundIsCutMeansNothing(samples: Int) throws {
    let found = try answers(stream(sound("computer-292e237d"), chunk: 2 * samples))
    #expect(found == [Said("detection", ["name": "computer", "timestamp": "4000"])])
  }

  @Test func satellitesThatSpeakAtOnceDoNotHearEachOther() throws {
    let (one, other) = (try sound("computer-0fdd491c"), try sound("sentence"))
    var sessions = (0..<4).map { WakeSession(peer: "\($0)", program: "p") }
    var said = [[Said]](repeating: [], count: 4)
    for begin in stride(from: 0, to: max(one.count, other.count), by: 2_048) {
      for index in sessions.indices {
        let sound = index.isMultiple(of: 2) ? one : other
        guard begin < sound.count else { continue }
        let chunk = Array(sound[begin..<min(sound.count, begin + 2_048)])
        said[index] += try answers(event("audio-chunk", format, chunk), &sessions[index])
      }
    }
    for index in sessions.indices {
      said[index] += try answers(event("audio-stop"), &sessions[index])
      let expected =
        index.isMultiple(of: 2) ? Said("detection", ["name": "computer", "timestamp": "3880"]) : Said("not-detected")
      #expect(said[index] == [expected])
    }
  }

  @Test func anotherFormatInTheMiddleBeginsTheStreamAnew() throws {
    let half = [UInt8](repeating: 0, count: 8_000)
    let begin = event("audio-start", format) + event("audio-chunk", #"{"rate":8000,"width":2,"channels":1}"#, half)
    let whole = stream(try sound("computer-0fdd491c")).dropFirst(event("audio-start", format).count)
    #expect(try answers(begin + whole).first == Said("detection", ["name": "computer", "timestamp": "3880"]))
    var session = WakeSession(peer: "test", program: "p")
    #expect(throws: WyomingError.self) {
      try answers(event("audio-chunk", #"{"rate":16000,"width":9,"channels":1}"#, half), &session)
    }
  }

  @Test func whatIsUnknownIsPassedOverAndPingsAreAnswered() throws {
    #expect(
      try answers(
        event("select-program", #"{"name":"ganglion"}"#) + event("ping", #"{"text":"a\"b"}"#) + event("transcribe")
          + event("ping")) == [Said("pong", ["text": #"a"b"#]), Said("pong")])
  }

  @Test func soundIsHandedOnForOthers() throws {
    var session = WakeSession(peer: "test", program: "p")
    var fields = WyomingEvent.Fields()
    (fields.rate, fields.width, fields.channels) = (16_000, 2, 1)
    let chunk = WyomingEvent(type: "audio-chunk", fields: fields, payload: [0, 0x40, 0, 0xC0])
    #expect(try session.take(chunk, words: words).block?.startSample == 0)
    let block = try #require(try session.take(chunk, words: words).block)
    #expect(block.samples == [0.5, -0.5] && block.startSample == 2 && block.sampleRate == 16_000)
  }
}
