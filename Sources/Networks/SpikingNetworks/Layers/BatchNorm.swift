import Numerics

/// Batch normalisation of the last dimension; see `BatchNormDescription`.
///
/// Parameters: gain, shift, running mean, running variance, each `[channels]`. The running statistics are updated by
/// every training pass and used by `step`.
public struct BatchNorm<Scalar: Real>: Layer {
  public let kind = "batchNorm"
  public var role: LayerRole { .normalisation }
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  public let worksInPlace = true
  public let readsActive = false
  let description: BatchNormDescription
  let channels: Int

  public init(_ description: BatchNormDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    guard let channels = inputShape.last else {
      throw .shape(layer: layer, kind: kind, problem: "needs an input with at least one dimension")
    }
    guard description.epsilon > 0, (0...1).contains(description.momentum) else {
      throw .option(layer: layer, kind: kind, problem: "epsilon must be positive and momentum within 0...1")
    }
    self.description = description
    self.inputShape = inputShape
    self.channels = channels
  }

  public var parameters: [ParameterSpecification] {
    [
      .init(name: "gain", shape: [channels], role: .gain, beginning: .constant(description.gain)),
      .init(name: "shift", shape: [channels], role: .gain, beginning: .constant(0)),
      .init(name: "mean", shape: [channels], role: .statistic, beginning: .constant(0)),
      .init(name: "variance", shape: [channels], role: .statistic, beginning: .constant(1)),
    ]
  }

  // The scale and shift a step applies, and whether they have been derived from the parameters yet.
  public var stateCount: Int { 2 * channels + 1 }

  private func derive(
    _ parameters: UnsafePointer<Scalar>, mean: UnsafePointer<Scalar>, inverseDeviation: UnsafePointer<Scalar>,
    scale: UnsafeMutablePointer<Scalar>, shift: UnsafeMutablePointer<Scalar>
  ) {
    for channel in 0..<channels {
      scale[channel] = parameters[channel] * inverseDeviation[channel]
      shift[channel] = parameters[channels + channel] - mean[channel] * scale[channel]
    }
  }

  private func inverseDeviation(_ variance: Scalar) -> Scalar {
    1 / (variance + Scalar(description.epsilon)).squareRoot()
  }

  /// What a channel is multiplied by, and what is added then, outside of training; `parameters` are the layer's own.
  public func affine(_ channel: Int, parameters: ArraySlice<Scalar>) -> (scale: Scalar, shift: Scalar) {
    func value(_ block: Int) -> Scalar { parameters[parameters.startIndex + block * channels + channel] }
    let scale = value(0) * inverseDeviation(value(3))
    return (scale, value(1) - value(2) * scale)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    let scale = state + 1
    let shift = scale + channels
    if StreamBeginning(state).take() {
      for channel in 0..<channels { shift[channel] = inverseDeviation(parameters[3 * channels + channel]) }
      for channel in 0..<channels {
        scale[channel] = parameters[channel] * shift[channel]
        shift[channel] = parameters[channels + channel] - parameters[2 * channels + channel] * scale[channel]
      }
    }
    Scalar.affine(
      input.values, rows: inputWidth / channels, channels: channels, scale: scale, shift: shift, into: output.values)
    output.activeCount = nil
  }

  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    work.units.multiplications = Double(pass.layout.rows * inputWidth)
    return work
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let mean = tape(pass).mean.sized(channels).base
    let inverse = tape(pass).inverse.sized(channels).base
    let scale = tape(pass).scale.sized(channels).base
    let shift = tape(pass).shift.sized(channels).base
    let input = pass.input.values.base
    let places = inputWidth / channels
    if pass.isTraining {
      let sums = tape(pass).sums.sized(pass.lanes.count * 2 * channels)
      sums.fill(0)
      pass.forEachSample { lane, _, row, steps in
        let memory = sums.base + lane * 2 * channels
        Scalar.addMoments(
          input + row * inputWidth, rows: steps * places, channels: channels, sums: memory,
          squares: memory + channels)
      }
      let count = Scalar(max(pass.layout.rows * places, 1))
      let momentum = Scalar(description.momentum)
      for channel in 0..<channels {
        var sum: Scalar = 0
        var square: Scalar = 0
        for lane in 0..<pass.lanes.count {
          sum += sums.base[lane * 2 * channels + channel]
          square += sums.base[lane * 2 * channels + channels + channel]
        }
        mean[channel] = sum / count
        let variance = max(square / count - mean[channel] * mean[channel], 0)
        inverse[channel] = inverseDeviation(variance)
        let running = pass.parameters + 2 * channels
        running[channel] += momentum * (mean[channel] - running[channel])
        running[channels + channel] += momentum * (variance - running[channels + channel])
      }
    } else {
      for channel in 0..<channels {
        mean[channel] = pass.parameters[2 * channels + channel]
        inverse[channel] = inverseDeviation(pass.parameters[3 * channels + channel])
      }
    }
    derive(pass.parameters, mean: mean, inverseDeviation: inverse, scale: scale, shift: shift)
    pass.forEachSample { _, _, row, steps in
      Scalar.affine(
        input + row * inputWidth, rows: steps * places, channels: channels, scale: scale, shift: shift,
        into: pass.output.values.base + row * inputWidth)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let mean = tape(pass).mean.sized(channels).base
    let inverse = tape(pass).inverse.sized(channels).base
    let scale = tape(pass).scale.sized(channels).base
    let meanDy = tape(pass).meanDy.sized(channels).base
    let meanNormalised = tape(pass).meanNormalised.sized(channels).base
    let input = pass.input.values.base
    let delta = pass.outputGradient.base
    let places = inputWidth / channels
    let sums = tape(pass).gradientSums.sized(pass.lanes.count * 2 * channels)
    sums.fill(0)
    pass.forEachSample { lane, _, row, steps in
      let memory = sums.base + lane * 2 * channels
      Scalar.addNormalSums(
        input + row * inputWidth, delta + row * inputWidth, rows: steps * places, channels: channels, mean: mean,
        inverseDeviation: inverse, sum: memory, sumNormalised: memory + channels)
    }
    let count = Scalar(max(pass.layout.rows * places, 1))
    for channel in 0..<channels {
      var sum: Scalar = 0
      var normalised: Scalar = 0
      for lane in 0..<pass.lanes.count {
        sum += sums.base[lane * 2 * channels + channel]
        normalised += sums.base[lane * 2 * channels + channels + channel]
      }
      pass.laneGradients[0][channel] += normalised
      pass.laneGradients[0][channels + channel] += sum
      meanDy[channel] = pass.isTraining ? sum / count : 0
      meanNormalised[channel] = pass.isTraining ? normalised / count : 0
    }
    pass.forEachSample { _, _, row, steps in
      Scalar.normalBackward(
        input + row * inputWidth, delta + row * inputWidth, rows: steps * places, channels: channels, mean: mean,
        inverseDeviation: inverse, scale: scale, meanDy: meanDy, meanDyNormalised: meanNormalised,
        into: inputGradient.base + row * inputWidth)
    }
  }
}

extension BatchNorm {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    let mean = Buffer<Scalar>()
    /// Of the deviation.
    let inverse = Buffer<Scalar>()
    let scale = Buffer<Scalar>()
    let shift = Buffer<Scalar>()
    /// Of each lane.
    let sums = Buffer<Scalar>()
    let meanDy = Buffer<Scalar>()
    let meanNormalised = Buffer<Scalar>()
    /// Of each lane.
    let gradientSums = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
