import ClassifierStreams
import Dataflow
import PageService
import SocketProtocol
import StreamSources
import Synchronization

/// Reads one source on a thread of its own and sends what comes to every model that wants it.
final class SourceRunner<Segments: SegmentEncoder>: Sendable {
  /// Feeds and networks are called waiting after so long without anything.
  private static var patienceMicroseconds: Int64 { 1_000_000 }
  /// Stream time of an event source that is silent goes on this far behind the clock, so that events that are still on
  /// their way are not late.
  private static var idleLagMicroseconds: Int64 { 100_000 }

  let configuration: SourceConfiguration
  let status: SourceStatus
  let stop = StopSignal()
  private let open: @Sendable (StopSignal, _ resumeAt: Int64) throws -> any StreamSource<Segments.Block>
  private let hub: Hub
  private let log: Log
  /// Where its last seconds are kept; nil where nobody wants them.
  private let replay: ReplayMemory?
  private let pipelines = Mutex<[StreamPipeline<Segments>]>([])
  private let lastEnd = Mutex<Int64?>(nil)
  private let muting = Atomic<Bool>(false)

  init(
    _ configuration: SourceConfiguration, hub: Hub, log: Log, replay: ReplayMemory? = nil,
    open: @escaping @Sendable (StopSignal, _ resumeAt: Int64) throws -> any StreamSource<Segments.Block>
  ) {
    self.configuration = configuration
    self.hub = hub
    self.log = log
    self.replay = replay
    self.open = open
    status = SourceStatus(now: monotonicMicroseconds(), carriesEvents: Segments.Block.self == EventBlock.self)
  }

  func attach(_ pipeline: StreamPipeline<Segments>) { pipelines.withLock { $0.append(pipeline) } }

  func detach(_ pipeline: StreamPipeline<Segments>) {
    pipelines.withLock { list in list.removeAll { $0 === pipeline } }
  }

  /// Reads until the source ends or is stopped; throws what it fails with.
  func run() async throws {
    let executor = ThreadExecutor(name: "source \(configuration.id)")
    defer { executor.shutDown() }
    let reader = SourceReader<Listening>(on: executor, isPaced: configuration.isPaced) { [self] in
      let source = try open(stop, lastEnd.withLock { $0 ?? 0 })
      status.reopened()
      return source
    }
    _ = try await Task(executorPreference: executor) { try await reader.run(Listening(self)) }.value
  }

  /// Whether what comes is dropped.
  var isMuted: Bool { muting.load(ordering: .relaxed) }

  /// Has what comes dropped, or heard again: from the next block on.
  func mute(_ isMuted: Bool) {
    guard muting.exchange(isMuted, ordering: .relaxed) != isMuted else { return }
    if status.mute(isMuted, now: monotonicMicroseconds()) { tell(isMuted ? .muted : .running, nil) }
  }

  /// Everything is over: the models finish what they have.
  func finish() { for pipeline in pipelines.withLock({ $0 }) { pipeline.finish() } }

  /// Looks whether the source is silent, and lets the time of silent event streams go on.
  func tick(now: Int64) async {
    if configuration.mayBeSilent, status.waits(afterMicroseconds: Self.patienceMicroseconds, now: now) {
      tell(.waiting, nil)
    }
    let snapshot = status.snapshot
    guard Segments.Block.self == EventBlock.self, configuration.mayBeSilent, !isMuted, snapshot.blocks > 0,
      now - snapshot.lastArrival > Self.idleLagMicroseconds
    else { return }
    let until = snapshot.endMicroseconds + now - snapshot.lastArrival - Self.idleLagMicroseconds
    try? await send(.idle(untilMicroseconds: until))
  }

  fileprivate func send(_ item: StreamItem<Segments.Block>) async throws {
    for pipeline in pipelines.withLock({ $0 }) { try await pipeline.send(item) }
  }

  fileprivate func tell(_ state: Report.Health.State, _ detail: String?) {
    hub.publish(.health(Report.Health(source: configuration.id, state: state, detail: detail)))
    let isTrouble = [.lost, .failed, .silent].contains(state) || (state == .waiting && detail != nil)
    log(
      isTrouble ? .warning : .info, "source \(state.rawValue)",
      [("source", configuration.id)] + (detail.map { [("detail", $0)] } ?? []))
  }

  /// Gives up: told to everybody.
  func fail(_ error: any Error) {
    if status.change(to: .failed, now: monotonicMicroseconds()) { tell(.failed, "\(error)") }
  }

  /// What happens on the source's thread with what comes.
  private struct Listening: ArrivalHandler {
    private let runner: SourceRunner
    private var silence = SilenceWatch()
    private var isAbsent = false
    /// Whether the last block was dropped because the source is muted.
    private var wasMuted = false
    private var notices: [InputNotice] = []

    init(_ runner: SourceRunner) { self.runner = runner }

    mutating func take(
      _ arrival: Arrival<Segments.Block>, from source: any StreamSource<Segments.Block>,
      isolation: isolated (any Actor)?
    ) async throws -> Bool {
      if source.notices != notices {
        notices = source.notices
        runner.note(notices)
      }
      if Segments.Block.self == EventBlock.self {
        runner.status.broke(source.violations)
        runner.status.filtered(source.filtered)
      }
      switch arrival {
      case .block(var block):
        if runner.stop.isStopped {
          runner.end(naturally: false)
          return false
        }
        if runner.isMuted {
          // What is open is decided: it will not go on.
          if !wasMuted { try await runner.send(.cut) }
          wasMuted = true
          runner.drop(block)
          return true
        }
        if wasMuted { (block.loss, wasMuted) = (.muted, false) }
        runner.tellLoss(before: block)
        let now = monotonicMicroseconds()
        arrived(block, picture: source.picture, now: now)
        if let replay = runner.replay { Self.keep(block, in: replay) }
        try await runner.send(.block(block, arrivedMicroseconds: now))
      case .cut: try await runner.send(.cut)
      case .lost(let why):
        if runner.status.change(to: .lost, now: monotonicMicroseconds()) { runner.tell(.lost, why) }
        try await runner.send(.cut)
      case .ready(let detail):
        silence = SilenceWatch()
        if runner.status.change(to: .running, now: monotonicMicroseconds()) { runner.tell(.running, detail) }
      case .absent(let why):
        isAbsent = true
        runner.status.wait(absent: true)
        runner.tell(.waiting, why)
      case .quiet:
        guard isAbsent else { break }
        isAbsent = false
        runner.status.wait(absent: false)
        runner.tell(.waiting, nil)
      case .end: runner.end(naturally: !runner.stop.isStopped)
      }
      return true
    }

    private static func keep(_ block: Segments.Block, in replay: ReplayMemory) {
      if let sound = block as? SoundBlock { replay.keep(sound) }
      if let events = block as? EventBlock { replay.keep(events) }
    }

    /// Counts what came and tells the state where it is another.
    private mutating func arrived(_ block: Segments.Block, picture: String?, now: Int64) {
      isAbsent = false
      var isOtherFinding = false
      let loudness = block.loudness
      if let loudness {
        isOtherFinding = silence.hear(loudness, microseconds: block.endMicroseconds - block.startMicroseconds)
      }
      let finding = silence.finding
      let isOtherState = runner.status.arrived(
        endMicroseconds: block.endMicroseconds, count: block.count, power: loudness?.power ?? 0,
        isSilent: finding != nil, now: now)
      if isOtherState || (isOtherFinding && finding != nil) {
        runner.tell(finding == nil ? .running : .silent, finding?.description ?? picture)
      }
    }
  }

  /// What the source takes for granted is told once, and again when it changes.
  private func note(_ notices: [InputNotice]) {
    for notice in notices {
      let (what, key) = notice.guess == nil ? ("source has a finding", "finding") : ("source is guessed", "guess")
      log(.info, what, [("source", configuration.id), (key, notice.text)])
    }
  }

  /// A block that nobody is to hear. How much that was is told when the source is heard again.
  private func drop(_ block: Segments.Block) {
    lastEnd.withLock { $0 = $0 ?? block.startMicroseconds }
    if status.arrivedMuted(endMicroseconds: block.endMicroseconds, now: monotonicMicroseconds()) { tell(.muted, nil) }
  }

  private func end(naturally: Bool) {
    let removed = status.snapshot.filtered.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    if !removed.isEmpty {
      log(.info, "filtered", [("source", configuration.id), ("removed", removed.joined(separator: ", "))])
    }
    if status.change(to: .ended, now: monotonicMicroseconds()), naturally { tell(.ended, nil) }
  }

  /// What the source itself lost is told once, whatever number of models listens.
  private func tellLoss(before block: Segments.Block) {
    let before = lastEnd.withLock { last in
      defer { last = block.endMicroseconds }
      return last
    }
    guard let reason = block.loss, let before else { return }
    let lost = max(0, block.startMicroseconds - before)
    status.missed(lost, reason)
    hub.publish(
      .gap(
        Report.Gap(
          source: configuration.id, reason: Report.Gap.Reason(reason), lostMicroseconds: lost,
          endMicroseconds: block.startMicroseconds)))
    log(
      .warning, "gap", [("source", configuration.id), ("reason", reason.rawValue), ("lost_us", "\(lost)")])
  }
}
