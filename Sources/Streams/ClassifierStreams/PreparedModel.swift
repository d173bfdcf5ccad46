import Events
import ModelFiles
import Numerics
import Recognition
import SoundEncoders
import Spiketrum

/// A model made ready: its encoder built and its network run once, so that the first real step is as fast as any other.
public struct PreparedModel: Sendable {
  /// As it was read.
  public let model: Model
  /// A fresh one; each stream takes a copy.
  public let classifier: StreamClassifier
  /// What makes spikes for it.
  public let encoder: Encoder

  /// What a stream's segments begin with.
  public enum Encoder: Sendable {
    case sound(any SoundEncoder, sampleRate: Int)
    case events(EventBinningConfiguration)
  }

  /// - Parameters:
  ///   - task: one that the model has, see `Model.selection`.
  ///   - tellsProgress: whether detections are told from their start on, see `Recogniser`.
  ///   - configurations: settings of the decision that are tried side by side; nil for the model's own.
  public init(
    _ model: Model, task: TaskSelection = .task(0), tellsProgress: Bool = false,
    trying configurations: [DecisionConfiguration]? = nil
  ) throws {
    self.model = model
    switch model.manifest.encoder {
    case .sound(let encoding): encoder = .sound(try encoding.makeEncoder(), sampleRate: encoding.sampleRate)
    case .events(let configuration): encoder = .events(configuration)
    }
    let fresh = try StreamClassifier(model, task: task, tellsProgress: tellsProgress, trying: configurations)
    var warm = fresh
    let step = model.manifest.encoder.stepMicroseconds
    for number in 0..<3 * fresh.timeStride {
      let start = Int64(number) * step
      try warm.push(
        SpikeFrame(step: number, startMicroseconds: start, endMicroseconds: start + step, channels: [0], values: [1])
      ) { _, _ in }
    }
    classifier = fresh
  }
}
