import Numerics

/// Takes batches through a network and back: the memory of training, kept from batch to batch.
///
/// Not thread-safe; one owner at a time. Results depend on the batch, the parameters, the seed and `lanes.count`, never
/// on the number of threads. With `windows`, memory does not grow with the length of the sequences; see `TimeWindows`.
public final class BatchRunner<Scalar: Real> {
  public let layers: [any Layer<Scalar>]
  public let lanes: Lanes
  /// Parameters of all layers; optimisers write them between two batches.
  public let parameters = Buffer<Scalar>()
  /// Sum of the lanes' gradients after `backward`.
  public let gradient = Buffer<Scalar>()
  /// Logits of every step after `forward`, `[rows, outputCount]`.
  public var logits: Buffer<Scalar> { isWindowed ? pieces.logits : activations[activations.count - 1].values }
  /// dL/dlogits, to be written before `backward`.
  public var logitGradient: Buffer<Scalar> { isWindowed ? pieces.logitGradient : gradients[gradients.count - 1] }
  /// Where the logits of each sample lie.
  public private(set) var layout = BatchLayout(steps: [])
  public let outputCount: Int
  /// Steps of the sequences for one of the logits.
  public let timeStride: Int

  public let windows: TimeWindows?
  public let rates: RateRegularisation?
  /// Called by `backward` for every layer with the gradient of its output, `[rows, outputWidth]`, before the layer takes
  /// it back: losses on what passes inside the network add theirs here. Needs `keepsOutputs`.
  public var addToOutputGradient: ((_ layer: Int, _ gradient: Buffer<Scalar>) -> Void)?
  /// What `rates` adds to the sum of the samples' losses of the last `forward`.
  public private(set) var rateLoss = 0.0

  private let inputWidth: Int
  private let parameterOffsets: [Int]
  private var activations: [Activations<Scalar>] = []
  private var gradients: [Buffer<Scalar>] = []
  /// Which of the two shared buffers each layer's input gradient takes.
  private let gradientSlots: [Int]
  private(set) var passes: [LayerPass<Scalar>] = []
  /// The first layer that is taken backwards: none before it learns anything.
  private let firstLearning: Int
  /// Neurons that are taken together with the pool behind them, by their layer.
  private let pooled: [Int: PooledNeurons<Scalar>]
  private let isSmooth: Bool
  private let keepsOutputs: Bool
  /// Whether a layer normalises over batch and time.
  private let normalises: Bool
  private let laneGradients = Buffer<Scalar>()
  private let contexts = Buffer<Scalar>()
  /// Context units of the network.
  public let contextCount: Int
  private let spikeCounts: SpikeCounts<Scalar>
  private let pieces = WindowedBatch<Scalar>()
  /// Whether the last batch was taken in windows.
  private var isWindowed = false
  private(set) var isTraining = false
  /// Whether the last forward pass took neurons together with their pools, which leaves their spikes out.
  private var joinsPools = false
  private var seed: UInt64 = 0

  /// - Parameters:
  ///   - isSmooth: the spike is replaced by the surrogate's integral, so that gradients can be checked by differences.
  ///   - windows: how long sequences are taken in pieces; whole when absent. Not to train a network that normalises.
  ///   - rates: a loss on how often neurons fire.
  ///   - keepsOutputs: whether the spikes of every layer of neurons can be looked at after `forward`.
  public init(
    _ network: Network<Scalar>, lanes: Lanes, isSmooth: Bool = false, windows: TimeWindows? = nil,
    rates: RateRegularisation? = nil, keepsOutputs: Bool = false
  ) {
    layers = network.layers
    self.lanes = lanes
    self.windows = windows
    self.rates = rates
    self.isSmooth = isSmooth
    self.keepsOutputs = keepsOutputs
    let firstLearning = network.layers.firstIndex { !$0.parameters.isEmpty } ?? 0
    self.firstLearning = firstLearning
    var pooled: [Int: PooledNeurons<Scalar>] = [:]
    for index in network.layers.indices { pooled[index] = PooledNeurons(network.layers, at: index) }
    self.pooled = pooled
    spikeCounts = SpikeCounts(network.layers, strides: network.timeStrides)
    normalises = network.description.firstNormalisation != nil
    outputCount = network.outputCount
    timeStride = network.timeStride
    contextCount = network.contextCount
    inputWidth = network.inputWidth
    parameterOffsets = network.parameterOffsets
    parameters.array = network.parameters
    gradient.resize(to: parameters.count)
    gradient.fill(0)
    laneGradients.resize(to: parameters.count * lanes.count)
    activations.append(Activations(width: inputWidth, areSpikes: true))
    for layer in layers {
      let areCounts = layer.emitsCounts(from: activations[activations.count - 1].areCounts)
      activations.append(
        Activations(
          width: layer.outputWidth, areSpikes: layer.emitsSpikes && !isSmooth, areCounts: areCounts))
    }
    // Only two gradients are alive at a time, one where a layer works in place; the logits' own is left alone.
    let shared = [Buffer<Scalar>(), Buffer<Scalar>()]
    var slots = [Int](repeating: 0, count: layers.count)
    for index in layers.indices.dropLast().reversed() {
      slots[index] = layers[index].worksInPlace ? slots[index + 1] : 1 - slots[index + 1]
    }
    gradientSlots = slots
    gradients = slots.map { shared[$0] } + [Buffer()]
    for (index, layer) in layers.enumerated() {
      let offset = parameterOffsets[index]
      let pass = LayerPass(
        lanes: lanes, input: activations[index], output: activations[index + 1],
        outputGradient: gradients[index + 1],
        // Layers that work in place leave there what they find out about their own parameters.
        inputGradient: index > firstLearning || layer.worksInPlace ? gradients[index] : nil,
        parameters: parameters.base + offset,
        laneGradients: (0..<lanes.count).map { laneGradients.base + $0 * parameters.count + offset },
        contexts: contexts,
        contextCount: contextCount)
      pass.isSmooth = isSmooth
      pass.ownsInput = index > 0 && !layers[index - 1].backwardReadsOutput
      passes.append(pass)
    }
  }

  /// All steps of all samples; each sequence must fit the network's input and have at least one step.
  ///
  /// - Parameters:
  ///   - training: whether batch statistics and dropout apply; not with both windows and normalisations.
  ///   - seed: of this batch's dropout.
  ///   - contexts: of each sample `contextCount` numbers; zeros when absent.
  public func forward(
    _ sequences: [SpikeSequence], training: Bool, seed: UInt64 = 0, contexts given: [[Scalar]] = []
  ) {
    precondition(
      !training || windows == nil || !normalises, "statistics of whole sequences cannot be taken a window at a time")
    precondition((windows?.steps ?? timeStride) % timeStride == 0, "windows end where a step of the logits does")
    // What is shorter than a step of the logits is made one by silence.
    let sequences = timeStride == 1 ? sequences : sequences.map { $0.extended(to: timeStride) }
    let layout = BatchLayout(steps: sequences.map(\.steps))
    self.layout = layout.divided(by: timeStride)
    if contextCount > 0 {
      precondition(
        given.isEmpty || (given.count == sequences.count && given.allSatisfy { $0.count == contextCount }),
        "each sample needs \(contextCount) numbers of context")
      contexts.resize(to: sequences.count * contextCount)
      contexts.fill(0)
      for (sample, context) in given.enumerated() {
        for (unit, value) in context.enumerated() { contexts.base[sample * contextCount + unit] = value }
      }
    }
    isTraining = training
    self.seed = seed
    spikeCounts.begin(layout, each: rates != nil, totals: !training)
    isWindowed = false
    if let windows, layout.longest > windows.steps {
      isWindowed = true
      pieces.begin(sequences, layout, windows, layers: layers, outputCount: outputCount)
      for window in 0..<pieces.count {
        forward(window: window)
        pieces.keep(activations[activations.count - 1].values, window: window)
        spikeCounts.add(activations, passes)
      }
    } else {
      forward(sequences, layout: layout, carried: nil)
      spikeCounts.add(activations, passes)
    }
    rateLoss = rates.map { spikeCounts.loss($0) } ?? 0
  }

  /// From `logitGradient` to `gradient`.
  public func backward() {
    laneGradients.fill(0)
    if isWindowed {
      pieces.stateGradient.fill(0)
      for window in (0..<pieces.count).reversed() {
        // The last window's memory is still as its forward pass left it.
        if window < pieces.count - 1 { forward(window: window) }
        if pieces.windows.truncated { pieces.stateGradient.fill(0) }
        pieces.collect(window: window, into: gradients[gradients.count - 1])
        backwardThroughLayers()
      }
    } else {
      backwardThroughLayers()
    }
    addLanes()
  }

  private func forward(window: Int) {
    forward(
      pieces.sequences(ofWindow: window), layout: pieces.layout(ofWindow: window),
      carried: pieces.carried(ofWindow: window))
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func forward(
    _ sequences: [SpikeSequence], layout: BatchLayout, carried: Carried<Scalar>?
  ) {
    joinsPools = isTraining && rates == nil && carried == nil && !isSmooth && !keepsOutputs
    var largest = [0, 0]
    var rows = layout
    for index in activations.indices {
      let isSkipped = joinsPools && pooled[index - 1] != nil
      let count = rows.rows * activations[index].width
      if index > 0, !isSkipped { activations[index].values.resize(to: count) }
      guard index < layers.count else { break }
      if passes[index].inputGradient != nil, !isSkipped {
        largest[gradientSlots[index]] = max(largest[gradientSlots[index]], count)
      }
      passes[index].layout = rows
      rows = rows.divided(by: layers[index].timeStride)
      passes[index].outputLayout = rows
    }
    for index in layers.indices { gradients[index].resize(to: largest[gradientSlots[index]]) }
    gradients[gradients.count - 1].resize(to: rows.rows * outputCount)
    activations[0].sequences = layers[0].takesSequences ? sequences : []
    if !layers[0].takesSequences { spread(sequences, layout) }
    var offset = 0
    for (index, pass) in passes.enumerated() {
      pass.isTraining = isTraining
      pass.seed = seed &+ UInt64(index) &* 0x9e37_79b9_7f4a_7c15
      pass.carried = carried?.advanced(by: offset)
      offset += layout.samples * layers[index].carriedCount
      if joinsPools, pooled[index - 1] != nil { continue }
      if joinsPools, let both = pooled[index] {
        both.forward(pass, pooled: passes[index + 1])
      } else {
        layers[index].forward(pass)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func backwardThroughLayers() {
    for index in passes.indices.reversed() where index >= firstLearning {
      if joinsPools, pooled[index - 1] != nil { continue }
      if joinsPools, let both = pooled[index] {
        both.backward(passes[index], pooled: passes[index + 1])
        continue
      }
      if let rates {
        spikeCounts.addGradient(rates, layer: index, passes[index].outputLayout, to: gradients[index + 1])
      }
      addToOutputGradient?(index, gradients[index + 1])
      layers[index].backward(passes[index])
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addLanes() {
    let count = parameters.count
    let sum = gradient.base
    sum.update(from: laneGradients.base, count: count)
    for lane in 1..<max(lanes.count, 1) {
      let part = laneGradients.base + lane * count
      for index in 0..<count { sum[index] += part[index] }
    }
  }

  /// Sum of all outputs of a spiking layer over the last `forward` that was not of training, and how many there were.
  public func activity(ofLayer index: Int) -> (sum: Double, count: Int) { spikeCounts.total(ofLayer: index) }

  /// Where the samples lie in what left a layer in the last `forward`; of the last window, where there are several.
  public func layout(ofLayer index: Int) -> BatchLayout { passes[index].outputLayout }

  /// Values that left a layer in the last `forward` (of the last window, where there are several), `[rows,
  /// outputWidth]`; those of synapses and normalisations may have been written over by the neurons behind them, and in
  /// training neurons in front of a pool leave none.
  public func output(ofLayer index: Int) -> Buffer<Scalar> { activations[index + 1].values }

  /// Membrane potentials of a layer of neurons in the last `forward`, before any reset, or the hidden state of a
  /// convolutional LSTM, `[rows, outputWidth]`; nil for other layers.
  public func membrane(ofLayer index: Int) -> Buffer<Scalar>? { layers[index].membrane(of: passes[index]) }

  /// The same of a layer that may stand inside residual layers: an index, and the index in each of them.
  public func membrane(at path: [Int]) -> Buffer<Scalar>? {
    let (layer, pass) = found(at: path)
    return layer.membrane(of: pass)
  }

  /// What a layer that may stand inside residual layers handed on in the last `forward`; see `output(ofLayer:)`.
  public func output(at path: [Int]) -> Buffer<Scalar> { found(at: path).pass.output.values }

  private func found(at path: [Int]) -> (layer: any Layer<Scalar>, pass: LayerPass<Scalar>) {
    var layer = layers[path[0]]
    var pass = passes[path[0]]
    for index in path.dropFirst() {
      guard let inner = layer.inner(index, of: pass) else { preconditionFailure("\(layer.kind) has no layers inside") }
      (layer, pass) = inner
    }
    return (layer, pass)
  }

  /// Named figures of a layer in the last `forward`, such as the share of its attention that is on.
  public func measurements(ofLayer index: Int) -> [String: Double] { layers[index].measurements(of: passes[index]) }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func spread(_ sequences: [SpikeSequence], _ layout: BatchLayout) {
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
