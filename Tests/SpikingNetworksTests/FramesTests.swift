import Foundation
import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Frames and strides of time")
struct FramesTests {
  private func sequence(_ steps: Int, width: Int = 2) -> SpikeSequence {
    var sequence = SpikeSequence(shape: [width])
    for step in 0..<steps {
      let channels = (0..<UInt32(width)).map { $0 }
      sequence.append(channels: channels, values: channels.map { Float(10 * (step + 1)) + Float($0) })
    }
    return sequence
  }

  private func rows(_ layers: [LayerDescription], steps: Int) throws -> [[Float]] {
    let network = try Network<Float>(NetworkDescription(input: [2], layers: layers), seed: 1)
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward([sequence(steps)], training: false)
    let values = runner.logits.array
    return stride(from: 0, to: values.count, by: network.outputCount).map {
      Array(values[$0..<$0 + network.outputCount])
    }
  }

  @Test("The last steps come as one, the oldest first, zeros before the stream")
  func last() throws {
    #expect(
      try rows([.frames(.init(steps: 3, stride: 2))], steps: 5) == [[0, 0, 10, 11, 20, 21], [20, 21, 30, 31, 40, 41]])
    #expect(try rows([.frames(.init(steps: 1, stride: 3))], steps: 7) == [[30, 31], [60, 61]])
    #expect(try rows([.frames(.init(steps: 2))], steps: 2) == [[0, 0, 10, 11], [10, 11, 20, 21]])
    // Steps between two outputs may be left out.
    #expect(try rows([.frames(.init(steps: 2, stride: 3))], steps: 6) == [[20, 21, 30, 31], [50, 51, 60, 61]])
  }

  @Test("Frames and a dense layer are a dense layer with taps")
  func taps() throws {
    let framed = try Network<Double>(
      NetworkDescription(input: [6], layers: [.frames(.init(steps: 3)), .dense(.init(units: 4))]), seed: 2)
    var tapped = try Network<Double>(
      NetworkDescription(input: [6], layers: [.dense(.init(units: 4, taps: 3))]), seed: 3)
    // The newest step is the last frame and the first tap.
    for tap in 0..<3 {
      for place in 0..<24 { tapped.parameters[tap * 24 + place] = framed.parameters[(2 - tap) * 24 + place] }
    }
    let recordings = randomSequences(shape: [6], steps: [7, 4], density: 0.6, seed: 1, graded: true)
    let logits = [framed, tapped].map { network in
      let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: 1))
      runner.forward(recordings, training: false)
      return runner.logits.array
    }
    #expect(zip(logits[0], logits[1]).allSatisfy { abs($0 - $1) < 1e-12 } && logits[0].contains { $0 != 0 })
  }

  @Test("Frames of a map as channels stand beside each other at every place, the oldest first")
  func channels() throws {
    let network = try Network<Float>(
      NetworkDescription(input: [1, 2, 2], layers: [.frames(.init(steps: 2, channels: true))]), seed: 1)
    #expect(network.layers[0].outputShape == [1, 2, 4])
    var sequence = SpikeSequence(shape: [1, 2, 2])
    for step in 1...2 {
      sequence.append(channels: [0, 1, 2, 3], values: (1...4).map { Float(10 * step + $0) })
    }
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward([sequence], training: false)
    #expect(runner.logits.array == [0, 0, 11, 12, 0, 0, 13, 14] + [11, 12, 21, 22, 13, 14, 23, 24])
    #expect(throws: NetworkError.self) {
      try Network<Float>(NetworkDescription(input: [4], layers: [.frames(.init(steps: 2, channels: true))]), seed: 1)
    }
  }

  @Test("Strides multiply, and logits come every so many steps from the start of the stream")
  func product() throws {
    let description = NetworkDescription(
      input: [2],
      layers: [
        .frames(.init(steps: 2, stride: 2)), .residual(.init(layers: [.flatten], shortcut: [.flatten])),
        .residual(
          .init(
            layers: [.frames(.init(steps: 1, stride: 3)), .flatten, .dense(.init(units: 3))],
            shortcut: [.dense(.init(units: 3)), .frames(.init(steps: 1, stride: 3)), .flatten])),
      ])
    let network = try Network<Float>(description, seed: 1)
    #expect(network.timeStride == 6 && description.timeStride == 6 && network.timeStrides == [2, 2, 6])
    // A step of the output takes the shortcut's synapses three times.
    #expect(network.layers[2].multiplyAccumulates == 12 + 3 * 12)
    #expect(network.summary().multiplyAccumulates == 8)
    #expect(network.summary().text.contains("an output every 6 steps"))
    var state = network.makeState()
    var logits: [Float] = [0, 0, 0]
    let due = sequence(14).frames.map { network.step($0, &state, logits: &logits) }
    #expect(due == (1...14).map { $0 % 6 == 0 })
    state.reset()
    #expect(sequence(6).frames.map { network.step($0, &state, logits: &logits) }.last == true)
  }

  @Test("What is shorter than a step of the output is made one by silence")
  func short() throws {
    let network = try Network<Float>(
      NetworkDescription(
        input: [2], layers: [.frames(.init(steps: 4, stride: 4)), .flatten, .dense(.init(units: 3))]), seed: 1)
    let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: 1))
    runner.forward([sequence(1), sequence(6), sequence(8)], training: true)
    #expect((0..<3).map { runner.layout.steps(of: $0) } == [1, 1, 2])
    let whole = runner.logits.array
    runner.forward([sequence(1).extended(to: 4)], training: true)
    #expect(runner.logits.array == Array(whole.prefix(3)))
  }

  @Test("Rates are spikes of a layer's own steps")
  func rates() throws {
    let runner = BatchRunner(
      try Network<Float>(
        NetworkDescription(
          input: [2],
          layers: [.frames(.init(steps: 1, stride: 2)), .flatten, .neurons(.init(decay: 0)), .dense(.init(units: 1))]),
        seed: 1), lanes: Lanes(count: 1, threads: 1), rates: RateRegularisation(strength: 2, lower: 0.25, upper: 0.5))
    var sequence = SpikeSequence(shape: [2])
    for _ in 0..<4 { sequence.append(channels: [0], values: [1]) }
    runner.forward([sequence], training: true)
    #expect(abs(runner.rateLoss - 0.3125) < 1e-12)
  }

  @Test("A network that hears is written in one recipe: 97,692 parameters, an answer every eight steps")
  func hearing() throws {
    func block(_ units: Int) -> String {
      """
      {"residual": {
        "layers": [
          {"frames": {"steps": 9, "stride": 2}}, {"dense": {"units": \(units)}}, {"batchNorm": {"gain": 2}},
          {"neurons": {"decay": 0, "maximumSpikes": 6}}, {"dense": {"units": \(units), "taps": 9}},
          {"batchNorm": {"gain": 2}}],
        "shortcut": [
          {"frames": {"steps": 1, "stride": 2}}, {"dense": {"units": \(units)}}, {"batchNorm": {"gain": 2}}]}},
      {"neurons": {"decay": 0, "maximumSpikes": 6}}
      """
    }
    let text = """
      {"input": [40], "layers": [
        {"frames": {"steps": 5, "stride": 2, "map": true}},
        {"conv": {"channels": 16, "kernel": [5, 8], "stride": [1, 4], "padding": [0, 2]}}, {"batchNorm": {"gain": 2}},
        {"neurons": {"decay": 0, "maximumSpikes": 6}}, {"dense": {"units": 40}}, {"batchNorm": {"gain": 2}},
        {"neurons": {"decay": 0, "maximumSpikes": 6}}, \(block(44)), \(block(56)), {"dense": {"units": 36, "bias": true}}]}
      """
    let description = try JSONDecoder().decode(NetworkDescription.self, from: Data(text.utf8))
    let network = try Network<Float>(description, seed: 1)
    #expect(network.summary().learned == 97_692)
    #expect(network.timeStride == 8 && network.layers[1].outputShape == [1, 10, 16])
    // 2.2 million multiply-accumulates for a second of a hundred steps.
    #expect(network.summary().multiplyAccumulates == 22_016)
    // Thirteen answers to a second with four silent steps before it; a stream gives the bits of the batch.
    let recording = randomSequences(shape: [40], steps: [104], density: 1, seed: 3, graded: true)
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward(recording, training: false)
    #expect(runner.layout.steps(of: 0) == 13)
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: 36)
    let stepped = recording[0].frames.flatMap { network.step($0, &state, logits: &logits) ? logits : [] }
    #expect(stepped.map(\.bitPattern) == runner.logits.array.map(\.bitPattern))
  }

  @Test("Windows end where a step of the output does")
  func windows() {
    let description = NetworkDescription(input: [2], layers: [.frames(.init(steps: 4, stride: 4))])
    #expect(description.fits(TimeWindows(steps: 8)) && !description.fits(TimeWindows(steps: 6)))
  }
}
