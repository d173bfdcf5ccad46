import Events
import Pipelines
import Spiketrum
import Synchronization
import Tensors

/// A model made ready: its encoder built and its network run once, so that the first real step is as fast as any other.
public struct PreparedModel: Sendable {
  public let model: Model
  let classifier: StreamClassifier
  let encoder: Encoder

  enum Encoder: Sendable {
    case sound(SpiketrumEncoder)
    case events(EventBinningConfiguration)
  }

  public init(_ model: Model) throws {
    self.model = model
    switch model.manifest.encoder {
    case .spiketrum(let configuration): encoder = .sound(try SpiketrumEncoder(configuration))
    case .events(let configuration): encoder = .events(configuration)
    }
    let fresh = try StreamClassifier(model, tellsProgress: true)
    var warm = fresh
    let step = model.manifest.encoder.stepMicroseconds
    for number in 0..<3 {
      let start = Int64(number) * step
      try warm.push(
        SpikeFrame(
          step: number, startMicroseconds: start, endMicroseconds: start + step, channels: [0], values: [1])
      ) { _ in }
    }
    classifier = fresh
  }
}

/// Where a running stream finds the model that is to replace its own.
final class ModelSlot: Sendable {
  /// The task a stream was told last, as the user calls it, and how often it was told one.
  private let told: Mutex<(task: String?, count: Int)>

  init(task: String? = nil) {
    told = Mutex((task, 0))
  }

  func tell(task: String?) { told.withLock { $0 = (task, $0.count + 1) } }

  var task: (name: String?, count: Int) { told.withLock { ($0.task, $0.count) } }

  private let next = Mutex<(model: PreparedModel, whenTaken: @Sendable () -> Void)?>(nil)

  func offer(_ model: PreparedModel, whenTaken: @escaping @Sendable () -> Void) {
    next.withLock { $0 = (model, whenTaken) }
  }

  var isOffered: Bool { next.withLock { $0 != nil } }

  func take() -> (model: PreparedModel, whenTaken: @Sendable () -> Void)? {
    next.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
  }
}
