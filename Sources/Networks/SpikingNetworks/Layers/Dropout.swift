import Numerics

/// Dropout fixed over time; see `DropoutDescription`. Kept inputs are scaled by `1 / (1 − rate)`; a step changes nothing.
public struct Dropout<Scalar: Real>: Layer {
  public let kind = "dropout"
  public var role: LayerRole { .passage }
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public let emitsSpikes: Bool
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0
  let description: DropoutDescription

  public func emitsCounts(from input: Bool) -> Bool { input }
  public init(
    _ description: DropoutDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    guard (0..<1).contains(description.rate) else {
      throw .option(layer: layer, kind: kind, problem: "rate \(description.rate) is outside 0..<1")
    }
    self.description = description
    self.inputShape = inputShape
    emitsSpikes = spikes
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    output.values.update(from: input.values, count: inputWidth)
    output.activeCount = input.activeCount
    if let count = input.activeCount { output.active.update(from: input.active, count: count) }
  }

  public func work(of pass: LayerPass<Scalar>) -> LayerWork { LayerWork() }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    let masks = tape(pass).masks.sized(pass.layout.samples * width)
    let dropping = pass.isTraining && description.rate > 0
    pass.forEachSample { _, sample, row, steps in
      let output = pass.output.values.base + row * width
      let input = pass.input.values.base + row * width
      guard dropping else {
        output.update(from: input, count: steps * width)
        return
      }
      let mask = masks.base + sample * width
      var random = RandomStream(seed: pass.seed, purpose: "dropout", index: sample)
      let kept = Scalar(1 / (1 - description.rate))
      for unit in 0..<width { mask[unit] = random.uniform() < description.rate ? 0 : kept }
      for step in 0..<steps {
        for unit in 0..<width { output[step * width + unit] = input[step * width + unit] * mask[unit] }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let width = inputWidth
    let masks = tape(pass).masks.sized(pass.layout.samples * width)
    let dropping = pass.isTraining && description.rate > 0
    pass.forEachSample { _, sample, row, steps in
      let delta = pass.outputGradient.base + row * width
      let target = inputGradient.base + row * width
      guard dropping else {
        target.update(from: delta, count: steps * width)
        return
      }
      let mask = masks.base + sample * width
      for step in 0..<steps {
        for unit in 0..<width { target[step * width + unit] = delta[step * width + unit] * mask[unit] }
      }
    }
  }
}

extension Dropout {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    /// Of each sample.
    let masks = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
