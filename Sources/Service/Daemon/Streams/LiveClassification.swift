import ClassifierStreams
import Dataflow
import ModelFiles
import PageService
import Recognition
import SocketProtocol
import StreamSources

/// One model on one live stream: blocks in, reports out.
///
/// What the model makes of the stream is `ClassifierStream`'s, as for a recording; here it is told which task it is about
/// and which model has come in its place, detections get their numbers and times of day, and what was done is counted.
struct LiveClassification<Segments: SegmentEncoder>: StreamTransform {
  typealias Input = StreamItem<Segments.Block>

  /// How long a replacement waits for a pause between utterances, stream time.
  static var patienceMicroseconds: Int64 { 3_000_000 }

  private let source: String
  private let slot: ModelSlot
  /// Who looks; nil where nobody can.
  private let watched: WatchedStream?
  private let wants: @Sendable (Topic) -> Bool
  /// Microseconds of a monotonic clock, for figures only.
  private let clock: @Sendable () -> Int64
  private var stream: ClassifierStream<Segments>
  /// End of the last block, stream time and wall clock.
  private var now: (stream: Int64, wall: Int64?) = (0, nil)
  /// Stream time up to which nothing has a time of day: it was there long before it came.
  private var oldThrough: Int64 = 0
  /// Stream time at which a replacement was first seen.
  private var offeredAt: Int64?
  private var numbers: DetectionNumbers
  /// What the stream gave for the work at hand; kept for its room.
  private var results: [StreamResult] = []
  private let progress: PipelineProgress
  /// How often a task had been told when it was last looked at.
  private var toldTasks = 0

  init(
    source: String, model: PreparedModel, slot: ModelSlot, progress: PipelineProgress,
    watched: WatchedStream? = nil,
    wants: @escaping @Sendable (Topic) -> Bool, clock: @escaping @Sendable () -> Int64 = monotonicMicroseconds
  ) throws {
    self.source = source
    self.slot = slot
    self.progress = progress
    self.watched = watched
    self.wants = wants
    self.clock = clock
    stream = try ClassifierStream(model, source: source)
    numbers = progress.numbers
    chooseTask(always: true)
  }

  private var model: Model { stream.model.model }

  /// Goes over to the task that was told last. A model that does not know it stays with its first: it has been replaced
  /// by another since.
  private mutating func chooseTask(always: Bool = false) {
    let told = slot.task
    guard always || told.count != toldTasks else { return }
    toldTasks = told.count
    stream.task = (try? model.selection(told.name)) ?? .task(0)
  }

  mutating func process(_ item: Input, droppedBefore: Int, emit: (Report) -> Void) throws {
    guard case .block(let block, let arrived) = item else {
      defer { if case .cut = item { watched?.cut() } }
      return try work(emit) { stream, tell in try stream.process(item, droppedBefore: droppedBefore, emit: tell) }
    }
    let begin = clock()
    let spikes = stream.spikes
    try adopt(before: block, emit)
    chooseTask()
    stream.wantsScores = wants(.score)
    watch()
    // A stage that was started again knows by its progress what it has not seen.
    if let seen = progress.takeResumption() { stream.resume(from: seen) }
    now = (block.endMicroseconds, block.wallMicroseconds)
    if block.wallMicroseconds == nil { oldThrough = block.endMicroseconds }
    try work(emit) { stream, tell in try stream.process(item, droppedBefore: droppedBefore, emit: tell) }
    let end = clock()
    progress.advance(
      over: block.startMicroseconds..<max(block.startMicroseconds, block.endMicroseconds), numbers: numbers,
      spikes: stream.spikes - spikes, inference: end - begin, latency: max(0, end - arrived))
  }

  /// Tells steps while somebody looks.
  private mutating func watch() {
    guard let watched else { return }
    let isWanted = watched.isWanted
    if stream.wantsSteps && !isWanted { watched.cut() }
    stream.wantsSteps = isWanted
  }

  mutating func finish(emit: (Report) -> Void) throws {
    try work(emit) { stream, tell in try stream.finish(emit: tell) }
  }

  /// Puts another model in the place of this one, between two utterances if there is a pause soon.
  private mutating func adopt(before block: Segments.Block, _ emit: (Report) -> Void) throws {
    guard slot.isOffered else { return }
    let since = offeredAt ?? block.startMicroseconds
    offeredAt = since
    let isPatient = block.startMicroseconds - since < Self.patienceMicroseconds
    if isPatient && !stream.isBetweenUtterances { return }
    guard let offer = slot.take() else { return }
    offeredAt = nil
    try work(emit) { stream, tell in try stream.replace(by: offer.model, emit: tell) }
    chooseTask(always: true)
    watched?.change(to: model.manifest, layers: model.watchedLayers)
    offer.whenTaken()
  }

  /// Has the stream do something and tells what comes of it, also where it fails in the end.
  private mutating func work(
    _ emit: (Report) -> Void,
    _ operation: (inout ClassifierStream<Segments>, (StreamResult) -> Void) throws -> Void
  ) throws {
    var results = results
    self.results = []
    defer {
      results.removeAll(keepingCapacity: true)
      self.results = results
    }
    defer { for result in results { tell(result, emit) } }
    try operation(&stream) { results.append($0) }
  }

  /// Tells a result; beginnings only where somebody wants them.
  private mutating func tell(_ result: StreamResult, _ emit: (Report) -> Void) {
    switch result {
    case .decision(let decision, _):
      let report = report(decision)
      progress.decided(decision)
      if report.topic != .progress || wants(.progress) { emit(report) }
    case .scores(let scores):
      emit(
        .scores(
          Report.Scores(
            source: source, model: model.manifest.name, endMicroseconds: scores.endMicroseconds,
            labels: model.manifest.labels, values: scores.values)))
    case .gap(let lost, let end):
      progress.lost(lost)
      watched?.cut()
      emit(
        .gap(
          Report.Gap(
            source: source, reason: .overload, lostMicroseconds: lost, endMicroseconds: end,
            model: model.manifest.name)))
    case .step(let step): watched?.take(step)
    case .progress: break
    }
  }

  private mutating func report(_ decision: Decision) -> Report {
    let number = numbers.number(of: decision)
    let end = decision.endMicroseconds
    func timeOfDay(_ time: Int64) -> String? {
      // What is decided now may have been over before the stream came to what happens now.
      time > oldThrough ? now.wall.map { WallTime.text(microseconds: $0 - (now.stream - time)) } : nil
    }
    let recognition = Report.Recognition(
      source: source, model: model.manifest.name, label: decision.label, score: decision.score,
      startMicroseconds: decision.startMicroseconds, endMicroseconds: end,
      wall: timeOfDay(end), startWall: timeOfDay(decision.startMicroseconds),
      id: "\(source).\(model.manifest.name).\(number)", phase: Report.Recognition.Phase(decision.phase))
    switch decision.kind {
    case .detection: return .detection(recognition)
    case .rejection: return .rejection(recognition, threshold: decision.threshold)
    }
  }
}

extension Report.Recognition.Phase {
  /// The same word on the wire.
  init(_ phase: Decision.Phase) {
    switch phase {
    case .point: self = .point
    case .start: self = .start
    case .update: self = .update
    case .end: self = .end
    }
  }
}

extension Report.Gap.Reason {
  /// The same word on the wire.
  init(_ reason: LossReason) {
    switch reason {
    case .overrun: self = .xrun
    case .overload: self = .overload
    case .violation: self = .violation
    case .deviceLost: self = .deviceLost
    case .muted: self = .muted
    }
  }
}
