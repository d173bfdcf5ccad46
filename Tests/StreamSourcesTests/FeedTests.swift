import Audio
import Events
import Foundation
import TestSupport
import Testing

@testable import StreamSources

private final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "ganglion-feed-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func pipe(_ name: String) -> String {
    let file = path + "/" + name
    #expect(mkfifo(file, 0o600) == 0)
    return file
  }

  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }
}

private func ramp(_ count: Int, from first: Int = 0) -> [UInt8] {
  (first..<first + count).flatMap { WaveBytes.little(Int16($0)) }
}

struct FeedTests {
  /// Samples and where the stretches were cut, until so many samples came.
  private func drain(_ source: SoundFeedSource, samples wanted: Int) throws -> (
    samples: [Int], cuts: [Int], blocks: [SoundBlock]
  ) {
    var (samples, cuts, blocks): ([Int], [Int], [SoundBlock]) = ([], [], [])
    while samples.count < wanted {
      switch try source.next() {
      case .block(let block):
        samples += block.samples.map { Int(($0 * 32_768).rounded()) }
        blocks.append(block)
      case .cut, .lost: cuts.append(samples.count)
      case .end: return (samples, cuts, blocks)
      case .ready, .quiet, .absent: continue
      }
    }
    return (samples, cuts, blocks)
  }

  @Test func aPipeDeliversWriterAfterWriterInOneStreamTime() throws {
    let folder = try Folder()
    let path = folder.pipe("p")
    let stop = StopSignal()
    let source = SoundFeedSource(
      try ByteFeed(.pipe, path: path, stop: stop), options: SoundReadingOptions(raw: "s16le:8000:1"),
      assumedRate: 8_000, stop: stop)
    Writers.begin([[ramp(100), ramp(100, from: 100)], [ramp(80, from: 500)]], to: path)
    let first = try drain(source, samples: 200)
    #expect(first.samples == Array(0..<200))
    let second = try drain(source, samples: 80)
    #expect(second.samples == Array(500..<580))
    #expect(second.cuts == [0])
    #expect(second.blocks.first?.startMicroseconds == 25_000)
    #expect(second.blocks.last?.endMicroseconds == 35_000)
    #expect(second.blocks.allSatisfy { $0.wallMicroseconds != nil })
  }

  @Test func waitingForAWriterCanBeStopped() throws {
    let folder = try Folder()
    let stop = StopSignal()
    let source = SoundFeedSource(
      try ByteFeed(.pipe, path: folder.pipe("p"), stop: stop), assumedRate: 8_000, stop: stop)
    Thread {
      usleep(50_000)
      stop.stop()
    }.start()
    while true {
      let arrival = try source.next()
      if arrival == .end { break }
      #expect(arrival == .cut)
    }
    #expect(stop.isStopped)
  }

  @Test func aHeaderInAPipeSaysWhatTheSoundIs() throws {
    let folder = try Folder()
    let path = folder.pipe("p")
    let source = SoundFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), assumedRate: 16_000, stop: StopSignal())
    let wave = WaveBytes(sampleRate: 44_100).file([Float](repeating: 0.25, count: 882))
    Writers.begin([[wave]], to: path)
    let result = try drain(source, samples: 882)
    #expect(result.blocks.first?.sampleRate == 44_100)
    #expect(result.samples.count == 882)
  }

  @Test func recordingsInOnePipeAreCutAndGoOnInStreamTime() throws {
    let folder = try Folder()
    let path = folder.pipe("p")
    let source = SoundFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), assumedRate: 16_000, stop: StopSignal())
    // As arecord writes them: of a length nobody can know, one after another, and then at another rate.
    let first = WaveBytes(sampleRate: 8_000, claimedBytes: 0x8000_0000).file([Float](repeating: 0.25, count: 800))
    let second = WaveBytes(sampleRate: 44_100).file([Float](repeating: -0.25, count: 882))
    Writers.begin([[first + second, first]], to: path)
    let result = try drain(source, samples: 800 + 882 + 800)
    #expect(result.cuts == [800, 1_682])
    #expect(
      result.samples == [Int](repeating: 8_191, count: 800) + [Int](repeating: -8_191, count: 882)
        + [Int](repeating: 8_191, count: 800))
    let rates = result.blocks.map(\.sampleRate)
    #expect(Set(rates[..<10]) == [8_000] && rates[10] == 44_100 && rates.last == 8_000)
    #expect(result.blocks.map(\.startMicroseconds) == (0..<22).map { $0 * 10_000 })
    #expect(source.notices.isEmpty)
  }

  @Test func aHeaderThatIsMendedWhileTheFileGrowsChangesNothing() throws {
    let folder = try Folder()
    func wave(_ count: Int) -> [UInt8] {
      WaveBytes(sampleRate: 8_000).file((0..<count).map { Float($0) / 32_767 })
    }
    let path = try folder.file("f", wave(100))
    let source = SoundFeedSource(
      try ByteFeed(.followed, path: path, stop: StopSignal()), assumedRate: 8_000, stop: StopSignal())
    var samples: [Int] = []
    for count in [100, 180, 260, 400] {
      // The samples are appended, and the header is written anew at its old place.
      let bytes = wave(count)
      let file = try #require(FileHandle(forUpdatingAtPath: path))
      try file.seekToEnd()
      let there = try file.offset()
      try file.write(contentsOf: Data(bytes[Int(there)...]))
      try file.seek(toOffset: 0)
      try file.write(contentsOf: Data(bytes[..<44]))
      try file.close()
      let got = try drain(source, samples: count - samples.count - 79)
      #expect(got.cuts.isEmpty)
      samples += got.samples
    }
    #expect(samples == Array(0..<samples.count) && samples.count > 300)
  }

  @Test func aContainerThatNobodyReadsIsToldAndNotPlayed() throws {
    let folder = try Folder()
    let path = folder.pipe("p")
    let source = SoundFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), assumedRate: 8_000, stop: StopSignal())
    Writers.begin(
      [
        [[0x1A, 0x45, 0xDF, 0xA3] + [UInt8](repeating: 7, count: 20_000)],
        [WaveBytes(sampleRate: 8_000).file([Float](repeating: 0.5, count: 160))],
      ], to: path)
    guard case .lost(let why) = try source.next() else {
      Issue.record("it was read")
      return
    }
    #expect(why.contains("Matroska or WebM") && why.contains("ffmpeg"))
    // The next writer is heard.
    #expect(try drain(source, samples: 160).blocks.first?.sampleRate == 8_000)
  }

  @Test func optionsAndWhatIsTakenForGrantedReachTheSource() throws {
    let folder = try Folder()
    let path = folder.pipe("p")
    func source(_ options: SoundReadingOptions) throws -> SoundFeedSource {
      SoundFeedSource(
        try ByteFeed(.pipe, path: path, stop: StopSignal()), options: options, assumedRate: 8_000, stop: StopSignal())
    }
    let plain = try source(SoundReadingOptions())
    Writers.begin([[ramp(160)]], to: path)
    #expect(try drain(plain, samples: 160).samples == Array(0..<160))
    #expect(
      plain.notices.map(\.text) == ["it has no header and is taken as s16le:8000:1; set raw if it is something else"])
    let second = try source(SoundReadingOptions(raw: "s16le:8000:2", channel: 1, gain: 20))
    Writers.begin([[ramp(160)]], to: path)
    #expect(try drain(second, samples: 80).samples == (0..<80).map { 10 * (2 * $0 + 1) })
    #expect(second.notices.isEmpty)
  }

  /// What is mixed is no silence of the source but a mistake of its wiring, and is told as that.
  @Test(arguments: [ByteFeed.Kind.pipe, .file]) func channelsThatCancelAreFoundInAFeed(kind: ByteFeed.Kind) throws {
    let folder = try Folder()
    let tone = (0..<48_000).flatMap { index -> [Float] in
      let sample = Float(index % 40) / 100
      return [sample, -sample]
    }
    let wave = WaveBytes(sampleRate: 8_000, channels: 2).file(tone)
    let path = kind == .pipe ? folder.pipe("p") : try folder.file("f", wave)
    func finding(_ options: SoundReadingOptions) throws -> SilenceWatch.Finding? {
      if kind == .pipe { Writers.begin([[wave]], to: path) }
      let source = SoundFeedSource(
        try ByteFeed(kind, path: path, stop: StopSignal()), options: options, assumedRate: 8_000, stop: StopSignal())
      var watch = SilenceWatch()
      for block in try drain(source, samples: 48_000).blocks {
        let loudness = try #require(block.loudness)
        _ = watch.hear(loudness, microseconds: block.endMicroseconds - block.startMicroseconds)
      }
      return watch.finding
    }
    let found = try finding(SoundReadingOptions())
    #expect(found?.description.contains("cancel each other") == true)
    #expect(found?.description.contains("'channel'") == true)
    #expect(try finding(SoundReadingOptions(channel: 1)) == nil)
  }

  /// A good recording, and behind it one whose header is damaged: the first is heard, and the second is not lost silently.
  @Test func aDamagedHeaderBehindARecordingIsToldOrRefused() throws {
    let folder = try Folder()
    let good = WaveBytes(sampleRate: 8_000).file([Float](repeating: 0.25, count: 800))
    // Of no channels.
    var bad = good
    bad[22] = 0
    let path = folder.pipe("p")
    let live = SoundFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), assumedRate: 8_000, stop: StopSignal())
    Writers.begin([[good + bad], [good]], to: path)
    var (count, told): (Int, [String]) = (0, [])
    while count < 1_600 {
      switch try live.next() {
      case .block(let block): count += block.samples.count
      case .lost(let why): told.append(why)
      default: continue
      }
    }
    #expect(told.count == 1 && told[0].contains("Channel count"), "\(told)")

    let file = try folder.file("f", good + bad)
    let recorded = SoundFeedSource(
      try ByteFeed(.file, path: file, stop: StopSignal()), assumedRate: 8_000, stop: StopSignal(), defects: .refuse)
    count = 0
    let error = #expect(throws: AudioError.self) {
      while true {
        let arrival = try recorded.next()
        if case .block(let block) = arrival { count += block.samples.count }
        if arrival == .end { break }
      }
    }
    #expect(count == 800 && error?.description.contains("Channel count") == true)
    #expect(try recorded.next() == .end)
  }

  @Test func aSampleThatIsNoNumberIsLeftOut() throws {
    let folder = try Folder()
    let path = folder.pipe("p")
    let source = SoundFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), assumedRate: 8_000, stop: StopSignal())
    var samples = (0..<800).map { Float($0) / 32_768 }
    samples[83] = .nan
    Writers.begin([[WaveBytes(sampleRate: 8_000, isFloat: true).file(samples)]], to: path)
    let result = try drain(source, samples: 83 + 640)
    #expect(result.samples == Array(0..<83) + Array(160..<800))
    #expect(result.blocks.map(\.loss) == [nil, nil, .violation] + [LossReason?](repeating: nil, count: 7))
    #expect(result.blocks[2].startMicroseconds == 20_000)
    #expect(source.notices.first?.text.contains("a sample that is nan") == true)
  }

  @Test func aFollowedFileGrowsAndMayBeReplaced() throws {
    let folder = try Folder()
    let path = try folder.file("f", ramp(100))
    let source = SoundFeedSource(
      try ByteFeed(.followed, path: path, stop: StopSignal()),
      options: SoundReadingOptions(raw: "s16le:8000:1"), assumedRate: 8_000, stop: StopSignal())
    Writers.begin([[ramp(100, from: 100), ramp(100, from: 200)]], to: path)
    #expect(try drain(source, samples: 240).samples.prefix(240).elementsEqual(0..<240))
    // Another file under the same name: the rest of the old one first, then the new one.
    _ = try folder.file("g", ramp(160, from: 1_000))
    #expect(rename(folder.path + "/g", path) == 0)
    let rest = try drain(source, samples: 60 + 160)
    #expect(rest.samples == Array(240..<300) + Array(1_000..<1_160))
    #expect(rest.cuts == [60])
  }

  @Test func aFileEndsAndHasNoTimeOfDay() throws {
    let file = try TemporaryFile(
      WaveBytes(sampleRate: 8_000).file([Float](repeating: 0.5, count: 800)), extension: "wav")
    let source = SoundFeedSource(
      try ByteFeed(.file, path: file.path, stop: StopSignal()), assumedRate: 8_000, stop: StopSignal())
    let result = try drain(source, samples: .max)
    #expect(result.samples.count == 800)
    #expect(result.blocks.allSatisfy { $0.wallMicroseconds == nil })
    #expect(try source.next() == .end)
  }

  @Test func aFileThatIsNotThereIsRefused() throws {
    let folder = try Folder()
    #expect(throws: FeedError.self) { try ByteFeed(.file, path: folder.path + "/none", stop: StopSignal()) }
    #expect(throws: FeedError.self) { try ByteFeed(.file, path: folder.path, stop: StopSignal()) }
  }

  @Test func whatBreaksTheRulesIsCountedOverWriters() throws {
    let folder = try Folder()
    let path = folder.pipe("e")
    let source = EventFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), sensors: [SensorGeometry(width: 34, height: 34)])
    // The last two bytes of the first writer are less than an event.
    var events: [UInt8] = []
    for index in 0..<200 { events += [UInt8(index % 30), 4, 0x80, 0, UInt8(index)] }
    Writers.begin([[events + [1, 2]], [events]], to: path)
    for _ in 0..<2 {
      var count = 0
      while count < 200 {
        if case .block(let block) = try source.next() { count += block.events.count }
      }
    }
    #expect(source.violations == ["truncated tail": 1])
  }

  @Test func eventsOfAPipeGoOnInStreamTimeWithTheNextWriter() throws {
    let folder = try Folder()
    let path = folder.pipe("e")
    let source = EventFeedSource(
      try ByteFeed(.pipe, path: path, stop: StopSignal()), sensors: [SensorGeometry(width: 34, height: 34)])
    // Five-byte events: x, y, polarity and 23 bits of time.
    func bytes(_ times: [Int]) -> [UInt8] {
      times.flatMap { [UInt8($0 / 10 % 30), 4, UInt8(0x80 | $0 >> 16), UInt8($0 >> 8 & 0xFF), UInt8($0 & 0xFF)] }
    }
    func times(_ wanted: Int) throws -> [Int64] {
      var times: [Int64] = []
      while times.count < wanted {
        if case .block(let block) = try source.next() { times += block.events.times }
      }
      return times
    }
    let first = (0..<200).map { 1_000 + 100 * $0 }
    Writers.begin(
      [
        [bytes(Array(first[..<77])), bytes(Array(first[77...]))],
        [bytes((0..<50).map { 5_000 + 10 * $0 })],
      ], to: path)
    #expect(try times(200) == first.map { Int64($0 - 1_000) })
    #expect(try times(50) == (0..<50).map { Int64(19_900 + 10 * $0) })
  }

  @Test func aStrayEventSetsNoClock() throws {
    let folder = try Folder()
    // Five-byte events: 200 of them every 100 us, with and without one 60 ms before.
    func bytes(_ times: [Int]) -> [UInt8] {
      times.flatMap { [UInt8($0 / 10 % 30), 4, UInt8(0x80 | $0 >> 16), UInt8($0 >> 8 & 0xFF), UInt8($0 & 0xFF)] }
    }
    let clean = (0..<200).map { 70_000 + 100 * $0 }
    for (name, times) in [("clean", clean), ("stray", [10_000] + clean)] {
      let file = try folder.file(name, bytes(times))
      let source = EventFeedSource(
        try ByteFeed(.file, path: file, stop: StopSignal()), sensors: [SensorGeometry(width: 34, height: 34)])
      var found: [Int64] = []
      while found.count < 200, case .block(let block) = try source.next() { found += block.events.times }
      #expect(found == (0..<200).map { Int64(100 * $0) })
      #expect(
        source.notices.contains { $0.text.contains("a single event stands 60000 us before") } == (name == "stray"))
    }
  }
}
