import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Neurons that send counts, learned thresholds, currents of adaptation")
struct CountingNeuronTests {
  private func spikes(_ neurons: NeuronDescription, _ inputs: [[Float]]) throws -> [[Double]] {
    let network = try Network<Double>(
      NetworkDescription(input: [inputs[0].count], layers: [.neurons(neurons)]), seed: 1)
    var sequence = SpikeSequence(shape: network.inputShape)
    for values in inputs { sequence.append(channels: values.indices.map { UInt32($0) }, values: values) }
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward([sequence], training: false)
    let all = runner.logits.array
    return inputs.indices.map { Array(all[$0 * inputs[0].count..<($0 + 1) * inputs[0].count]) }
  }

  /// Inputs in eighths, so that every sum is exact.
  private func inputs(units: Int, steps: Int, seed: UInt64) -> [[Float]] {
    var random = RandomStream(seed: seed)
    return (0..<steps).map { _ in (0..<units).map { _ in Float(random.integer(below: 80)) / 8 - 3 } }
  }

  @Test(
    "A count is what the same neuron sends in finer steps, the first with leak and input, the others with neither",
    arguments: [2, 3, 6, 255], [0, 0.5, 1])
  func finerSteps(maximum: Int, decay: Double) throws {
    for threshold in [0.5, 1] {
      let inputs = inputs(units: 19, steps: 12, seed: UInt64(maximum))
      let found = try spikes(.init(decay: decay, threshold: threshold, maximumSpikes: maximum), inputs)
      var membranes = [Double](repeating: 0, count: 19)
      for (step, values) in inputs.enumerated() {
        for (unit, value) in values.enumerated() {
          membranes[unit] = decay * membranes[unit] + Double(value)
          var count = 0.0
          for _ in 0..<maximum where membranes[unit] >= threshold {
            membranes[unit] -= threshold
            count += 1
          }
          #expect(found[step][unit] == count)
        }
      }
      #expect(found.joined().contains { $0 > 1 } && found.joined().contains(0))
      #expect(maximum > 6 || found.joined().contains(Double(maximum)))
    }
  }

  @Test("One spike at most is the neuron as it was")
  func one() throws {
    let inputs = inputs(units: 11, steps: 9, seed: 3)
    let plain = try spikes(.init(decay: 0.5), inputs)
    #expect(try plain == spikes(.init(decay: 0.5, maximumSpikes: 1), inputs))
    #expect(plain.joined().allSatisfy { $0 == 0 || $0 == 1 })
  }

  @Test("An adaptive threshold rises by every spike, and all of a step's spikes take the same one away")
  func adaptive() throws {
    let inputs = inputs(units: 13, steps: 10, seed: 5)
    let found = try spikes(
      .init(decay: 0.5, adaptationStrength: 0.5, adaptationDecay: 0.5, maximumSpikes: 5), inputs)
    for unit in 0..<13 {
      var (membrane, adaptation, last) = (0.0, 0.0, 0.0)
      for (step, values) in inputs.enumerated() {
        adaptation = 0.5 * adaptation + last
        let level = 1 + 0.5 * adaptation
        membrane = 0.5 * membrane + Double(values[unit])
        last = 0
        while last < 5, membrane - last * level >= level { last += 1 }
        membrane -= last * level
        #expect(found[step][unit] == last)
      }
    }
  }

  @Test("A current of adaptation follows the membrane and the spikes", arguments: [1, 4])
  func subthreshold(maximum: Int) throws {
    let inputs = inputs(units: 13, steps: 10, seed: 6)
    let found = try spikes(
      .init(
        decay: 0.5, adaptationStrength: 0.25, adaptationDecay: 0.5, maximumSpikes: maximum,
        subthresholdStrength: 0.25), inputs)
    for unit in 0..<13 {
      var (kept, current) = (0.0, 0.0)
      for (step, values) in inputs.enumerated() {
        let membrane = 0.5 * kept + (Double(values[unit]) - current)
        let count = min(Double(maximum), max(0, membrane.rounded(.down)))
        current = 0.5 * current + 0.25 * membrane + 0.25 * count
        kept = membrane - count
        #expect(found[step][unit] == count)
      }
    }
  }

  @Test("Decays of a layer begin as far apart as is said, the same from the same seed")
  func spread() throws {
    func begin(_ seed: UInt64) throws -> [Float] {
      try Network<Float>(
        NetworkDescription(
          input: [300], layers: [.neurons(.init(decay: 0.75, learnedDecay: .neuron, decaySpread: 2))]), seed: seed
      ).parameters
    }
    let logits = try begin(1)
    #expect(try logits == begin(1) && logits != begin(2))
    let logit = Float(1.0986123)  // ln 3, of 0.75
    #expect(logits.allSatisfy { abs($0 - logit) <= 2 })
    #expect(logits.max() ?? 0 > logit + 1.9 && logits.min() ?? 0 < logit - 1.9)
  }

  @Test("The slope is one from a threshold to the last, and falls to nothing a threshold beyond")
  func trapezoid() throws {
    for scalar in [0.25, 0.5, 1, 1.75, 3, 5.5, 6, 6.25, 6.75, -0.5, 7, 9] {
      var sequence = SpikeSequence(shape: [1])
      sequence.append(channels: [0], values: [1])
      var network = try Network<Float>(
        NetworkDescription(
          input: [1], layers: [.dense(.init(units: 1)), .neurons(.init(decay: 0, maximumSpikes: 6))]), seed: 1)
      network.parameters = [Float(scalar)]
      let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
      runner.forward([sequence], training: true)
      runner.logitGradient.fill(1)
      runner.backward()
      let expected = max(0, min(scalar, 1, 7 - scalar))
      #expect(abs(Double(runner.gradient.base[0]) - expected) < 1e-6, "at \(scalar)")
    }
  }
}

@Suite("Gradients of neurons that send counts, of thresholds, of currents of adaptation")
struct CountingGradientTests {
  private func check(
    _ change: (inout NeuronDescription) -> Void, windows: TimeWindows? = nil, rates: RateRegularisation? = nil,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    var neurons = NeuronDescription(
      decay: 0.7, threshold: 0.4, resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3, maximumSpikes: 3)
    change(&neurons)
    try GradientCheck(
      description: NetworkDescription(
        input: [6],
        layers: [
          .dense(.init(units: 5, bias: true)), .neurons(neurons), .dense(.init(units: 3, bias: true)),
        ]), windows: windows, rates: rates
    ).expectAgreement(sourceLocation: location)
  }

  @Test(
    "every surrogate, narrower than the threshold and wider",
    arguments: [NeuronDescription.Surrogate.triangle, .sigmoid, .arctan, .fastSigmoid], [0.25, 0.7, 1.3, 3])
  func surrogates(surrogate: NeuronDescription.Surrogate, width: Double) throws {
    for maximum in [2, 6] {
      try check {
        $0.surrogate = surrogate
        $0.surrogateWidth = width
        $0.maximumSpikes = maximum
      }
    }
  }

  static let options: [String: @Sendable (inout NeuronDescription) -> Void] = [
    "no memory": { $0.decay = 0 },
    "recurrent": { $0.recurrent = true },
    "adaptive": { $0.adaptationStrength = 0.3 },
    "learned decays": { ($0.learnedDecay, $0.inputScale) = (.neuron, .leaky) },
    "a learned threshold": { $0.learnedThreshold = .layer },
    "learned thresholds": { $0.learnedThreshold = .neuron },
    "currents": { $0.synapticDecay = 0.5 },
    "currents of adaptation": { ($0.subthresholdStrength, $0.adaptationStrength) = (0.2, 0.1) },
    "everything": {
      ($0.recurrent, $0.adaptationStrength, $0.synapticDecay) = (true, 0.2, 0.4)
      ($0.learnedDecay, $0.inputScale, $0.learnedThreshold) = (.neuron, .leaky, .neuron)
    },
    "everything with currents of adaptation": {
      ($0.recurrent, $0.adaptationStrength, $0.synapticDecay) = (true, 0.2, 0.4)
      ($0.learnedDecay, $0.inputScale, $0.learnedThreshold) = (.layer, .leaky, .layer)
      ($0.subthresholdStrength, $0.decaySpread, $0.learnedDecay) = (-0.2, 1, .neuron)
    },
  ]

  @Test(
    "every combination, in one piece and in windows", arguments: options.keys.sorted(),
    [NeuronDescription.Surrogate.triangle, .sigmoid])
  func combinations(option: String, surrogate: NeuronDescription.Surrogate) throws {
    let change = try #require(Self.options[option])
    for maximum in [1, 4] {
      for windows in [nil, TimeWindows(steps: 2)] {
        try check(
          {
            change(&$0)
            ($0.maximumSpikes, $0.surrogate, $0.surrogateWidth) = (maximum, surrogate, surrogate == .triangle ? 0.9 : 3)
          }, windows: windows)
      }
    }
  }

  @Test(
    "single spikes with every reset, learned thresholds and currents of adaptation",
    arguments: [NeuronDescription.Reset.none, .hard, .soft, .softLate])
  func resets(reset: NeuronDescription.Reset) throws {
    for subthreshold in [0, 0.3] {
      for adaptation in [0, 0.2] {
        try check(
          {
            ($0.maximumSpikes, $0.reset, $0.learnedThreshold) = (1, reset, .neuron)
            ($0.subthresholdStrength, $0.adaptationStrength, $0.recurrent) = (subthreshold, adaptation, true)
          }, windows: subthreshold == 0 ? nil : TimeWindows(steps: 2))
      }
    }
  }

  @Test("rates above one")
  func rates() throws {
    try check({ $0.threshold = 0.2 }, rates: RateRegularisation(strength: 5, lower: 1.4, upper: 1.5))
  }

  @Test("convolutions")
  func maps() throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [5, 6, 2],
        layers: [
          .conv(.init(channels: 3)), .batchNorm(.init(gain: 2)),
          .neurons(.init(decay: 0, surrogate: .sigmoid, surrogateWidth: 3, maximumSpikes: 6)), .pool(.init(kind: .max)),
          .flatten, .dense(.init(units: 3)),
        ]), steps: [3, 2]
    ).expectAgreement()
  }
}
