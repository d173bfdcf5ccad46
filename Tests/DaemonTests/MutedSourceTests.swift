import ClassifierStreams
import Dataflow
import Glibc
import SocketProtocol
import StreamSources
import Synchronization
import TestSupport
import Testing

@testable import Daemon

/// Brings blocks of a tenth of a second and does something before some of them.
private final class ActingSource: StreamSource {
  private let count: Int64
  private let before: @Sendable (Int64) -> Void
  private var number: Int64 = 0

  init(count: Int64, before: @escaping @Sendable (Int64) -> Void) { (self.count, self.before) = (count, before) }

  func next() throws -> Arrival<SoundBlock> {
    if number == count { return .end }
    before(number)
    defer { number += 1 }
    let samples = (0..<800).map { TestModels.tones[(Int(number) * 800 + $0) % TestModels.tones.count] }
    return .block(SoundBlock(samples: samples, sampleRate: 8_000, startSample: number * 800))
  }
}

private final class UnitBox: Sendable {
  let hub = Hub()
  let unit = Mutex<(any RunningSource)?>(nil)
  private let hasWaited = Mutex(false)

  /// Whether so much was published before what comes next.
  var hasBeenTold: Bool { hasWaited.withLock { $0 } }

  func waits(for count: Int64) {
    for _ in 0..<500 where hub.sequence < count { usleep(10_000) }
    hasWaited.withLock { $0 = hub.sequence >= count }
  }

  func mute(_ isMuted: Bool) { unit.withLock { $0 }?.mute(isMuted) }
}

struct MutedSourceTests {
  private func run(
    blocks: Int64, before: @escaping @Sendable (Int64, UnitBox) -> Void
  ) async throws -> (lines: [String], snapshot: SourceStatus.Snapshot, box: UnitBox) {
    let box = UnitBox()
    let hub = box.hub
    let (ends, tell) = AsyncStream.makeStream(of: Void.self)
    let unit = SourceUnit<SoundSegments>(
      SourceConfiguration(id: "mic", input: .feed(.pipe, path: "p"), models: ["m"], line: 1), hub: hub,
      log: Log(least: .error, write: { _ in }), restarts: RestartPolicy(),
      open: { _, _ in ActingSource(count: blocks) { before($0, box) } }, whenOver: { _, _ in tell.yield() })
    box.unit.withLock { $0 = unit }
    await unit.update(
      models: [(key: "m", model: try PreparedModel(try TestModels.sound()), isNew: false)], whenTaken: { _ in })
    await unit.start()
    for await _ in ends { break }
    await unit.shutDown()
    var lines: [String] = []
    hub.drain(publication: { lines.append(String(decoding: $0.bytes.dropLast(), as: UTF8.self)) }, hole: { _, _ in })
    return (lines, unit.status.snapshot, box)
  }

  private func states(_ lines: [String]) -> [String] {
    lines.compactMap { $0.firstMatch(of: #/"state":"(\w+)"/#).map { String($0.output.1) } }
  }

  @Test func whatComesWhileItIsMutedIsDroppedAndToldOnceItIsHeardAgain() async throws {
    let (lines, snapshot, _) = try await run(blocks: 30) { block, box in
      if block == 10 { box.mute(true) }
      if block == 22 { box.mute(false) }
    }
    #expect(states(lines) == ["running", "muted", "running", "ended"])
    let gaps = lines.filter { $0.contains(#""type":"gap""#) }
    #expect(gaps.count == 1)
    #expect(gaps.first?.contains(#""source":"mic","reason":"muted","lost_us":1200000,"t_us":2200000}"#) == true)
    #expect(snapshot.gaps[.muted]?.microseconds == 1_200_000)
    // What was dropped counts neither as heard nor into the level.
    #expect(snapshot.count == 18 * 800)
    #expect(snapshot.endMicroseconds == 3_000_000)
  }

  @Test func oneThatIsMutedFromTheBeginningHasLostThatToo() async throws {
    let (lines, _, _) = try await run(blocks: 10) { block, box in
      if block == 0 { box.mute(true) }
      if block == 4 { box.mute(false) }
    }
    #expect(states(lines) == ["muted", "running", "ended"])
    #expect(lines.contains { $0.contains(#""reason":"muted","lost_us":400000,"t_us":400000}"#) })
  }

  @Test func nothingIsDetectedWhileItIsMutedAndWhatWasOpenIsDecided() async throws {
    let (heard, _, _) = try await run(blocks: 20) { _, _ in }
    let (muted, _, _) = try await run(blocks: 20) { block, box in if block == 0 { box.mute(true) } }
    let isDecision = { (line: String) in line.contains(#""type":"detection""#) || line.contains(#""type":"rejection""#)
    }
    #expect(heard.contains(where: isDecision))
    #expect(!muted.contains(where: isDecision))
    // The first tone lasts 0.3 s: cut after 0.2 s it is decided there.
    let (cut, _, box) = try await run(blocks: 20) { block, box in
      if block == 2 { box.mute(true) }
      // That it runs, that it is muted, and the decision.
      if block == 5 { box.waits(for: 3) }
    }
    #expect(box.hasBeenTold)
    func ends(_ lines: [String]) -> [Int] {
      lines.filter(isDecision).compactMap { $0.firstMatch(of: #/"t_us":(\d+)/#).flatMap { Int($0.output.1) } }
    }
    #expect(ends(cut).count == 1 && ends(cut)[0] <= 210_000)
    #expect(try #require(ends(heard).first) > 210_000)
  }

  @Test func theSameOrderTwiceIsToldOnce() async throws {
    let (lines, _, _) = try await run(blocks: 6) { block, box in
      if block == 2 || block == 3 { box.mute(true) }
      if block == 5 { box.mute(false) }
    }
    #expect(states(lines) == ["running", "muted", "running", "ended"])
  }
}

struct OutletTests {
  @Test func anOutletIsToldEverythingInTheOrderOfTheNumbers() async {
    let hub = Hub()
    let told = Mutex<[Int64]>([])
    hub.publish(.detection(recognition()))
    #expect(!hub.isWanted(.progress))
    hub.addOutlet(wanting: [.progress]) { _, sequence in told.withLock { $0.append(sequence) } }
    #expect(hub.isWanted(.progress) && !hub.isWanted(.score))
    // What subscribers want or do not want means nothing to it.
    hub.setWanted([.score])
    #expect(hub.isWanted(.progress) && hub.isWanted(.score))
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<500 { hub.publish(.detection(recognition())) } }
      }
    }
    #expect(told.withLock { $0 } == Array(2...4_001))
  }
}
