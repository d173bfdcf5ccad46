import Tensors

/// Takes batches through a network and back: the memory of training, kept from batch to batch.
///
/// Not thread-safe; one owner at a time. Results depend on the batch, the parameters, the seed and `lanes.count`, never
/// on the number of threads.
public final class BatchRunner<Scalar: Real> {
  public let layers: [any Layer<Scalar>]
  public let lanes: Lanes
  /// Parameters of all layers; optimisers write them between two batches.
  public let parameters = Buffer<Scalar>()
  /// Sum of the lanes' gradients after `backward`.
  public let gradient = Buffer<Scalar>()
  /// Logits of every step after `forward`, `[rows, outputCount]`.
  public var logits: Buffer<Scalar> { activations[activations.count - 1].values }
  /// dL/dlogits, to be written before `backward`.
  public var logitGradient: Buffer<Scalar> { gradients[gradients.count - 1] }
  public private(set) var layout = BatchLayout(steps: [])
  public let outputCount: Int

  private let inputWidth: Int
  private let parameterOffsets: [Int]
  private var activations: [Activations<Scalar>] = []
  private var gradients: [Buffer<Scalar>] = []
  /// Which of the two shared buffers each layer's input gradient takes.
  private let gradientSlots: [Int]
  private var passes: [LayerPass<Scalar>] = []
  private let laneGradients = Buffer<Scalar>()

  public init(_ network: Network<Scalar>, lanes: Lanes, isSmooth: Bool = false) {
    layers = network.layers
    self.lanes = lanes
    outputCount = network.outputCount
    inputWidth = network.inputWidth
    parameterOffsets = network.parameterOffsets
    parameters.array = network.parameters
    gradient.resize(to: parameters.count)
    gradient.fill(0)
    laneGradients.resize(to: parameters.count * lanes.count)
    activations.append(Activations(width: inputWidth, areSpikes: true))
    for layer in layers {
      activations.append(Activations(width: layer.outputWidth, areSpikes: layer.emitsSpikes && !isSmooth))
    }
    // Only two gradients are alive at a time, one where a layer works in place; the logits' own is left alone.
    let shared = [Buffer<Scalar>(), Buffer<Scalar>()]
    var slots = [Int](repeating: 0, count: layers.count)
    for index in layers.indices.dropLast().reversed() {
      slots[index] = layers[index].worksInPlace ? slots[index + 1] : 1 - slots[index + 1]
    }
    gradientSlots = slots
    gradients = slots.map { shared[$0] } + [Buffer()]
    for (index, _) in layers.enumerated() {
      let offset = parameterOffsets[index]
      let pass = LayerPass(
        lanes: lanes, input: activations[index], output: activations[index + 1],
        outputGradient: gradients[index + 1], inputGradient: index == 0 ? nil : gradients[index],
        parameters: parameters.base + offset,
        laneGradients: (0..<lanes.count).map { laneGradients.base + $0 * parameters.count + offset })
      pass.isSmooth = isSmooth
      pass.ownsInput = index > 0 && !layers[index - 1].backwardReadsOutput
      passes.append(pass)
    }
  }

  /// All steps of all samples; each sequence must fit the network's input and have at least one step.
  ///
  /// - Parameters:
  ///   - training: whether batch statistics and dropout apply.
  ///   - seed: of this batch's dropout.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ sequences: [SpikeSequence], training: Bool, seed: UInt64 = 0) {
    layout = BatchLayout(steps: sequences.map(\.steps))
    var widest = [0, 0]
    for index in activations.indices.dropFirst() {
      activations[index].values.resize(to: layout.rows * activations[index].width)
      if index < layers.count {
        widest[gradientSlots[index]] = max(widest[gradientSlots[index]], activations[index].width)
      }
    }
    for index in layers.indices.dropFirst() {
      gradients[index].resize(to: layout.rows * widest[gradientSlots[index]])
    }
    logitGradient.resize(to: layout.rows * outputCount)
    activations[0].sequences = layers[0].takesSequences ? sequences : []
    if !layers[0].takesSequences { spread(sequences) }
    for (index, pass) in passes.enumerated() {
      pass.layout = layout
      pass.isTraining = training
      pass.seed = seed &+ UInt64(index) &* 0x9e37_79b9_7f4a_7c15
      layers[index].forward(pass)
    }
  }

  /// From `logitGradient` to `gradient`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward() {
    laneGradients.fill(0)
    for index in passes.indices.reversed() { layers[index].backward(passes[index]) }
    let count = parameters.count
    let sum = gradient.base
    sum.update(from: laneGradients.base, count: count)
    for lane in 1..<max(lanes.count, 1) {
      let part = laneGradients.base + lane * count
      for index in 0..<count { sum[index] += part[index] }
    }
  }

  /// Values that left a layer in the last `forward`, `[rows, outputWidth]`; those of synapses and normalisations may
  /// have been written over by the neurons behind them.
  public func output(ofLayer index: Int) -> Buffer<Scalar> { activations[index + 1].values }

  /// Named figures of a layer in the last `forward`, such as the share of its attention that is on.
  public func measurements(ofLayer index: Int) -> [String: Double] { layers[index].measurements(of: passes[index]) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func spread(_ sequences: [SpikeSequence]) {
    let values = activations[0].values
    values.resize(to: layout.rows * inputWidth)
    values.fill(0)
    for (sample, sequence) in sequences.enumerated() {
      for step in 0..<sequence.steps {
        let row = values.base + (layout.firstRow(of: sample) + step) * inputWidth
        for place in sequence.range(ofStep: step) {
          row[Int(sequence.channels[place])] = Scalar(sequence.values[place])
        }
      }
    }
  }
}
