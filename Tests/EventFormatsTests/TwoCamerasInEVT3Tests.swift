import EventFormats
import Events
import Testing

/// Two synchronised cameras in one stream of EVT 3.0: every row says whose it is.
@Suite struct TwoCamerasInEVT3Tests {
  private static let front = Array("% evt 3.0\n% geometry 640x480\n% end\n".utf8)

  /// Rows of the camera that gives the time and of the other in turn, with single events and whole vectors; the times of
  /// each, by what a reader is to give.
  private static func recording(_ rows: Int, master: Bool, slave: Bool) -> (bytes: [UInt8], times: [[Int64]]) {
    var words: [UInt16] = [0x8001]
    var times: [[Int64]] = [[], []]
    for row in 0..<rows {
      let camera = row % 2
      guard camera == 0 ? master : slave else { continue }
      let (time, place) = (UInt16(row), UInt16(camera) << 11)
      words.append(0x6000 | time)
      words.append(place + UInt16(100 + camera))
      words.append(0x2000 | UInt16(row % 500))
      // A column of its own, a base with 32 pixels of which three are set, and a vector by itself.
      let rest: [UInt16] = [0x2807, 0x3040, 0x4001, 0x4002, 0x5004, 0x5003]
      words.append(contentsOf: rest)
      times[camera] += [Int64](repeating: Int64(4096 + row), count: 7)
    }
    var bytes = front
    for word in words {
      bytes.append(UInt8(word & 0xff))
      bytes.append(UInt8(word >> 8))
    }
    return (bytes, times)
  }

  private static func options(_ stream: String?, surveys: Bool = false) -> EventReadingOptions {
    var options = EventReadingOptions()
    options.stream = stream
    options.surveysStreams = surveys
    return options
  }

  @Test func eachCameraIsReadByItself() throws {
    let (bytes, times) = Self.recording(1000, master: true, slave: true)
    for (camera, name) in ["master", "slave"].enumerated() {
      for (pieceSize, maximum) in [(Int.max, 65_536), (77, 5), (1001, 33)] {
        let reading = try Reading(bytes, options: Self.options(name), pieceSize: pieceSize, maximum: maximum)
        #expect(reading.batch.times == times[camera], "\(name)")
        #expect(reading.batch.y.allSatisfy { $0 == 100 + UInt16(camera) })
        #expect(reading.batch.x.prefix(7).dropFirst(1) == [7, 64, 77, 90, 96, 97])
        #expect(reading.accounting.skipped[.otherStreams] == Int64(times[1 - camera].count))
        let isRead = [camera == 0, camera == 1]
        #expect(reading.streams.map(\.events) == [3500, 3500])
        #expect(reading.streams.map(\.isRead) == isRead)
        #expect(reading.accounting.violations.isEmpty && reading.guesses.isEmpty)
      }
    }
  }

  @Test func whatEachCameraHasSentIsToldUnderItsName() throws {
    // One row more of the first.
    let (bytes, times) = Self.recording(101, master: true, slave: true)
    for name in ["master", "slave"] {
      let reading = try Reading(bytes, options: Self.options(name))
      #expect(reading.streams.map(\.events) == [357, 350], "\(name)")
      #expect(times.map(\.count) == [357, 350])
    }
  }

  @Test func twoCamerasAreNotMergedButSurveyed() throws {
    let (bytes, times) = Self.recording(1000, master: true, slave: true)
    let reading = try Reading(bytes)
    #expect(reading.error?.code == .ambiguous && reading.error?.subject == .stream)
    #expect(reading.error?.reason.contains("master and slave") == true)
    let survey = try Reading(bytes, options: Self.options(nil, surveys: true))
    #expect(survey.error == nil && survey.batch.times == times[0])
    #expect(survey.guessed[.stream] == "master" && survey.streams.map(\.name) == ["master", "slave"])
    let unknown = #expect(throws: EventFormatError.self) { try Reading(bytes, options: Self.options("left")) }
    #expect(unknown?.code == .ambiguous && unknown?.subject == .stream)
  }

  @Test func aCameraAloneIsReadWhicheverItIs() throws {
    for camera in 0..<2 {
      let (bytes, times) = Self.recording(100, master: camera == 0, slave: camera == 1)
      let reading = try Reading(bytes)
      #expect(reading.error == nil && reading.batch.times == times[camera])
      #expect(reading.batch.y.allSatisfy { $0 == 100 + UInt16(camera) })
      #expect(reading.streams.isEmpty && reading.guesses.isEmpty && reading.accounting.skipped[.otherStreams] == nil)
    }
  }
}
