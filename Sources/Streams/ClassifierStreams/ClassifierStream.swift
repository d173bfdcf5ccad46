import Dataflow
import ModelFiles
import Numerics
import Recognition
import SoundEncoders
import StreamSources

/// What comes out of a stream, in stream time.
public enum StreamResult: Equatable, Sendable {
  /// - Parameter trial: place of the settings it was made under in the list of those that are tried.
  case decision(Decision, trial: Int)
  /// Scores after one active step, if asked for.
  case scores(StreamClassifier.Scores)
  /// What went into the network in a step and what it did, if asked for; behind the decisions and scores of the step.
  case step(StreamStep)
  /// So much did not reach the stream before this time, and what was open there has been decided.
  case gap(lostMicroseconds: Int64, endMicroseconds: Int64)
  /// Everything up to this stream time has been classified.
  case progress(microseconds: Int64)
}

/// What a model makes of one stream: blocks in, results out. A value without threads, clocks or files.
///
/// Whoever runs a model drives this: recordings, live sources, evaluation. That they agree to the bit follows from there
/// being nothing else. Blocks of any size give the same results.
public struct ClassifierStream<Segments: SegmentEncoder>: StreamTransform {
  /// Whose results they are.
  public private(set) var model: PreparedModel
  /// Whether scores are told step by step.
  public var wantsScores: Bool
  /// Whether steps are told.
  public var wantsSteps: Bool {
    get { classifier.isWatched }
    set { if newValue != classifier.isWatched { classifier.isWatched = newValue } }
  }
  /// Spikes that the network was given so far.
  public private(set) var spikes: Int64 = 0

  private let source: String
  /// Nil only while it is at work.
  private var segments: Segments?
  private var classifier: StreamClassifier
  private var isOpen = false
  /// Added to the times of frames to get stream time.
  private var origin: Int64 = 0
  /// End of the last frame of the work at hand, stream time.
  private var reached: Int64?
  /// Stream time from which on nothing was seen, though it was somewhere else.
  private var unseenSince: Int64?
  /// Why a frame of the work at hand could not be classified; a variable of the work itself would be allocated each time.
  private var failure: (any Error)?

  /// - Parameter source: what messages call the stream.
  /// - Throws: for a model of the other sense.
  public init(_ model: PreparedModel, source: String, wantsScores: Bool = false) throws {
    self.model = model
    self.source = source
    self.wantsScores = wantsScores
    segments = try Segments(model, source: source)
    classifier = model.classifier
  }

  /// What the stream is about. A change counts from the next step on; nothing that is open is lost by it.
  public var task: TaskSelection {
    get { classifier.task }
    set { classifier.task = newValue }
  }

  /// Whether nothing is open: the place to put another model in.
  public var isBetweenUtterances: Bool { classifier.isBetweenUtterances }

  /// Another that stood here had come to this stream time: what lies between it and the next block is missing.
  public mutating func resume(from microseconds: Int64) { unseenSince = microseconds }

  public mutating func process(
    _ item: StreamItem<Segments.Block>, droppedBefore: Int, emit: (StreamResult) -> Void
  ) throws {
    switch item {
    case .cut: try close(emit)
    case .idle(let time):
      if isOpen { try classify(.advance(toMicroseconds: time), emit) }
    case .block(let block, _):
      try place(block, droppedBefore: droppedBefore, emit)
      try classify(.push(block), emit)
    }
  }

  public mutating func finish(emit: (StreamResult) -> Void) throws { try close(emit) }

  /// Puts another model in the place of this one. What is open is decided first where it cannot be kept.
  public mutating func replace(by next: PreparedModel, emit: (StreamResult) -> Void) throws {
    let isSameEncoder = next.model.manifest.encoder == model.model.manifest.encoder
    if !isSameEncoder || !classifier.isBetweenUtterances { try close(emit) }
    if !isSameEncoder { segments = try Segments(next, source: source) }
    let wantsSteps = wantsSteps
    model = next
    classifier = next.classifier
    self.wantsSteps = wantsSteps
  }

  /// Cuts the stream where something is missing, and begins a segment where none is open.
  private mutating func place(_ block: Segments.Block, droppedBefore: Int, _ emit: (StreamResult) -> Void) throws {
    var lost = segments?.missing(before: block, droppedBefore: droppedBefore) ?? 0
    if let unseenSince { lost = block.startMicroseconds - unseenSince }
    unseenSince = nil
    if lost > 0 || block.loss != nil {
      try close(emit)
      // What the source itself lost it has told everybody.
      if block.loss == nil || droppedBefore > 0 {
        emit(.gap(lostMicroseconds: lost, endMicroseconds: block.startMicroseconds))
      }
    }
    if !isOpen {
      try segments?.begin(block)
      isOpen = true
    }
  }

  private mutating func close(_ emit: (StreamResult) -> Void) throws {
    guard isOpen else { return }
    isOpen = false
    try classify(.finish, emit)
    let origin = origin
    classifier.finish { emit(.decision($0.shifted(by: origin), trial: $1)) }
  }

  /// Runs the frames that an operation of the encoder gives through the network.
  ///
  /// Each is worked off while the encoder still holds it, so that it can use its lists again for the next.
  private mutating func classify(_ work: EncoderWork<Segments.Block>, _ emit: (StreamResult) -> Void) throws {
    // Out of the way of what the frames need of the rest; put back in any case.
    guard var encoding = segments.take() else { preconditionFailure("a stream has one encoder") }
    defer { segments = encoding }
    origin = encoding.originMicroseconds
    (failure, reached) = (nil, nil)
    switch work {
    case .push(let block): try encoding.push(block) { take($0, emit) }
    case .advance(let time): encoding.advance(toMicroseconds: time) { take($0, emit) }
    case .finish: try encoding.finish { take($0, emit) }
    }
    if let failure { throw failure }
    if let reached { emit(.progress(microseconds: reached)) }
  }

  /// Works off a frame, unless one before it has failed.
  private mutating func take(_ frame: SpikeFrame, _ emit: (StreamResult) -> Void) {
    if failure != nil { return }
    do { try classify(frame, emit) } catch { failure = error }
  }

  private mutating func classify(_ frame: SpikeFrame, _ emit: (StreamResult) -> Void) throws {
    let origin = origin
    for value in frame.values { spikes += Int64(value) }
    let scores = try classifier.push(frame) { emit(.decision($0.shifted(by: origin), trial: $1)) }
    reached = origin + frame.endMicroseconds
    if wantsScores, var scores {
      scores.endMicroseconds += origin
      emit(.scores(scores))
    }
    if wantsSteps {
      var place = frame
      place.startMicroseconds += origin
      place.endMicroseconds += origin
      emit(.step(StreamStep(frame: place, seen: classifier.seen, scores: scores?.values)))
    }
  }
}

/// What an encoder is asked to do.
private enum EncoderWork<Block> {
  case push(Block)
  case advance(toMicroseconds: Int64)
  case finish
}
