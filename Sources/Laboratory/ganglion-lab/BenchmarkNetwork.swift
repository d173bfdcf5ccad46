import ArgumentParser
import Numerics
import SpikingNetworks

/// The networks of `ganglion-lab benchmark networks`.
enum BenchmarkNetwork: String, CaseIterable, ExpressibleByArgument {
  case r700, r64, small32, dvsg128, hearing

  var batch: Int {
    switch self {
    case .dvsg128: 2
    case .hearing: 64
    default: 16
    }
  }
  var steps: Int {
    switch self {
    case .small32, .dvsg128: 16
    case .hearing: 104
    case .r700, .r64: 100
    }
  }
  /// Rounds of sixteen steps in one measurement.
  var stepRounds: Int {
    switch self {
    case .r700, .r64, .hearing: 200
    case .small32: 20
    case .dvsg128: 1
    }
  }

  var isMap: Bool { self == .small32 || self == .dvsg128 }
  /// Whether inputs are numbers, all of them at once, and not spikes.
  var isGraded: Bool { self == .hearing }

  private var neurons: LayerDescription {
    .neurons(.init(decay: 0.5, inputScale: .leaky, reset: .hard, surrogate: .arctan, surrogateWidth: 2))
  }

  var description: NetworkDescription {
    switch self {
    case .r700: recurrent(inputs: 700, hidden: 128, classes: 10)
    case .r64: recurrent(inputs: 64, hidden: 256, classes: 35)
    case .small32: map(extent: 32, channels: [16, 32], units: [128, 11], vote: 1)
    case .hearing: hearing
    case .dvsg128: map(extent: 128, channels: [128, 128, 128, 128, 128], units: [512, 110], vote: 10)
    }
  }

  private func recurrent(inputs: Int, hidden: Int, classes: Int) -> NetworkDescription {
    NetworkDescription(
      input: [inputs],
      layers: [
        .dense(.init(units: hidden, bias: true)),
        .neurons(
          .init(
            decay: 0.5, inputScale: .leaky, reset: .hard, surrogate: .arctan, surrogateWidth: 2, recurrent: true)),
        .dense(.init(units: classes, bias: true)), neurons,
      ])
  }

  /// 97,692 parameters that are learned: a convolution over time and frequency, then over time, with neurons that send
  /// counts and keep nothing; an answer every eight steps.
  private var hearing: NetworkDescription {
    let neurons: LayerDescription = .neurons(.init(decay: 0, maximumSpikes: 6))
    let norm: LayerDescription = .batchNorm(.init(gain: 2))
    func block(_ units: Int) -> [LayerDescription] {
      let main: [LayerDescription] = [
        .frames(.init(steps: 9, stride: 2)), .dense(.init(units: units)), norm, neurons,
        .dense(.init(units: units, taps: 9)), norm,
      ]
      let shortcut: [LayerDescription] = [.frames(.init(steps: 1, stride: 2)), .dense(.init(units: units)), norm]
      return [.residual(.init(layers: main, shortcut: shortcut)), neurons]
    }
    let front: [LayerDescription] = [
      .frames(.init(steps: 5, stride: 2, map: true)),
      .conv(.init(channels: 16, kernel: [5, 8], stride: [1, 4], padding: [0, 2])), norm, neurons,
      .dense(.init(units: 40)), norm, neurons,
    ]
    return NetworkDescription(
      input: [40], layers: front + block(44) + block(56) + [.dense(.init(units: 36, bias: true))])
  }

  private func map(extent: Int, channels: [Int], units: [Int], vote: Int) -> NetworkDescription {
    var layers: [LayerDescription] = [.channelsLast]
    for count in channels {
      layers += [.conv(.init(channels: count)), .batchNorm(.init()), neurons, .pool(.init(kind: .max, size: 2))]
    }
    for count in units { layers += [.dense(.init(units: count, bias: true)), neurons] }
    if vote > 1 { layers.append(.pool(.init(kind: .average, size: vote))) }
    return NetworkDescription(input: [2, extent, extent], layers: layers)
  }

  /// Random spikes of the network's input shape, or numbers where it takes those.
  func recording(steps: Int, density: Double, seed: UInt64) -> SpikeSequence {
    var random = RandomStream(seed: seed, purpose: "benchmark")
    var sequence = SpikeSequence(shape: description.input)
    for _ in 0..<steps {
      guard !isGraded else {
        let all = 0..<UInt32(sequence.width)
        sequence.append(channels: Array(all), values: all.map { _ in Float(random.normal()) })
        continue
      }
      let channels = (0..<UInt32(sequence.width)).filter { _ in random.uniform() < density }
      sequence.append(channels: channels, values: [Float](repeating: 1, count: channels.count))
    }
    return sequence
  }

  /// The network; with a `density`, its normalisations and biases are shifted until the synapses behind them receive
  /// spikes that often.
  func network(density: Double?) throws -> Network<Float> {
    var network = try Network<Float>(description, seed: 1)
    guard let density, isMap else { return network }
    let sequences = [recording(steps: self == .dvsg128 ? 5 : 16, density: density, seed: 2)]
    for layer in network.layers.indices where network.layers[layer].role == .neurons {
      let shifts = network.named.filter {
        $0.name == "layers.\(layer - 1).shift" || $0.name == "layers.\(layer - 1).bias"
      }
      guard let shift = shifts.first?.range else { continue }
      // What counts is what the next layer of synapses receives.
      let next = network.layers[min(layer + 1, network.layers.count - 1)]
      let received = next.kind == "pool" && next.emitsSpikes && next.outputShape.count == 3 ? layer + 1 : layer
      var (low, high): (Float, Float) = (-4, 4)
      for _ in 0..<10 {
        let middle = (low + high) / 2
        for index in shift { network.parameters[index] = middle }
        let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
        runner.forward(sequences, training: false)
        // Membranes take some steps to fill.
        let width = network.layers[received].outputWidth
        let fired = runner.output(ofLayer: received).array.suffix(2 * width)
        let share = Double(fired.reduce(0, +)) / Double(fired.count)
        if share < density { low = middle } else { high = middle }
      }
    }
    return network
  }
}
