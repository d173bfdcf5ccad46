import StreamSources
import Testing

@testable import WyomingService

struct SatelliteSourceTests {
  private func block(_ start: Int64, _ count: Int = 160) -> SoundBlock {
    SoundBlock(samples: [Float](repeating: 0.5, count: count), sampleRate: 16_000, startSample: start)
  }

  /// What a source has until it is quiet.
  private func arrivals(_ source: SatelliteSource) throws -> [Arrival<SoundBlock>] {
    var arrivals: [Arrival<SoundBlock>] = []
    while true {
      let arrival = try source.next()
      if arrival == .quiet { return arrivals }
      arrivals.append(arrival)
    }
  }

  private func starts(_ arrivals: [Arrival<SoundBlock>]) -> [Int64?] {
    arrivals.map { if case .block(let block) = $0 { block.startMicroseconds } else { nil } }
  }

  @Test func ofSeveralThatSpeakAtOnceTheFirstIsHeardToItsEnd() throws {
    let feeds = SatelliteFeeds()
    let source = SatelliteSource(of: nil, from: feeds, stop: StopSignal())
    feeds.heard("10.0.0.1", 1, block(0))
    feeds.heard("10.0.0.1", 2, block(1_600))
    feeds.heard("10.0.0.1", 1, block(160))
    // That another ends means nothing.
    feeds.heard("10.0.0.1", 2, nil)
    feeds.heard("10.0.0.1", 1, block(320))
    feeds.heard("10.0.0.1", 1, nil)
    feeds.heard("10.0.0.1", 2, block(0))
    #expect(starts(try arrivals(source)) == [0, 10_000, 20_000, nil, 30_000])
  }

  @Test func whatNobodyTakesInTimeIsLostAndMarked() throws {
    let feeds = SatelliteFeeds()
    let source = SatelliteSource(of: nil, from: feeds, stop: StopSignal())
    for index in 0..<300 { feeds.heard("a", 1, block(160 * Int64(index))) }
    #expect(try arrivals(source).count == 256)
    feeds.heard("a", 1, block(160 * 300))
    feeds.heard("a", 1, block(160 * 301))
    let blocks = try arrivals(source).compactMap { if case .block(let block) = $0 { block } else { nil } }
    #expect(blocks.map(\.loss) == [.overload, nil])
    // Stream time counts what is missing.
    #expect(blocks.map(\.startMicroseconds) == [3_000_000, 3_010_000])
  }

  @Test func aSourceThatIsNoMoreHoldsNothing() throws {
    let feeds = SatelliteFeeds()
    weak var gone: SatelliteSource?
    do {
      let source = SatelliteSource(of: nil, from: feeds, stop: StopSignal())
      gone = source
      feeds.heard("a", 1, block(0))
    }
    #expect(gone == nil)
    feeds.heard("a", 1, block(160))
    #expect(try arrivals(SatelliteSource(of: nil, from: feeds, stop: StopSignal())).isEmpty)
  }
}
