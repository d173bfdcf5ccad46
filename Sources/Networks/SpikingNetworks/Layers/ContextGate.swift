import Numerics

/// Currents of context units; see `ContextDescription`.
///
/// Parameters: weights `[contexts, channels]`. State: the context of the stream, `[contexts]`.
public struct ContextGate<Scalar: Real>: Layer {
  public let kind = "context"
  public var role: LayerRole { .context }
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public let emitsSpikes = false
  public let backwardReadsOutput = false
  public let worksInPlace = true
  public let readsActive = false
  private let contexts: Int
  public var contextCount: Int { contexts }
  let channels: Int
  private let deviation: Double

  public init(_ description: ContextDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    guard (1...1024).contains(description.units) else {
      throw .option(layer: layer, kind: kind, problem: "units \(description.units) is outside 1...1024")
    }
    guard description.deviation >= 0 else {
      throw .option(layer: layer, kind: kind, problem: "deviation \(description.deviation) is negative")
    }
    guard let channels = inputShape.last else {
      throw .shape(layer: layer, kind: kind, problem: "needs an input with at least one dimension")
    }
    self.inputShape = inputShape
    self.channels = channels
    contexts = description.units
    deviation = description.deviation
  }

  public var parameters: [ParameterSpecification] {
    [.init(name: "weight", shape: [contexts, channels], role: .gain, beginning: .normal(deviation: deviation))]
  }
  public var stateCount: Int { contexts }
  public var workspaceCount: Int { channels }
  public var multiplyAccumulates: Int { contexts * channels }

  /// `Wᵀ c`, the same for every step and place.
  private func drive(
    _ context: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>, into drive: UnsafeMutablePointer<Scalar>
  ) {
    drive.update(repeating: 0, count: channels)
    for unit in 0..<contexts where context[unit] != 0 {
      for channel in 0..<channels { drive[channel] += context[unit] * weights[unit * channels + channel] }
    }
  }

  private func add(
    _ drive: UnsafePointer<Scalar>, to input: UnsafePointer<Scalar>, places: Int,
    into output: UnsafeMutablePointer<Scalar>
  ) {
    for place in 0..<places {
      for channel in 0..<channels {
        output[place * channels + channel] = input[place * channels + channel] + drive[channel]
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    drive(state, parameters, into: input.workspace)
    add(input.workspace, to: input.values, places: inputWidth / channels, into: output.values)
    output.activeCount = nil
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let drives = tape(pass).drives.sized(pass.lanes.count * channels).base
    let width = inputWidth
    pass.forEachSample { lane, sample, row, steps in
      let drive = drives + lane * channels
      self.drive(pass.contexts.base + sample * pass.contextCount, pass.parameters, into: drive)
      add(
        drive, to: pass.input.values.base + row * width, places: steps * (width / channels),
        into: pass.output.values.base + row * width)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let fan = presentWeights(pass.parameters, rows: contexts, width: channels)
    for sample in 0..<pass.layout.samples {
      for _ in 0..<pass.layout.steps(of: sample) {
        work.meet(pass.contexts.base + sample * pass.contextCount, fan: fan)
      }
    }
    work.units.additions = Double(pass.layout.rows * inputWidth)
    return work
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    let sums = tape(pass).sums.sized(pass.lanes.count * channels).base
    let width = inputWidth
    pass.forEachSample { lane, sample, row, steps in
      let sum = sums + lane * channels
      sum.update(repeating: 0, count: channels)
      let delta = pass.outputGradient.base + row * width
      for place in 0..<steps * (width / channels) {
        for channel in 0..<channels { sum[channel] += delta[place * channels + channel] }
      }
      let context = UnsafePointer(pass.contexts.base + sample * pass.contextCount)
      let gradient = pass.laneGradients[lane]
      for unit in 0..<contexts where context[unit] != 0 {
        for channel in 0..<channels { gradient[unit * channels + channel] += context[unit] * sum[channel] }
      }
      // The gradient of the input is that of the output, and usually lies in the same place.
      if let inputGradient = pass.inputGradient, inputGradient.base != pass.outputGradient.base {
        (inputGradient.base + row * width).update(from: delta, count: steps * width)
      }
    }
  }
}

extension ContextGate {
  /// What a batch leaves between forward and backward, and room to work in.
  final class Tape {
    /// Of each lane.
    let drives = Buffer<Scalar>()
    /// Of each lane.
    let sums = Buffer<Scalar>()
  }

  func tape(_ pass: LayerPass<Scalar>) -> Tape { pass.tape { Tape() } }
}
