import Numerics

/// The entries of a map in one dimension, in the order in which they lie.
public struct Flatten<Scalar: Real>: Layer {
  public let kind = "flatten"
  public var role: LayerRole { .passage }
  public let inputShape: [Int]
  public let emitsSpikes: Bool
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0

  public init(inputShape: [Int], spikes: Bool) {
    self.inputShape = inputShape
    emitsSpikes = spikes
  }

  public var outputShape: [Int] { [inputWidth] }
  public func emitsCounts(from input: Bool) -> Bool { input }

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
    pass.forEachSample { _, _, row, steps in
      (pass.output.values.base + row * width).update(from: pass.input.values.base + row * width, count: steps * width)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let width = inputWidth
    pass.forEachSample { _, _, row, steps in
      (inputGradient.base + row * width).update(from: pass.outputGradient.base + row * width, count: steps * width)
    }
  }
}

/// From channel-first `[channels, height, width]`, as frames of events are numbered, to the channel-last maps that
/// `conv`, `pool` and `convLSTM` take.
public struct ChannelsLast<Scalar: Real>: Layer {
  public let kind = "channelsLast"
  public var role: LayerRole { .passage }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes: Bool
  public let takesSequences = true
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0
  private let channels: Int
  private let places: Int

  public func emitsCounts(from input: Bool) -> Bool { input }

  public init(inputShape: [Int], spikes: Bool, layer: Int) throws(NetworkError) {
    guard inputShape.count == 3 else {
      throw .shape(
        layer: layer, kind: kind, problem: "takes [channels, height, width], the layer before gives \(inputShape)")
    }
    self.inputShape = inputShape
    emitsSpikes = spikes
    channels = inputShape[0]
    places = inputShape[1] * inputShape[2]
    outputShape = [inputShape[1], inputShape[2], inputShape[0]]
  }

  /// Where a channel-first index lies in the channel-last map.
  private func place(of index: Int) -> Int { index % places * channels + index / places }

  private func permute(_ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>) {
    for channel in 0..<channels {
      for place in 0..<places { output[place * channels + channel] = input[channel * places + place] }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    if let count = input.activeCount {
      output.values.update(repeating: 0, count: inputWidth)
      for index in 0..<count {
        let at = Int(input.active[index])
        output.values[place(of: at)] = input.values[at]
      }
    } else {
      permute(input.values, into: output.values)
    }
    output.activeCount =
      emitsSpikes && output.isListWanted
      ? Scalar.listActive(output.values, width: inputWidth, into: output.active) : nil
  }

  public func work(of pass: LayerPass<Scalar>) -> LayerWork { LayerWork() }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    pass.forEachSample { _, sample, row, steps in
      let output = pass.output.values.base + row * width
      guard !pass.input.sequences.isEmpty else {
        for step in 0..<steps {
          permute(pass.input.values.base + (row + step) * width, into: output + step * width)
        }
        return
      }
      let sequence = pass.input.sequences[sample]
      output.update(repeating: 0, count: steps * width)
      for step in 0..<steps {
        for entry in sequence.range(ofStep: step) {
          output[step * width + place(of: Int(sequence.channels[entry]))] = Scalar(sequence.values[entry])
        }
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let width = inputWidth
    pass.forEachSample { _, _, row, steps in
      for step in row..<row + steps {
        for index in 0..<width {
          inputGradient.base[step * width + index] = pass.outputGradient.base[step * width + place(of: index)]
        }
      }
    }
  }
}
