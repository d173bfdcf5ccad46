import Foundation
import Recognition
import SocketProtocol
import StreamSources
import Synchronization
import Testing

@testable import Daemon

struct OperationTests {
  @Test func aSourceThatClaimsToRunAndGivesNothingIsStuck() {
    var liveness = Liveness(patienceMicroseconds: 10_000_000)
    func stuck(_ state: Report.Health.State, silent: Int64) -> [String] {
      liveness.stuck(
        sources: [.init(id: "mic", state: state, lastArrival: 100_000_000 - silent)], pipelines: [], now: 100_000_000)
    }
    #expect(stuck(.running, silent: 9_999_999) == [])
    #expect(stuck(.running, silent: 10_000_000) == ["source mic"])
    #expect(stuck(.starting, silent: 10_000_000) == ["source mic"])
    #expect(stuck(.silent, silent: 10_000_000) == ["source mic"])
    for state in [Report.Health.State.waiting, .lost, .ended, .failed] { #expect(stuck(state, silent: 1 << 40) == []) }
  }

  @Test func aModelWithBlocksBeforeItThatMovesNoneIsStuck() {
    var liveness = Liveness(patienceMicroseconds: 10)
    func stuck(_ waiting: Int, _ blocks: Int64, at now: Int64) -> [String] {
      liveness.stuck(sources: [], pipelines: [.init(name: "mic/m", waiting: waiting, blocks: blocks)], now: now)
    }
    #expect(stuck(3, 5, at: 0) == [])
    #expect(stuck(3, 5, at: 9) == [])
    #expect(stuck(3, 6, at: 12) == [])
    #expect(stuck(3, 6, at: 21) == [])
    #expect(stuck(3, 6, at: 22) == ["model mic/m"])
    #expect(stuck(0, 6, at: 40) == [])
  }

  @Test func timesOfDayAreWrittenAsRFC3339() {
    #expect(WallTime.text(microseconds: 0) == "1970-01-01T00:00:00.000Z")
    #expect(WallTime.text(microseconds: 1_795_251_600_123_456) == "2026-11-21T09:00:00.123Z")
    #expect(WallTime.text(microseconds: 951_782_399_999_000) == "2000-02-28T23:59:59.999Z")
    #expect(WallTime.text(microseconds: 951_782_400_000_000) == "2000-02-29T00:00:00.000Z")
    #expect(WallTime.text(microseconds: 4_107_542_400_000_000) == "2100-03-01T00:00:00.000Z")
    #expect(WallTime.text(microseconds: -1_000) == "1969-12-31T23:59:59.999Z")
  }

  @Test func linesOfTheLogAreStructuredAndNeverFlood() {
    let lines = Mutex<[String]>([])
    let time = Mutex<Int64>(0)
    let log = Log(
      isJournal: true, now: { time.withLock { $0 } }, write: { text in lines.withLock { $0.append(text) } })
    log(.debug, "unseen")
    log(.warning, "source lost", [("source", "mic"), ("detail", "a \"b\"\nc")])
    #expect(
      lines.withLock { $0 } == ["<4>level=warning msg=\"source lost\" source=mic detail=\"a \\\"b\\\"\\nc\"\n"])
    for _ in 0..<1_000 { log(.info, "again") }
    #expect(lines.withLock { $0.count } == 11)
    time.withLock { $0 = 10_000 }
    log(.info, "again")
    #expect(lines.withLock { $0.last } == "<6>level=info msg=again held_back=990\n")
  }

  @Test func everySourceThatIsLostIsNamedHoweverManyThereAre() {
    let lines = Mutex<[String]>([])
    let time = Mutex<Int64>(0)
    let log = Log(
      isJournal: false, now: { time.withLock { $0 } }, write: { text in lines.withLock { $0.append(text) } })
    for round in 0..<20 {
      for number in 0..<14 { log(.warning, "source lost", [("source", "mic\(number)"), ("round", "\(round)")]) }
    }
    #expect(lines.withLock { $0.count } == 140)
    for number in 0..<14 {
      #expect(lines.withLock { $0.contains("level=warning msg=\"source lost\" source=mic\(number) round=9\n") })
    }
    time.withLock { $0 = 10_000 }
    log(.warning, "source lost", [("source", "mic13")])
    #expect(lines.withLock { $0.last } == "level=warning msg=\"source lost\" source=mic13 held_back=10\n")
    // Models on sources are told apart likewise.
    for number in 0..<14 { log(.error, "model failed", [("stream", "mic/m\(number)")]) }
    #expect(lines.withLock { $0.count } == 155)
  }

  @Test func aQueueOfLinesIsBoundedAndTellsWhatItLost() {
    var queue = LogQueue(byteLimit: 10)
    for line in ["one\n", "two\n", "three\n", "4\n"] { queue.append(line) }
    // The last would fit, but it comes after one that did not.
    let (lines, lost) = queue.take()
    #expect(lines == ["one\n", "two\n"] && lost == 2)
    #expect(queue.isEmpty)
    queue.append("five\n")
    let (next, none) = queue.take()
    #expect(next == ["five\n"] && none == 0)
  }

  @Test func aReaderOfTheLogThatStopsHoldsUpNobody() {
    let written = Mutex<[String]>([])
    let gate = DispatchSemaphore(value: 0)
    let arrived = DispatchSemaphore(value: 0)
    let isStuck = Mutex(true)
    let writer = LogWriter(
      tellLost: { "lost \($0)\n" },
      write: { line in
        written.withLock { $0.append(line) }
        arrived.signal()
        // Not for ever: whoever logs might be the one that hangs.
        if isStuck.withLock({ $0 }) { _ = gate.wait(timeout: .now() + 20) }
      })
    writer.append("first\n")
    arrived.wait()
    // The writer hangs in the first line; whoever logs does not.
    let line = String(repeating: "x", count: 1_023) + "\n"
    for _ in 0..<100 { writer.append(line) }
    let begin = monotonicMilliseconds()
    writer.flush(milliseconds: 50)
    #expect((50..<5_000).contains(monotonicMilliseconds() - begin))
    #expect(written.withLock { $0 } == ["first\n"])
    isStuck.withLock { $0 = false }
    gate.signal()
    writer.flush(milliseconds: 10_000)
    let lines = written.withLock { $0 }
    #expect(lines.count == 66 && lines[1..<65].allSatisfy { $0 == line })
    #expect(lines.last == "lost 36\n")
    writer.append("again\n")
    writer.flush(milliseconds: 10_000)
    #expect(written.withLock { $0.last } == "again\n")
  }

  @Test func systemdIsToldInItsOwnWords() throws {
    let folder = try TemporaryFolder()
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    defer { close(descriptor) }
    let address = try #require(UnixAddress(folder.file("n")))
    #expect(address.withPointer { bind(descriptor, $0, $1) } == 0)
    let notifier = Notifier(
      environment: ["NOTIFY_SOCKET": folder.file("n"), "WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "77"], processID: 77)
    #expect(notifier.watchdogMicroseconds == 3_000_000)
    notifier.ready("serving\n2 sources")
    notifier.reloading(monotonicMicroseconds: 12)
    notifier.watchdog()
    notifier.stopping()
    let words = (0..<4).map { _ in
      var buffer = [UInt8](repeating: 0, count: 256)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      return String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    }
    #expect(
      words == [
        "READY=1\nSTATUS=serving 2 sources", "RELOADING=1\nMONOTONIC_USEC=12", "WATCHDOG=1", "STOPPING=1",
      ])
    let stranger = Notifier(environment: ["WATCHDOG_USEC": "5", "WATCHDOG_PID": "78"], processID: 77)
    #expect(stranger.watchdogMicroseconds == nil)
    #expect(activatedSocket(environment: ["LISTEN_PID": "77", "LISTEN_FDS": "1"], processID: 77) == 3)
    #expect(activatedSocket(environment: ["LISTEN_PID": "78", "LISTEN_FDS": "1"], processID: 77) == nil)
  }

  @Test func metricsFollowTheExpositionFormat() throws {
    var snapshot = MetricsSnapshot(
      name: "ganglion/1", counters: .init(), sequence: 12, reloadsGood: 3, reloadsBad: 1)
    let status = SourceStatus(now: 0)
    _ = status.arrived(endMicroseconds: 2_500_001, count: 40_000, now: 1_000_000)
    status.missed(21_333, .overrun)
    status.missed(10_000, .overrun)
    status.broke(["partial vector": 3])
    status.filtered(["background=500": 70, "flicker=90..135,5": 4])
    status.reopened()
    status.filtered(["background=500": 7])
    status.broke(["partial vector": 2])
    let absent = SourceStatus(now: 0)
    absent.wait(absent: true)
    let waiting = SourceStatus(now: 0)
    #expect(waiting.waits(afterMicroseconds: 1, now: 2))
    let silent = SourceStatus(now: 0)
    #expect(silent.arrived(endMicroseconds: 1, count: 1, isSilent: true, now: 1))
    snapshot.sources = [
      ("a\"b", false, status.snapshot), ("absent", false, absent.snapshot), ("waiting", false, waiting.snapshot),
      ("silent", false, silent.snapshot),
    ]
    let progress = PipelineProgress()
    progress.lost(20_000)
    for (number, work) in [400, 500, 501, 2_000_000].enumerated() {
      let start = Int64(number) * 1_000_000
      progress.advance(
        over: start..<start + 1_000_000, numbers: progress.numbers, spikes: 3, inference: Int64(work),
        latency: Int64(2 * work))
    }
    for phase in [Decision.Phase.start, .end, .point] {
      progress.decided(
        Decision(
          kind: .detection, phase: phase, label: "seven", labelIndex: 7, score: 1, threshold: 1, startMicroseconds: 0,
          endMicroseconds: 1, scores: []))
    }
    snapshot.pipelines = [
      PipelineFigures(source: "mic", model: "digits", waiting: 0, dropped: 2, progress: progress.figures)
    ]
    let lines = snapshot.text(now: 4_000_000, process: .now()).split(separator: "\n").map(String.init)
    for line in [
      "ganglion_build_info{version=\"ganglion/1\"} 1", "ganglion_source_up{source=\"a\\\"b\"} 1",
      "ganglion_source_up{source=\"absent\"} 0", "ganglion_source_up{source=\"waiting\"} 1",
      "ganglion_source_up{source=\"silent\"} 0",
      "ganglion_input_stream_seconds{source=\"a\\\"b\"} 2.500001",
      "ganglion_input_silence_seconds{source=\"a\\\"b\"} 3.000000",
      "ganglion_model_lost_seconds_total{source=\"mic\",model=\"digits\"} 0.020000", "ganglion_messages_total 12",
      "ganglion_config_reloads_total{result=\"bad\"} 1", "ganglion_input_samples_total{source=\"a\\\"b\"} 40000",
      "ganglion_input_gaps_total{source=\"a\\\"b\",reason=\"xrun\"} 2",
      "ganglion_input_gap_seconds_total{source=\"a\\\"b\",reason=\"xrun\"} 0.031333",
      "ganglion_decoder_violations_total{source=\"a\\\"b\",kind=\"partial vector\"} 5",
      "ganglion_filter_removed_events_total{source=\"a\\\"b\",filter=\"background=500\"} 77",
      "ganglion_filter_removed_events_total{source=\"a\\\"b\",filter=\"flicker=90..135,5\"} 4",
      "ganglion_model_spikes_total{source=\"mic\",model=\"digits\"} 12",
      "ganglion_detections_total{source=\"mic\",model=\"digits\",label=\"seven\"} 2",
      "ganglion_inference_seconds_bucket{source=\"mic\",model=\"digits\",le=\"0.000500\"} 2",
      "ganglion_inference_seconds_bucket{source=\"mic\",model=\"digits\",le=\"0.001000\"} 3",
      "ganglion_inference_seconds_bucket{source=\"mic\",model=\"digits\",le=\"1.000000\"} 3",
      "ganglion_inference_seconds_bucket{source=\"mic\",model=\"digits\",le=\"+Inf\"} 4",
      "ganglion_inference_seconds_sum{source=\"mic\",model=\"digits\"} 2.001401",
      "ganglion_end_to_end_latency_seconds_count{source=\"mic\",model=\"digits\"} 4",
      "ganglion_realtime_ratio{source=\"mic\",model=\"digits\"} 1.998000",
    ] { #expect(lines.contains(line), "\(line)") }
    // Every sample belongs to a family that was announced, and no family is announced twice.
    let families = lines.filter { $0.hasPrefix("# TYPE ") }.compactMap { $0.split(separator: " ").dropFirst(2).first }
    #expect(Set(families).count == families.count)
    for line in lines where !line.hasPrefix("#") {
      let name = line.prefix { $0 != "{" && $0 != " " }
      // Of a histogram, the samples have an ending of their own.
      let family = name.split(separator: "_").dropLast().joined(separator: "_")
      #expect(families.contains { $0 == name || $0 == family }, "\(line)")
    }
  }

  @Test func onlyCodeThatIsAFilesOwnIsGivenBack() throws {
    let code = try #require(StartupCode.parse("7f00a000-7f00c000 r-xp 00002000 08:01 1234      /usr/lib/a b.so\n"))
    #expect(code.range == 0x7f00_a000..<0x7f00_c000 && code.isCode)
    for line in [
      "7f00a000-7f00c000 rw-p 00002000 08:01 1234 /usr/lib/a.so",
      "7f00a000-7f00c000 r--p 00002000 08:01 1234 /usr/lib/a.so",
      "7f00a000-7f00c000 r-xp 00000000 00:00 0    [vdso]", "7f00a000-7f00c000 rwxp 00000000 00:00 0",
      "7f00a000-7f00c000 r-xs 00000000 08:01 9    /dev/shm/x",
    ] { #expect(StartupCode.parse(line)?.isCode == false, "\(line)") }
    for line in ["", "nonsense", "7f00c000-7f00a000 r-xp 0 08:01 1234 /a"] { #expect(StartupCode.parse(line) == nil) }
    // And the program goes on.
    StartupCode.letGo()
    #expect(StartupCode.parse("1000-2000 r-xp 0 08:01 1 /a")?.range.count == 4_096)
  }
}
