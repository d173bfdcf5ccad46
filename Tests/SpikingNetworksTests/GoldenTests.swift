import Foundation
import Numerics
import Testing

@testable import SpikingNetworks

/// Compares with what other frameworks computed; `Golden/generate.py` made the values.
@Suite("Values of other frameworks")
struct GoldenTests {
  private struct Golden: Decodable {
    struct Block: Decodable {
      var shape: [Int]
      var values: [Float]
    }
    var framework: String
    var network: NetworkDescription
    var tensors: [String: Block]
    /// Active inputs of each step.
    var input: [[UInt32]]
    var logits: [[Double]]
    var target: Int?
    var gradients: [String: [Double]]?

    init(named name: String) throws {
      let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")
      let data = try Data(contentsOf: folder.appending(path: "\(name).json"))
      self = try JSONDecoder().decode(Self.self, from: data)
    }

    func makeNetwork() throws -> Network<Float> {
      try Network<Float>(network, tensors: tensors.mapValues { try Tensor(shape: $0.shape, values: $0.values) })
    }

    var sequence: SpikeSequence {
      var sequence = SpikeSequence(shape: network.input)
      for channels in input {
        sequence.append(channels: channels, values: [Float](repeating: 1, count: channels.count))
      }
      return sequence
    }
  }

  @Test(
    "Forward passes agree",
    arguments: [
      "snntorch-leaky-subtract-late", "snntorch-leaky-zero", "snntorch-synaptic",
      "snntorch-recurrent", "snntorch-convlstm", "norse-lif-box", "norse-lif-current", "spikingjelly-conv",
      "spikingjelly-gradients",
    ])
  func forward(name: String) throws {
    let golden = try Golden(named: name)
    let network = try golden.makeNetwork()
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    var distinct: Set<[Double]> = []
    for (step, expected) in golden.logits.enumerated() {
      network.step(frame(golden.sequence, step: step), &state, logits: &logits)
      for (found, value) in zip(logits, expected) {
        #expect(abs(Double(found) - value) < 2e-5, "step \(step) of \(golden.framework)")
      }
      distinct.insert(expected)
    }
    // Neurons that fall silent would agree with anything.
    #expect(distinct.count > golden.logits.count / 4)
  }

  @Test("Gradients of the cross-entropy of mean logits agree")
  func gradients() throws {
    let golden = try Golden(named: "spikingjelly-gradients")
    let network = try golden.makeNetwork()
    let target = try #require(golden.target)
    let gradients = try #require(golden.gradients)
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward([golden.sequence], training: true)
    let steps = golden.input.count
    let mean = (0..<network.outputCount).map { unit in
      (0..<steps).reduce(0.0) { $0 + Double(runner.logits.base[$1 * network.outputCount + unit]) } / Double(steps)
    }
    let sum = mean.reduce(0) { $0 + exp($1) }
    for step in 0..<steps {
      for unit in 0..<network.outputCount {
        let delta = exp(mean[unit]) / sum - (unit == target ? 1 : 0)
        runner.logitGradient.base[step * network.outputCount + unit] = Float(delta / Double(steps))
      }
    }
    runner.backward()
    for (name, _, range) in network.named {
      let expected = try #require(gradients[name])
      #expect(expected.count == range.count)
      for (index, value) in zip(range, expected) {
        #expect(abs(Double(runner.gradient.base[index]) - value) < 1e-5, "\(name)[\(index - range.lowerBound)]")
      }
    }
  }
}
