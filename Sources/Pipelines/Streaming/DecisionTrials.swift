import Dataflow
import Recognition
import Tensors

/// One network and many recognisers: what a stream gives under other decision settings, for the price of one.
///
/// Settings that are tried together must cut the stream alike (`windowMicroseconds` and `gapMicroseconds` the same), for
/// the network's state begins anew with every utterance.
struct DecisionTrials: StreamTransform {
  private var network: TaskNetwork
  private var recognisers: [Recogniser]
  private var outputs: [Float]
  /// Stream time at which the running recording begins.
  private var origin: Int64 = 0

  init(
    _ model: Model, task: TaskSelection, _ configurations: [DecisionConfiguration]
  ) throws(RecognitionError) {
    let own = model.manifest.decision
    for configuration in configurations where configuration.gapMicroseconds != own.gapMicroseconds {
      throw .setting(
        name: "gapMicroseconds", value: "\(configuration.gapMicroseconds)",
        allowed: "\(own.gapMicroseconds), as in the model")
    }
    network = TaskNetwork(model, selection: task)
    outputs = [Float](repeating: 0, count: network.outputCount)
    recognisers = []
    for configuration in configurations {
      recognisers.append(
        try Recogniser(labels: model.manifest.labels, configuration: configuration, rows: network.rows))
    }
  }

  mutating func process(_ piece: FramePiece, droppedBefore: Int, emit: (TrialEvent) -> Void) throws {
    let origin = piece.originMicroseconds
    self.origin = origin
    for frame in piece.frames {
      var request = Recogniser.Request.skip
      for trial in recognisers.indices {
        request = recognisers[trial].advance(
          startMicroseconds: frame.startMicroseconds, endMicroseconds: frame.endMicroseconds, isActive: !frame.isSilent
        ) { emit(.decision($0.shifted(by: origin), trial: trial)) }
      }
      if request == .skip { continue }
      if request == .resetThenRun { network.reset() }
      network.step(frame, outputs: &outputs)
      for trial in recognisers.indices {
        try recognisers[trial].take(logits: outputs) { emit(.decision($0.shifted(by: origin), trial: trial)) }
      }
    }
    if piece.endsRecording { finish(emit: emit) }
    if let last = piece.frames.last { emit(.progress(microseconds: origin + last.endMicroseconds)) }
  }

  mutating func finish(emit: (TrialEvent) -> Void) {
    let origin = origin
    for trial in recognisers.indices {
      recognisers[trial].finish { emit(.decision($0.shifted(by: origin), trial: trial)) }
    }
  }
}

/// What comes out of a pipeline that tries several settings.
public enum TrialEvent: Equatable, Sendable {
  /// A decision under the settings with that place in the list.
  case decision(Decision, trial: Int)
  /// Everything up to this stream time has been classified.
  case progress(microseconds: Int64)
}
