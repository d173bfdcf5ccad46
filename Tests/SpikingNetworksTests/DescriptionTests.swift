import Foundation
import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Descriptions")
struct DescriptionTests {
  static let every: [LayerDescription] = [
    .dense(.init(units: 4, taps: 2, dilation: 3, bias: true)), .batchNorm(.init(momentum: 0.2)),
    .neurons(.init(decay: 0.3, learnedDecay: .neuron, reset: .softLate, refractorySteps: 2, recurrent: true)),
    .dropout(.init(rate: 0.25)), .channelsLast,
    .conv(.init(channels: 8, kernel: 5, stride: 2, padding: 1, groups: 2, bias: true)),
    .conv(.init(channels: 8, kernel: [5, 8], stride: [1, 4], padding: [0, 2])), .pool(.init(size: [1, 4], stride: 2)),
    .conv1d(.init(channels: 3)), .pool(.init(kind: .sum, size: 3, stride: 2)), .flatten,
    .convLSTM(
      .init(
        channels: 5, kernel: 5,
        attention: .init(kind: .channel, placement: .hidden, output: .lif, reduction: 4, kernel: 7, decay: 0.3),
        threshold: 0.1, surrogate: .arctan, surrogateWidth: 2, forgetBias: 0, output: .hidden)),
    .neurons(.init(threshold: 2, initialPotential: 1)),
    .neurons(
      .init(
        learnedDecay: .neuron, maximumSpikes: 6, learnedThreshold: .layer, decaySpread: 2, subthresholdStrength: -0.5)),
    .delay(.init(maximum: 9)),
    .residual(.init(layers: [.flatten, .delay(.init(maximum: 2))])), .frames(.init(steps: 5, stride: 2, map: true)),
    .residual(.init(layers: [.dense(.init(units: 3))], shortcut: [.frames(.init(steps: 1)), .dense(.init(units: 3))])),
  ]

  @Test("Every layer is written and read back")
  func roundTrip() throws {
    let network = NetworkDescription(input: [2, 8, 8], layers: Self.every)
    let data = try JSONEncoder().encode(network)
    #expect(try JSONDecoder().decode(NetworkDescription.self, from: data) == network)
  }

  @Test(
    "What is not known, misspelt or too much is refused",
    arguments: [
      #"{"conv": {"channels": 8, "kernal": 5}}"#, #"{"flatten": {"size": 2}}"#, #"{"pol": {}}"#,
      #"{"flatten": {}, "channelsLast": {}}"#, #"{"conv": {"kernel": 3}}"#,
      #"{"convLSTM": {"channels": 2, "peephole": 1}}"#,
      #"{"convLSTM": {"channels": 2, "attention": {"sort": "both"}}}"#, #"{"delay": {}}"#,
      #"{"conv": {"channels": 2, "kernel": [5]}}"#,
      #"{"conv": {"channels": 2, "kernel": [5, 0]}}"#, #"{"pool": {"size": [1, 2, 3]}}"#, #"{"frames": {}}"#,
      #"{"frames": {"steps": 0}}"#, #"{"frames": {"steps": 1, "stride": 1001}}"#,
    ])
  func refused(text: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(LayerDescription.self, from: Data(text.utf8)) }
  }

  @Test("Defaults are those of the descriptions")
  func defaults() throws {
    func layer(_ text: String) throws -> LayerDescription {
      try JSONDecoder().decode(LayerDescription.self, from: Data(text.utf8))
    }
    #expect(try layer(#"{"conv": {"channels": 8, "kernel": 5}}"#) == .conv(.init(channels: 8, kernel: 5, padding: 2)))
    #expect(try layer(#"{"pool": {"size": 3}}"#) == .pool(.init(size: 3, stride: 3)))
    #expect(try layer(#"{"convLSTM": {"channels": 3}}"#) == .convLSTM(.init(channels: 3)))
    #expect(try layer(#"{"channelsLast": {}}"#) == .channelsLast)
  }

  @Test("Extents are a number where they are the same, a pair otherwise")
  func extents() throws {
    func written(_ layer: LayerDescription) throws -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return String(decoding: try encoder.encode(layer), as: UTF8.self)
    }
    #expect(
      try written(.conv(.init(channels: 2, kernel: 5)))
        == #"{"conv":{"bias":false,"channels":2,"groups":1,"kernel":5,"padding":2,"stride":1}}"#)
    #expect(
      try written(.conv(.init(channels: 2, kernel: [5, 8]))).contains(#""kernel":[5,8],"padding":[2,4],"stride":1"#))
    #expect(try written(.pool(.init(size: [1, 2]))).contains(#""size":[1,2],"stride":[1,2]"#))
    let read = try JSONDecoder().decode(
      LayerDescription.self, from: Data(#"{"conv": {"channels": 2, "kernel": [5, 8], "stride": 2}}"#.utf8))
    #expect(read == .conv(.init(channels: 2, kernel: [5, 8], stride: 2, padding: [2, 4])))
  }

  @Test("A shortcut is written where there is one")
  func shortcut() throws {
    func written(_ residual: ResidualDescription) throws -> String {
      String(decoding: try JSONEncoder().encode(residual), as: UTF8.self)
    }
    #expect(try !written(.init(layers: [.flatten])).contains("shortcut"))
    #expect(try written(.init(layers: [.flatten], shortcut: [.flatten])).contains("shortcut"))
  }

  @Test("A potential to begin with is written where there is one, and leaves other models as they were")
  func initialPotential() throws {
    func written(_ neurons: NeuronDescription) throws -> String {
      String(decoding: try JSONEncoder().encode(neurons), as: UTF8.self)
    }
    #expect(try !written(.init()).contains("initialPotential"))
    #expect(try written(.init(initialPotential: 0.5)).contains("\"initialPotential\":0.5"))
    // Every other option is written by name.
    let keys = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(NeuronDescription())) as? [String: Any])
    #expect(
      Set(keys.keys)
        == Set(NeuronDescription.CodingKeys.allCases.map(\.rawValue)).subtracting([
          "initialPotential", "maximumSpikes", "learnedThreshold", "decaySpread", "subthresholdStrength",
        ]))
  }

  @Test("What does not fit is said before anything runs")
  func shapes() {
    func error(_ input: [Int], _ layers: [LayerDescription]) -> String {
      do throws(NetworkError) {
        _ = try Network<Float>(NetworkDescription(input: input, layers: layers), seed: 0)
        return "none"
      } catch {
        return error.description
      }
    }
    #expect(error([2, 8, 8], []) == "a network needs at least one layer")
    #expect(error([12], [.conv(.init(channels: 2))]).hasPrefix("layer 0 (conv): takes a map"))
    #expect(error([12], [.flatten, .convLSTM(.init(channels: 2))]).hasPrefix("layer 1 (convLSTM): takes a map"))
    #expect(error([4, 4, 3], [.conv(.init(channels: 4, groups: 2))]).contains("2 groups do not divide 3 into 4"))
    #expect(error([4, 4, 3], [.conv(.init(channels: 4, kernel: 7, padding: 0))]).contains("does not fit 4 x 4"))
    #expect(error([4, 4, 3], [.conv(.init(channels: 4, kernel: [2, 5], padding: 0))]).contains("2 x 5 does not fit"))
    #expect(error([4, 4, 3], [.conv(.init(channels: 4, kernel: [5, 2], padding: 0))]).contains("5 x 2 does not fit"))
    #expect(error([4, 4, 3], [.pool(.init(size: [1, 5]))]).contains("rectangles of 1 x 5 do not fit"))
    #expect(error([9, 3], [.conv1d(.init(channels: 4, kernel: [1, 3]))]).contains("write a single number"))
    #expect(error([9, 3], [.pool(.init(size: [1, 3]))]).contains("write a single number"))
    #expect(error([4, 4, 3], [.pool(.init(size: 5))]).contains("squares of 5 do not fit"))
    #expect(error([4, 4, 3], [.convLSTM(.init(channels: 2, kernel: 4))]).contains("kernel 4 is not odd"))
    #expect(error([6], [.residual(.init(layers: [.dense(.init(units: 5))]))]).contains("have to keep the shape"))
    let half = LayerDescription.frames(.init(steps: 1, stride: 2))
    #expect(
      error([6], [.residual(.init(layers: [half, .flatten, .dense(.init(units: 6))]))]).contains(
        "one step for 2, the way around them one for 1"))
    #expect(
      error([6], [.residual(.init(layers: [.dense(.init(units: 5))], shortcut: [.dense(.init(units: 4))]))]).contains(
        "turn [6] into [5], but the shortcut gives [4]"))
    #expect(error([6], [.residual(.init(layers: []))]).contains("have to keep the shape"))
    #expect(error([6, 2], [.frames(.init(steps: 2, map: true))]).contains("takes an input without neighbours"))
    for potential in [1, 1.5, .infinity, .nan] {
      #expect(
        error([6], [.neurons(.init(initialPotential: potential))]).contains("is not under the threshold, 1.0"))
    }
    #expect(
      error([6], [.neurons(.init(reset: .hard, maximumSpikes: 6))]).contains("maximumSpikes 6 needs reset: soft"))
    #expect(
      error([6], [.neurons(.init(refractorySteps: 1, maximumSpikes: 6))]).contains(
        "maximumSpikes 6 needs refractorySteps: 0"))
    #expect(error([6], [.neurons(.init(maximumSpikes: 0))]).contains("maximumSpikes is outside 1...255"))
    #expect(error([6], [.neurons(.init(decaySpread: 1))]).contains("decaySpread needs learnedDecay: neuron"))
    #expect(error([6], [.delay(.init(maximum: 0))]).contains("outside 1...100000"))
  }
}

@Suite("Networks")
struct NetworkTests {
  private func network() throws -> Network<Float> {
    disturbed(
      try Network<Float>(
        NetworkDescription(
          input: [2, 8, 8],
          layers: [
            .channelsLast, .conv(.init(channels: 6, groups: 2, bias: true)), .batchNorm(.init()),
            .neurons(.init(reset: .none, output: .membrane)), .flatten, .dense(.init(units: 5, taps: 2)),
            .batchNorm(.init(gain: 0.7)), .batchNorm(.init()),
          ]), seed: 3), seed: 4, by: 0.3)
  }

  @Test("Half a threshold to begin with rounds what would be cut off, and a new stream begins with it again")
  func initialPotential() throws {
    func spikes(_ potential: Double) throws -> [[Float]] {
      let network = try Network<Float>(
        NetworkDescription(input: [1], layers: [.neurons(.init(decay: 1, initialPotential: potential))]), seed: 1)
      var state = network.makeState()
      var logits: [Float] = [0]
      return (0..<2).map { _ in
        state.reset()
        return (0..<4).map { step in
          network.step(
            SpikeFrame(step: step, startMicroseconds: 0, endMicroseconds: 1, channels: [0], values: [0.375]), &state,
            logits: &logits)
          return logits[0]
        }
      }
    }
    // In four steps 1.5 comes in: rounded it is two spikes.
    #expect(try spikes(0) == [[0, 0, 1, 0], [0, 0, 1, 0]])
    #expect(try spikes(0.5) == [[0, 1, 0, 1], [0, 1, 0, 1]])
  }

  @Test("Folding normalisations changes nothing but rounding")
  func folding() throws {
    let whole = try network()
    let folded = try whole.folded()
    #expect(folded.layers.map(\.kind) == ["channelsLast", "conv", "neurons", "flatten", "dense", "batchNorm"])
    let sequences = randomSequences(shape: [2, 8, 8], steps: [6, 9], density: 0.3, seed: 2)
    let logits = [whole, folded].map { network in
      let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
      runner.forward(sequences, training: false)
      return runner.logits.array
    }
    #expect(logits[0].map { abs($0) }.max() ?? 0 > 0.1)
    #expect(zip(logits[0], logits[1]).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test("What is added to a variance stays in the folded weights")
  func foldingEpsilon() throws {
    var norm = BatchNormDescription()
    norm.epsilon = 0.5
    let whole = try Network<Float>(
      NetworkDescription(input: [3], layers: [.dense(.init(units: 4)), .batchNorm(norm)]), seed: 1)
    let folded = try whole.folded()
    // Variances begin at 1, means and shifts at 0, gains at what the description says.
    let factor = Float(norm.gain / 1.5.squareRoot())
    #expect(zip(folded.parameters.prefix(12), whole.parameters.prefix(12)).allSatisfy { abs($0 - $1 * factor) < 1e-6 })
    #expect(Array(folded.parameters.suffix(4)) == [0, 0, 0, 0])
  }

  @Test("Dropout hides a share of the inputs in training and raises the others, and does nothing else")
  func dropout() throws {
    var network = try Network<Float>(
      NetworkDescription(input: [1_000], layers: [.dropout(.init(rate: 0.25)), .dense(.init(units: 1))]), seed: 1)
    network.parameters = [Float](repeating: 1, count: 1_000)
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    var sequence = SpikeSequence(shape: [1_000])
    for _ in 0..<2 { sequence.append(channels: Array(0..<1_000), values: [Float](repeating: 1, count: 1_000)) }
    func logits(training: Bool, seed: UInt64) -> [Float] {
      runner.forward([sequence], training: training, seed: seed)
      return runner.logits.array
    }
    #expect(logits(training: false, seed: 1) == [1_000, 1_000])
    let found = (0..<40).map { logits(training: true, seed: $0) }
    // The same inputs in every step; kept ones count 4/3, so that the sum is the same on average.
    #expect(found.allSatisfy { $0[0] == $0[1] })
    #expect(Set(found.map { $0[0] }).count > 20)
    #expect(abs(found.reduce(0) { $0 + $1[0] } / 40 - 1_000) < 15)
  }

  @Test("The summary counts what is there")
  func summary() throws {
    let summary = try network().summary(density: 0.1)
    #expect(summary.rows.count == 8)
    #expect(summary.rows[1].learned == 2 * 9 * 3 + 6)
    #expect(summary.rows[1].multiplyAccumulates == 8 * 8 * 6 * 9)
    #expect(abs(summary.rows[1].synapticOperations - 345.6) < 1e-9)
    // The membranes are not spikes: the synapses behind them work in full.
    #expect(summary.rows[5].synapticOperations == Double(2 * 384 * 5))
    #expect(summary.rows[2].learned == 12)
    #expect(summary.rows[5].stateBytes == 4 * (2 * 384 + 1))
    #expect(summary.text.contains("3,456"))
    #expect(summary.text.split(separator: "\n").count == 12)
  }

  @Test("Parameters go through tensors and back")
  func tensors() throws {
    let network = try network()
    let tensors = try network.tensors()
    #expect(try Network(network.description, tensors: tensors).parameters == network.parameters)
    var missing = tensors
    missing["layers.1.bias"] = nil
    #expect(throws: NetworkError.missingTensor(name: "layers.1.bias", shape: [6])) {
      try Network(network.description, tensors: missing)
    }
    var more = tensors
    more["layers.9.weight"] = try Tensor(shape: [1], values: [1])
    #expect(throws: NetworkError.unexpectedTensor(name: "layers.9.weight")) {
      try Network(network.description, tensors: more)
    }
  }

  @Test("Attention that is on and off, and what of it never changes, is told")
  func attentionShares() throws {
    func network(_ output: AttentionDescription.Output) throws -> Network<Float> {
      let attention = AttentionDescription(kind: .both, placement: .forgetGate, output: output)
      return try Network<Float>(
        NetworkDescription(
          input: [2, 6, 6],
          layers: [.channelsLast, .convLSTM(.init(channels: 4, attention: attention, threshold: 0.1))]), seed: 1)
    }
    func change(_ network: inout Network<Float>, _ name: String, _ body: (inout Float) -> Void) throws {
      let found = try #require(network.named.first { $0.name == "layers.1.attention.\(name)" })
      for index in found.range { body(&network.parameters[index]) }
    }
    let sequences = randomSequences(shape: [2, 6, 6], steps: [5], density: 0.2, seed: 1)
    func shares(_ network: Network<Float>) -> [String: Double] {
      let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
      runner.forward(sequences, training: true)
      return runner.measurements(ofLayer: 1)
    }
    var binary = try network(.binary)
    let begun = shares(binary)
    #expect(begun.count == 4)
    // As it begins, nearly all of the memory is kept.
    for map in ["channel", "spatial"] { #expect(begun["\(map)AttentionOn", default: 0] > 0.9) }
    try change(&binary, "outerBias") { $0 = -10 }
    #expect(shares(binary)["channelAttentionOn"] == 0)
    #expect(shares(binary)["channelAttentionConstant"] == 1)
    // Soft maps follow what they see from the first weight on; with large ones by more than a hundredth.
    var soft = try network(.soft)
    for name in ["inner", "spatial"] { try change(&soft, name) { $0 *= 20 } }
    try change(&soft, "innerBias") { $0 = 3 }
    for bias in ["outerBias", "spatialBias"] { try change(&soft, bias) { $0 = 0 } }
    let following = shares(soft)
    for map in ["channel", "spatial"] { #expect(following["\(map)AttentionConstant", default: 1] < 1, "\(following)") }
  }
}
