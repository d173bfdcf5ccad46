import Dataflow
import Pipelines
import Recognition
import SocketProtocol
import StreamSources
import Tensors

/// One model on one stream: blocks in, reports out. The same encoder, network and recogniser as for a recording, so it
/// says the same of the same samples; what is lost is told and cuts the stream there.
struct LiveClassification<Segments: SegmentEncoder>: StreamTransform {
  typealias Item = StreamItem<Segments.Block>

  /// How long a replacement waits for a pause between utterances, stream time.
  static var patienceMicroseconds: Int64 { 3_000_000 }

  private let source: String
  private let slot: ModelSlot
  private let wants: @Sendable (Topic) -> Bool
  /// Microseconds of a monotonic clock, for figures only.
  private let clock: @Sendable () -> Int64
  private let makeSegments: (PreparedModel) throws -> Segments
  private var current: PreparedModel
  /// Nil only while it is at work.
  private var segments: Segments?
  /// Added to the times of frames to get stream time.
  private var originMicroseconds: Int64 = 0
  private var classifier: StreamClassifier
  private var isOpen = false
  /// End of the last block, stream time and wall clock.
  private var now: (stream: Int64, wall: Int64?) = (0, nil)
  /// Stream time at which a replacement was first seen.
  private var offeredAt: Int64?
  private var numbers: DetectionNumbers
  /// Spikes of the block at hand.
  private var spikes: Int64 = 0
  /// Kept from frame to frame, for its room.
  private var found: [Decision] = []
  /// Why a frame of the work at hand could not be classified; a variable of the work itself would be allocated each time.
  private var failure: (any Error)?
  private let progress: PipelineProgress
  /// How often a task had been told when it was last looked at.
  private var toldTasks = 0

  init(
    source: String, model: PreparedModel, slot: ModelSlot, progress: PipelineProgress,
    wants: @escaping @Sendable (Topic) -> Bool, clock: @escaping @Sendable () -> Int64 = monotonicMicroseconds,
    makeSegments: @escaping (PreparedModel) throws -> Segments
  ) throws {
    self.source = source
    self.slot = slot
    self.progress = progress
    self.wants = wants
    self.clock = clock
    self.makeSegments = makeSegments
    current = model
    segments = try makeSegments(model)
    classifier = model.classifier
    numbers = progress.numbers
    chooseTask(always: true)
  }

  /// Goes over to the task that was told last. A model that does not know it stays with its first: it has been replaced
  /// by another since.
  private mutating func chooseTask(always: Bool = false) {
    let told = slot.task
    guard always || told.count != toldTasks else { return }
    toldTasks = told.count
    classifier.task = (try? current.model.selection(told.name)) ?? .task(0)
  }

  mutating func process(_ item: Item, droppedBefore: Int, emit: (Report) -> Void) throws {
    switch item {
    case .cut: try close(emit)
    case .idle(let time):
      if isOpen { try classify(.advance(toMicroseconds: time), emit) }
    case .block(let block, let arrived):
      let begin = clock()
      spikes = 0
      try adopt(before: block, emit)
      chooseTask()
      try place(block, droppedBefore: droppedBefore, emit)
      now = (block.endMicroseconds, block.wallMicroseconds)
      try classify(.push(block), emit)
      let end = clock()
      progress.advance(
        over: block.startMicroseconds..<max(block.startMicroseconds, block.endMicroseconds), numbers: numbers,
        spikes: spikes, inference: end - begin, latency: max(0, end - arrived))
    }
  }

  mutating func finish(emit: (Report) -> Void) throws { try close(emit) }

  /// Cuts the stream where something is missing, and begins a segment where none is open.
  private mutating func place(_ block: Segments.Block, droppedBefore: Int, _ emit: (Report) -> Void) throws {
    var lost = segments?.missing(before: block, droppedBefore: droppedBefore) ?? 0
    // A stage that was started again knows by its progress what it has not seen.
    if let seen = progress.takeResumption() { lost = block.startMicroseconds - seen }
    if lost > 0 || block.loss != nil {
      try close(emit)
      // What the source itself lost it has told everybody.
      if block.loss == nil || droppedBefore > 0 {
        progress.lost(lost)
        emit(
          .gap(
            Report.Gap(
              source: source, reason: .overload, lostMicroseconds: lost, endMicroseconds: block.startMicroseconds,
              model: current.model.manifest.name)))
      }
    }
    if !isOpen {
      try segments?.begin(block)
      isOpen = true
    }
  }

  private mutating func close(_ emit: (Report) -> Void) throws {
    guard isOpen else { return }
    isOpen = false
    try classify(.finish, emit)
    found.removeAll(keepingCapacity: true)
    classifier.finish { found.append($0) }
    tellFound(emit)
  }

  /// Tells the decisions that were found; beginnings only where somebody wants them.
  private mutating func tellFound(_ emit: (Report) -> Void) {
    for decision in found {
      let report = report(decision)
      progress.decided(decision)
      if report.topic != .progress || wants(.progress) { emit(report) }
    }
  }

  /// Puts another model in the place of this one, between two utterances if there is a pause soon.
  private mutating func adopt(before block: Segments.Block, _ emit: (Report) -> Void) throws {
    guard slot.isOffered else { return }
    let since = offeredAt ?? block.startMicroseconds
    offeredAt = since
    let isPatient = block.startMicroseconds - since < Self.patienceMicroseconds
    if isPatient && !classifier.isBetweenUtterances { return }
    guard let (model, whenTaken) = slot.take() else { return }
    offeredAt = nil
    let isSameEncoder = model.model.manifest.encoder == current.model.manifest.encoder
    if !isSameEncoder || !classifier.isBetweenUtterances { try close(emit) }
    if !isSameEncoder { segments = try makeSegments(model) }
    current = model
    classifier = model.classifier
    chooseTask(always: true)
    whenTaken()
  }

  /// Runs the frames that an operation of the encoder gives through the network.
  ///
  /// Each is worked off while the encoder still holds it, so that it can use its lists again for the next.
  private mutating func classify(
    _ work: EncoderWork<Segments.Block>, _ emit: (Report) -> Void
  ) throws {
    // Out of the way of what the frames need of the rest; put back in any case.
    guard var encoding = segments.take() else { preconditionFailure("a stream has one encoder") }
    defer { segments = encoding }
    originMicroseconds = encoding.originMicroseconds
    let isTelling = wants(.score)
    failure = nil
    switch work {
    case .push(let block): try encoding.push(block) { take($0, isTelling: isTelling, emit) }
    case .advance(let time): encoding.advance(toMicroseconds: time) { take($0, isTelling: isTelling, emit) }
    case .finish: try encoding.finish { take($0, isTelling: isTelling, emit) }
    }
    if let failure { throw failure }
  }

  /// Works off a frame, unless one before it has failed.
  private mutating func take(_ frame: SpikeFrame, isTelling: Bool, _ emit: (Report) -> Void) {
    if failure != nil { return }
    do { try classify(frame, isTelling: isTelling, emit) } catch { failure = error }
  }

  private mutating func classify(_ frame: SpikeFrame, isTelling: Bool, _ emit: (Report) -> Void) throws {
    for value in frame.values { spikes += Int64(value) }
    found.removeAll(keepingCapacity: true)
    let scores = try classifier.push(frame) { found.append($0) }
    tellFound(emit)
    if isTelling, let scores { emit(report(scores)) }
  }

  private mutating func report(_ decision: Decision) -> Report {
    let number = numbers.number(of: decision)
    let end = decision.endMicroseconds + originMicroseconds
    let recognition = Report.Recognition(
      source: source, model: current.model.manifest.name, label: decision.label, score: decision.score,
      startMicroseconds: decision.startMicroseconds + originMicroseconds, endMicroseconds: end,
      wall: now.wall.map { WallTime.text(microseconds: $0 - (now.stream - end)) },
      id: "\(source).\(current.model.manifest.name).\(number)", phase: Report.Recognition.Phase(decision.phase))
    switch decision.kind {
    case .detection: return .detection(recognition)
    case .rejection: return .rejection(recognition, threshold: decision.threshold)
    }
  }

  private func report(_ scores: StreamClassifier.Scores) -> Report {
    .scores(
      Report.Scores(
        source: source, model: current.model.manifest.name,
        endMicroseconds: scores.endMicroseconds + originMicroseconds, labels: current.model.manifest.labels,
        values: scores.values))
  }
}

/// What an encoder is asked to do.
private enum EncoderWork<Block> {
  case push(Block)
  case advance(toMicroseconds: Int64)
  case finish
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
    }
  }
}
