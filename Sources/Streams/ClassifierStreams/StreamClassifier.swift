import EncoderList
import ModelFiles
import Numerics
import Recognition
import SpikingNetworks

/// Network and recogniser of one stream: spike frames in, decisions out. A value; copying it copies the stream's state.
///
/// Streams, whole clips and evaluation all go through it, so they agree to the bit. It may hold several recognisers: what a
/// stream gives under other settings of the decision, for the price of one network.
public struct StreamClassifier: Sendable {
  /// The scores after one active step.
  public struct Scores: Equatable, Sendable {
    /// Stream time of the step's end, microseconds.
    public var endMicroseconds: Int64
    /// One for each label.
    public var values: [Double]

    package init(endMicroseconds: Int64, values: [Double]) {
      self.endMicroseconds = endMicroseconds
      self.values = values
    }
  }

  private var network: TaskNetwork
  /// One for each setting that is tried, where the model decides on utterances.
  private var recognisers: [Recogniser] = []
  /// The same where it finds words in a stream without utterances.
  private var spotters: [WordSpotter] = []
  private var outputs: [Float]

  /// - Parameters:
  ///   - task: one that the model has, see `Model.selection`.
  ///   - tellsProgress: whether detections are told from their start on, see `Recogniser`.
  ///   - configurations: settings that are tried side by side; nil for the model's own. They must cut the stream as the
  ///     model's do, with the same `gapMicroseconds`, for the network's state begins anew with every utterance.
  /// - Throws: for settings that cannot be tried, or a manifest that `Model` would refuse.
  public init(
    _ model: Model, task: TaskSelection = .task(0), tellsProgress: Bool = false,
    trying configurations: [DecisionConfiguration]? = nil
  ) throws(RecognitionError) {
    let own = model.manifest.decision
    network = TaskNetwork(model, selection: task)
    outputs = [Float](repeating: 0, count: network.outputCount)
    if own.stream != nil {
      for configuration in configurations ?? [own] {
        spotters.append(try WordSpotter(labels: model.manifest.labels, configuration: configuration))
      }
      return
    }
    for configuration in configurations ?? [own] {
      guard configuration.gapMicroseconds == own.gapMicroseconds else {
        throw .setting(
          name: "gapMicroseconds", value: "\(configuration.gapMicroseconds)",
          allowed: "\(own.gapMicroseconds), as in the model")
      }
      recognisers.append(
        try Recogniser(
          labels: model.manifest.labels, configuration: configuration, tellsProgress: tellsProgress,
          rows: network.rows))
    }
  }

  /// Steps of the stream for one answer of the network.
  public var timeStride: Int { network.timeStride }

  /// What the stream is about. A change counts from the next step on; nothing that is open is lost by it.
  public var task: TaskSelection {
    get { network.selection }
    set { if newValue != network.selection { network.select(newValue) } }
  }

  /// Whether what the network does is gathered step by step.
  public var isWatched: Bool {
    get { network.activity.isWanted }
    set { network.activity.isWanted = newValue }
  }

  /// What the network did in the last step, while it is watched; nil where it was not run.
  public private(set) var seen: Seen?

  /// A run of the network as it is seen from outside.
  public struct Seen: Equatable, Sendable {
    public var activity: StepActivity
    /// What the network answered, in rows of one value a label; nil where no answer was due.
    public var outputs: [Float]?
  }

  /// Whether nothing is open: the place to put another model in. Where there are no utterances that is anywhere.
  public var isBetweenUtterances: Bool { recognisers.allSatisfy(\.isBetweenUtterances) }

  /// Takes the next step of the stream; returns the scores after it if it was active and the network answered. Where the
  /// network answers every `timeStride` steps, an answer is of all of them, and active where one of them was.
  ///
  /// - Parameter emit: gets each decision with the place of its settings in the list.
  @discardableResult
  public mutating func push(
    _ frame: SpikeFrame, emit: (Decision, _ trial: Int) -> Void
  ) throws(RecognitionError) -> Scores? {
    seen = nil
    if !spotters.isEmpty { return try pushOn(frame, emit: emit) }
    var request = Recogniser.Request.skip
    for trial in recognisers.indices {
      request = recognisers[trial].advance(
        startMicroseconds: frame.startMicroseconds, endMicroseconds: frame.endMicroseconds, isActive: !frame.isSilent
      ) { emit($0, trial) }
    }
    if request == .skip { return nil }
    if request == .resetThenRun { network.reset() }
    guard step(frame) else {
      for trial in recognisers.indices { recognisers[trial].takeNothing() }
      return nil
    }
    var isActive = false
    for trial in recognisers.indices {
      isActive = try recognisers[trial].take(logits: outputs) { emit($0, trial) }
    }
    if !isActive { return nil }
    return recognisers[0].currentScores.map { Scores(endMicroseconds: frame.endMicroseconds, values: $0) }
  }

  /// The next step of a stream without utterances: every one is run, silent ones too.
  private mutating func pushOn(
    _ frame: SpikeFrame, emit: (Decision, _ trial: Int) -> Void
  ) throws(RecognitionError) -> Scores? {
    var begins = false
    for trial in spotters.indices { begins = spotters[trial].advance(startMicroseconds: frame.startMicroseconds) }
    if begins { network.reset() }
    guard step(frame) else { return nil }
    for trial in spotters.indices {
      try spotters[trial].take(logits: outputs, endMicroseconds: frame.endMicroseconds) { emit($0, trial) }
    }
    return spotters[0].currentScores.map { Scores(endMicroseconds: frame.endMicroseconds, values: $0) }
  }

  /// Runs the network; whether there is an answer.
  private mutating func step(_ frame: SpikeFrame) -> Bool {
    let isDue = network.step(frame, outputs: &outputs)
    if isWatched { seen = Seen(activity: network.activity, outputs: isDue ? outputs : nil) }
    return isDue
  }

  /// Ends the stream and decides what is open.
  public mutating func finish(emit: (Decision, _ trial: Int) -> Void) {
    for trial in spotters.indices { spotters[trial].finish() }
    for trial in recognisers.indices { recognisers[trial].finish { emit($0, trial) } }
  }

  /// The decisions on a whole recording by the same code; the classifier itself stays as it is. A recording shorter than
  /// one answer of the network is made as long by silence, as in training.
  ///
  /// - Parameter stepMicroseconds: length of a step, `EncoderConfiguration.stepMicroseconds`.
  public func decisions(
    on sequence: SpikeSequence, stepMicroseconds: Int64
  ) throws(RecognitionError) -> [Decision] {
    var classifier = self
    var decisions: [Decision] = []
    let sequence = sequence.extended(to: timeStride)
    for step in 0..<sequence.steps {
      let range = sequence.range(ofStep: step)
      let start = Int64(step) * stepMicroseconds
      let frame = SpikeFrame(
        step: step, startMicroseconds: start, endMicroseconds: start + stepMicroseconds,
        channels: Array(sequence.channels[range]), values: Array(sequence.values[range]))
      try classifier.push(frame) { decision, _ in decisions.append(decision) }
    }
    classifier.finish { decision, _ in decisions.append(decision) }
    return decisions
  }
}
