import Audio
import Events
import Foundation
import Testing

@testable import StreamSources
@testable import TestSupport

/// Pipes and files that are not there yet, are made anew, hold what is old, or hold nothing that can be read.
struct ComingAndGoingTests {
  private let path = NSTemporaryDirectory() + "ganglion-coming-\(UUID().uuidString.prefix(8))"
  private let stop = StopSignal()

  init() {
    // What waits for ever where it should not fails instead.
    DispatchQueue.global().asyncAfter(deadline: .now() + 60) { [stop] in stop.stop() }
  }

  private func sound(_ kind: ByteFeed.Kind, skipsOld: Bool = false) throws -> SoundFeedSource {
    SoundFeedSource(
      try ByteFeed(kind, path: path, stop: stop), options: SoundReadingOptions(raw: "s16le:8000:1"), assumedRate: 8_000,
      skipsOld: skipsOld, stop: stop)
  }

  private func events(skipsOld: Bool = false) throws -> EventFeedSource {
    EventFeedSource(
      try ByteFeed(.followed, path: path, stop: stop), sensors: [SensorGeometry(width: 34, height: 34)],
      skipsOld: skipsOld)
  }

  @Test func aGrowingRecordingIsReadFromItsFirstEvents() throws {
    defer { unlink(path) }
    // Far fewer bytes than recognition looks at in a file, and no end: the writer is still there.
    var raw = Array("% evt 3.0\n% geometry 34x34\n% end\n".utf8) + [0x01, 0x80, 0x01, 0x60, 0x02, 0x00]
    for x: UInt8 in 0..<30 { raw.append(contentsOf: [x, 0x20] as [UInt8]) }
    try Data(raw).write(to: URL(fileURLWithPath: path))
    let source = try events()
    var count = 0
    while count < 30 {
      switch try source.next() {
      case .block(let block): count += block.events.count
      case .end: break
      default: continue
      }
      if stop.isStopped { break }
    }
    #expect(count == 30 && !stop.isStopped)
  }

  @Test func aFolderIsARecordingWhereItSaysSo() throws {
    let folder = try TemporaryFolder()
    #expect(throws: FeedError.self) { try ByteFeed(.file, path: folder.path, stop: stop) }
    let expected = tickingEvents(300)
    _ = try folder.file("a.mcap", MadeMCAP([CDRMessage().events(expected)]).image())
    _ = try folder.file(
      "metadata.yaml",
      Array("rosbag2_bagfile_information:\n  version: 5\n  relative_file_paths:\n    - a.mcap\n".utf8))
    let source = EventFeedSource(
      try ByteFeed(.file, path: folder.path, stop: stop), sensors: [SensorGeometry(width: 64, height: 48)])
    var found: [Int64] = []
    reading: while true {
      switch try source.next() {
      case .block(let block): found += block.events.times
      case .end: break reading
      default: continue
      }
    }
    #expect(found == expected.map { $0.timeMicroseconds - expected[0].timeMicroseconds })
  }

  private func ramp(_ range: Range<Int>) -> [UInt8] { range.flatMap { WaveBytes.little(Int16($0)) } }

  /// Blocks until so many samples came.
  private func drain(_ source: SoundFeedSource, samples: Int) throws -> [SoundBlock] {
    var blocks: [SoundBlock] = []
    while blocks.reduce(0, { $0 + $1.count }) < samples {
      switch try source.next() {
      case .block(let block): blocks.append(block)
      case .end: return blocks
      default: continue
      }
    }
    return blocks
  }

  private func values(_ blocks: [SoundBlock]) -> [Int] {
    blocks.flatMap { $0.samples.map { Int(($0 * 32_768).rounded()) } }
  }

  @Test func aPipeThatIsMadeLaterIsWaitedFor() throws {
    defer { unlink(path) }
    let source = try sound(.pipe)
    #expect(try source.next() == .absent("\(path): cannot be opened (No such file or directory)"))
    try Data("in the way".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try source.next() == .absent("\(path): is no named pipe"))
    unlink(path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(try source.next() == .quiet)
    Writers.begin([[ramp(0..<100)]], to: path)
    #expect(values(try drain(source, samples: 100)) == Array(0..<100))
  }

  @Test func aFollowedFileThatIsMadeLaterIsReadFromItsBeginningAsNew() throws {
    defer { unlink(path) }
    let source = try sound(.followed)
    #expect(try source.next() == .absent("\(path): cannot be opened (No such file or directory)"))
    try Data(ramp(0..<160)).write(to: URL(fileURLWithPath: path))
    #expect(try source.next() == .quiet)
    let blocks = try drain(source, samples: 160)
    #expect(values(blocks) == Array(0..<160))
    #expect(blocks.allSatisfy { $0.wallMicroseconds != nil })
  }

  @Test func waitingForAPathCanBeStopped() throws {
    let source = try sound(.pipe)
    _ = try source.next()
    stop.stop()
    #expect(try source.next() == .end)
  }

  @Test func aPipeMadeAnewUnderOneThatWaitsIsRead() throws {
    defer { unlink(path) }
    #expect(mkfifo(path, 0o600) == 0)
    let source = try sound(.pipe)
    let (path, ramp) = (path, ramp(0..<100))
    Thread {
      // Once it waits at the first one.
      usleep(50_000)
      unlink(path)
      mkfifo(path, 0o600)
      let descriptor = open(path, O_WRONLY)
      _ = ramp.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      close(descriptor)
    }.start()
    #expect(values(try drain(source, samples: 100)) == Array(0..<100))
  }

  @Test func aWriterIsReadToItsEndThoughThePipeIsMadeAnew() throws {
    defer { unlink(path) }
    #expect(mkfifo(path, 0o600) == 0)
    let source = try sound(.pipe)
    let path = path
    let (first, second, third) = (ramp(0..<80), ramp(80..<160), ramp(500..<580))
    Thread {
      let old = open(path, O_WRONLY)
      _ = first.withUnsafeBytes { Foundation.write(old, $0.baseAddress, $0.count) }
      unlink(path)
      mkfifo(path, 0o600)
      // Longer than the path is left alone.
      usleep(700_000)
      _ = second.withUnsafeBytes { Foundation.write(old, $0.baseAddress, $0.count) }
      close(old)
      let new = open(path, O_WRONLY)
      _ = third.withUnsafeBytes { Foundation.write(new, $0.baseAddress, $0.count) }
      close(new)
    }.start()
    #expect(values(try drain(source, samples: 240)) == Array(0..<160) + Array(500..<580))
  }

  @Test func whatAFollowedFileHeldBeforeHasNoTimeOfDay() throws {
    defer { unlink(path) }
    try Data(ramp(0..<800)).write(to: URL(fileURLWithPath: path))
    let source = try sound(.followed)
    let old = try drain(source, samples: 800)
    #expect(values(old) == Array(0..<800))
    #expect(old.allSatisfy { $0.wallMicroseconds == nil })
    Writers.begin([[ramp(800..<960)]], to: path)
    let new = try drain(source, samples: 160)
    #expect(values(new) == Array(800..<960))
    #expect(new.allSatisfy { $0.wallMicroseconds != nil })
    #expect(new.first?.startMicroseconds == 100_000)
  }

  @Test func whatAFollowedFileHeldBeforeCanBeLeftOut() throws {
    defer { unlink(path) }
    try Data(ramp(0..<4_000)).write(to: URL(fileURLWithPath: path))
    let source = try sound(.followed, skipsOld: true)
    // The first of what is left out: how much is old has been found out.
    #expect(try source.next() == .quiet)
    Writers.begin([[ramp(800..<960)]], to: path)
    let blocks = try drain(source, samples: 160)
    #expect(values(blocks) == Array(800..<960))
    #expect(blocks.first?.startMicroseconds == 0)
    #expect(blocks.allSatisfy { $0.wallMicroseconds != nil })
  }

  @Test func aRecordingBehindOneThatWasLeftOutHasItsOwnPlace() throws {
    defer { unlink(path) }
    func wave(_ range: Range<Int>) -> [UInt8] {
      WaveBytes(sampleRate: 8_000).file(range.map { (Float($0) + 0.5) / 32_767 })
    }
    try Data(wave(0..<4_000)).write(to: URL(fileURLWithPath: path))
    let source = SoundFeedSource(
      try ByteFeed(.followed, path: path, stop: stop), assumedRate: 8_000, skipsOld: true, stop: stop)
    #expect(try source.next() == .quiet)
    Writers.begin([[ramp(4_000..<4_160), wave(0..<800)]], to: path)
    // What may be the beginning of another header is waited for.
    let blocks = try drain(source, samples: 160 + 700)
    let (first, second) = (blocks.prefix { $0.originMicroseconds == 0 }, blocks.drop { $0.originMicroseconds == 0 })
    #expect(values(Array(first)).suffix(160) == Array(4_000..<4_160))
    #expect(values(Array(second)) == Array(0..<second.reduce(0) { $0 + $1.count }))
    // Stream time goes on without a gap.
    for (before, next) in zip(blocks, blocks.dropFirst()) {
      #expect(next.startMicroseconds == before.endMicroseconds)
    }
    #expect(first.first?.startMicroseconds == 0)
  }

  /// Times 100 us apart.
  private func row(_ count: Int64, from first: Int64 = 0) -> [Int64] {
    (0..<count).map { number in first + 100 * number }
  }

  /// Five-byte events: x, y, polarity and 23 bits of time.
  private func bytes(_ times: [Int64]) -> [UInt8] {
    var bytes: [UInt8] = []
    for time in times {
      bytes += [UInt8(time / 10 % 30), 4, UInt8(0x80 | time >> 16), UInt8(time >> 8 & 0xFF), UInt8(time & 0xFF)]
    }
    return bytes
  }

  /// Events until so many came: their times, and whether each has a time of day.
  private func drain(_ source: EventFeedSource, events: Int) throws -> (times: [Int64], areNew: [Bool]) {
    var found: (times: [Int64], areNew: [Bool]) = ([], [])
    while found.times.count < events {
      switch try source.next() {
      case .block(let block):
        found.times += block.events.times
        found.areNew += [Bool](repeating: block.wallMicroseconds != nil, count: block.count)
      case .end: return found
      default: continue
      }
    }
    return found
  }

  @Test func oldEventsHaveNoTimeOfDayOrAreLeftOut() throws {
    defer { unlink(path) }
    try Data(bytes(row(2_000, from: 1_000))).write(to: URL(fileURLWithPath: path))
    let source = try events()
    let old = try drain(source, events: 2_000)
    #expect(old.times == row(2_000))
    #expect(!old.areNew.contains(true))
    let strict = try events(skipsOld: true)
    // Some of what is left out: how much is old has been found out.
    #expect(try strict.next() == .quiet)
    Writers.begin([[bytes(row(50, from: 201_000))]], to: path)
    let new = try drain(source, events: 50)
    #expect(new.times == row(50, from: 200_000))
    #expect(!new.areNew.contains(false))
    let only = try drain(strict, events: 50)
    // Counted from the last that was left out.
    #expect(only.times == row(50, from: 100))
    #expect(!only.areNew.contains(false))
  }

  @Test func aFollowedFileThatCannotBeReadIsToldOnceAndLeftForTheNext() throws {
    defer { unlink(path) }
    let nonsense = Array("%% no events, whatever it is, in many words that mean nothing at all\u{0}\n".utf8)
    try Data((0..<100).flatMap { _ in nonsense }).write(to: URL(fileURLWithPath: path))
    let source = try events()
    let path = path
    let good = bytes(row(2_000, from: 1_000))
    Thread {
      usleep(100_000)
      try? Data(good).write(to: URL(fileURLWithPath: path + ".new"))
      rename(path + ".new", path)
    }.start()
    var losses = 0
    var times: [Int64] = []
    reading: while times.count < 2_000 {
      switch try source.next() {
      case .block(let block):
        #expect(block.wallMicroseconds != nil)
        times += block.events.times
      case .lost: losses += 1
      case .end: break reading
      default: continue
      }
    }
    #expect(losses == 1)
    #expect(times == row(2_000))
  }

  @Test func theRestOfAWriterThatCannotBeUnderstoodIsThrownAway() throws {
    defer { unlink(path) }
    #expect(mkfifo(path, 0o600) == 0)
    let source = EventFeedSource(
      try ByteFeed(.pipe, path: path, stop: stop), sensors: [SensorGeometry(width: 34, height: 34)])
    // More than is looked at to find out what it is.
    let wrong = [[UInt8]](repeating: Array("no events whatever it is\n".utf8), count: 600)
    Writers.begin([wrong, [bytes(row(200, from: 1_000))]], to: path, pauseMicroseconds: 100)
    var losses = 0
    var times: [Int64] = []
    reading: while times.count < 200 {
      switch try source.next() {
      case .block(let block): times += block.events.times
      case .lost: losses += 1
      case .end: break reading
      default: continue
      }
    }
    #expect(losses == 1)
    #expect(times == row(200))
  }

  @Test func pausesBetweenLooksGrowAndEveryReasonIsToldOnce() {
    var reopening = Reopening()
    var looks = 0
    var reasons = ["a", "a", "b", "b"]
    func look() -> String? {
      looks += 1
      return reasons.isEmpty ? nil : reasons.removeFirst()
    }
    #expect(reopening.run(until: stop, open: look) == .absent("a"))
    #expect(reopening.run(until: stop, open: look) == .absent("b"))
    #expect(looks == 3)
    #expect(reopening.run(until: stop, open: look) == .open)
    #expect(reopening.told == nil)
    #expect(Reopening.policy.longestDelay == .seconds(2))
  }
}
