import Audio
import Events
import Foundation
import TestSupport
import Testing

@testable import StreamSources

/// What is known of one recording says nothing of the next under the same name.
struct NextRecordingTests {
  private let path = NSTemporaryDirectory() + "ganglion-next-\(UUID().uuidString.prefix(8))"
  private let stop = StopSignal()

  init() {
    // What waits for ever where it should not fails instead.
    DispatchQueue.global().asyncAfter(deadline: .now() + 30) { [stop] in stop.stop() }
  }

  private func drain(_ source: SoundFeedSource, samples: Int) throws -> [Int] {
    var found: [Int] = []
    while found.count < samples {
      switch try source.next() {
      case .block(let block): found += block.samples.map { Int(($0 * 32_768).rounded()) }
      case .end: return found
      default: continue
      }
    }
    return found
  }

  @Test func aFollowedFileThatIsCutShortIsReadFromItsNewBeginning() throws {
    defer { unlink(path) }
    func ramp(_ range: Range<Int>) -> Data { Data(range.flatMap { WaveBytes.little(Int16($0)) }) }
    try ramp(0..<160).write(to: URL(fileURLWithPath: path))
    let source = SoundFeedSource(
      try ByteFeed(.followed, path: path, stop: stop), options: SoundReadingOptions(raw: "s16le:8000:1"),
      assumedRate: 8_000, stop: stop)
    #expect(try drain(source, samples: 160) == Array(0..<160))
    // The same file, as by `>` of a shell: fewer bytes than were read.
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.truncate(atOffset: 0)
    try file.write(contentsOf: ramp(1_000..<1_080))
    try file.close()
    #expect(try drain(source, samples: 80) == Array(1_000..<1_080))
  }

  @Test func eventsOutsideTheSensorAreCountedForEachRecording() throws {
    defer { unlink(path) }
    #expect(mkfifo(path, 0o600) == 0)
    // Five-byte events, some of them beyond a sensor of 34x34.
    func bytes(outsideEvery every: Int) -> [UInt8] {
      (0..<2_000).flatMap { index in
        let time = 50 * index
        return [
          index % every == 0 ? 40 : UInt8(index % 30), 4, UInt8(0x80 | time >> 16), UInt8(time >> 8 & 0xFF),
          UInt8(time & 0xFF),
        ]
      }
    }
    let source = EventFeedSource(
      try ByteFeed(.pipe, path: path, stop: stop), sensors: [SensorGeometry(width: 34, height: 34)])
    func outside() throws -> [String] {
      var count = 0
      while count < 2_000 {
        switch try source.next() {
        case .block(let block): count += block.count
        case .end: return ["it ended"]
        default: continue
        }
      }
      return source.notices.map(\.text).filter { $0.contains("outside") }
    }
    Writers.begin([[bytes(outsideEvery: 3)], [bytes(outsideEvery: 100)], [bytes(outsideEvery: 4)]], to: path)
    #expect(try outside().count == 1)
    #expect(try outside() == [])
    #expect(try outside().count == 1)
  }
}
