import Numerics
import Settings

/// How a batch of long sequences is taken through a network in pieces of time, so that the memory of training is that of
/// one window.
///
/// Forward, only each layer's state at the windows' borders and the logits are kept. Backward, from the last window to
/// the first, a window is computed once more from the state it began with and then gone back through. The gradient is
/// that of the whole sequences to rounding (gradient checkpointing over time; Chen et al. 2016, arXiv 1604.06174). With
/// `truncated`, none of it crosses a border (truncated back-propagation through time; Williams and Peng 1990).
///
/// Batch normalisation cannot be trained so: its statistics are those of whole sequences, and are not known before the last
/// step. Everything else is as without windows, a sequence no longer than a window to the last bit.
public struct TimeWindows: Codable, Sendable, Equatable {
  /// Steps of a window.
  public var steps: Int
  /// Whether gradients stop at the windows' borders.
  public var truncated: Bool

  public init(steps: Int, truncated: Bool = false) {
    precondition(steps > 0, "a window has at least one step")
    self.steps = steps
    self.truncated = truncated
  }

  enum CodingKeys: String, CodingKey, CaseIterable { case steps, truncated }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    steps = try values.required(.steps, .from(1, to: 1_000_000_000))
    truncated = try values.flag(.truncated, or: false)
  }
}

extension NetworkDescription {
  /// Whether windows of so many steps end where a step of the logits does.
  public func fits(_ windows: TimeWindows) -> Bool { windows.steps % timeStride == 0 }

  /// The first layer that normalises over batch and time, inside residual layers too: its index, and the index in each.
  public var firstNormalisation: [Int]? { Self.firstNormalisation(layers) }

  private static func firstNormalisation(_ layers: [LayerDescription]) -> [Int]? {
    for (index, layer) in layers.enumerated() {
      switch layer {
      case .batchNorm: return [index]
      case .residual(let residual):
        if let inside = firstNormalisation(residual.inner) { return [index] + inside }
      default: break
      }
    }
    return nil
  }
}

/// What a batch keeps between its windows.
final class WindowedBatch<Scalar: Real> {
  private(set) var windows = TimeWindows(steps: 1)
  private(set) var count = 0
  /// Logits of every step of every sample, and their gradient.
  let logits = Buffer<Scalar>()
  let logitGradient = Buffer<Scalar>()
  /// dL/d(state) at the border that `backward` has come to.
  let stateGradient = Buffer<Scalar>()
  /// State at the beginning of each window and behind the last.
  private let states = Buffer<Scalar>()
  private var stateCount = 0
  private var whole: [SpikeSequence] = []
  private var layout = BatchLayout(steps: [])
  private var outputs = BatchLayout(steps: [])
  private var outputCount = 0
  /// Steps of the sequences for one of the logits.
  private var stride = 1

  func begin(
    _ sequences: [SpikeSequence], _ layout: BatchLayout, _ windows: TimeWindows, layers: [any Layer<Scalar>],
    outputCount: Int
  ) {
    whole = sequences
    self.layout = layout
    self.windows = windows
    self.outputCount = outputCount
    stride = layers.reduce(1) { $0 * $1.timeStride }
    count = (layout.longest + windows.steps - 1) / windows.steps
    stateCount = layout.samples * layers.reduce(0) { $0 + $1.carriedCount }
    outputs = layout.divided(by: stride)
    logits.resize(to: outputs.rows * outputCount)
    logitGradient.resize(to: outputs.rows * outputCount)
    stateGradient.resize(to: stateCount)
    states.resize(to: (count + 1) * stateCount)
    states.base.update(repeating: 0, count: stateCount)
    var first = states.base
    for layer in layers {
      layer.begin(first, samples: layout.samples)
      first += layout.samples * layer.carriedCount
    }
  }

  private func range(_ sample: Int, _ window: Int) -> Range<Int> {
    let steps = layout.steps(of: sample)
    return min(window * windows.steps, steps)..<min((window + 1) * windows.steps, steps)
  }

  func layout(ofWindow window: Int) -> BatchLayout {
    BatchLayout(steps: (0..<layout.samples).map { range($0, window).count })
  }

  func sequences(ofWindow window: Int) -> [SpikeSequence] {
    whole.indices.map { whole[$0].part(range($0, window)) }
  }

  func carried(ofWindow window: Int) -> Carried<Scalar> {
    let before = states.base + window * stateCount
    // Layers write the state of samples that go on; that of samples which have ended stays.
    (before + stateCount).update(from: before, count: stateCount)
    return Carried(
      before: before, after: before + stateCount, end: states.base + count * stateCount, gradient: stateGradient.base)
  }

  /// Puts a window's logits in their places.
  func keep(_ values: Buffer<Scalar>, window: Int) {
    forEachSample(window) { whole, part, count in
      (logits.base + whole).update(from: values.base + part, count: count)
    }
  }

  /// Takes a window's part of the logits' gradient.
  func collect(window: Int, into gradient: Buffer<Scalar>) {
    forEachSample(window) { whole, part, count in
      (gradient.base + part).update(from: logitGradient.base + whole, count: count)
    }
  }

  /// Where a sample's logits of a window begin in the whole and in the window, and how many there are.
  private func forEachSample(_ window: Int, _ body: (_ whole: Int, _ part: Int, _ count: Int) -> Void) {
    var part = 0
    for sample in 0..<layout.samples {
      let range = range(sample, window)
      let count = range.count / stride * outputCount
      body((outputs.firstRow(of: sample) + range.lowerBound / stride) * outputCount, part, count)
      part += count
    }
  }
}
