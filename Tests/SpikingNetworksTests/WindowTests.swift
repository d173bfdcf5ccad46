import CAllocationCounter
import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Windows of time")
struct WindowTests {
  private struct Result {
    var logits: [Double]
    var gradient: [Double]
    var parameters: [Double]
  }

  private func run(
    _ network: Network<Double>, _ recordings: [SpikeSequence], training: Bool, windows: TimeWindows?, threads: Int = 1
  ) -> Result {
    let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: threads), windows: windows)
    runner.forward(recordings, training: training, seed: 5)
    var random = RandomStream(seed: 3)
    for index in 0..<runner.logits.count { runner.logitGradient.base[index] = random.uniform(in: -1...1) }
    runner.backward()
    return Result(
      logits: runner.logits.array, gradient: runner.gradient.array, parameters: runner.parameters.array)
  }

  @Test("Logits are the same bits and gradients agree whatever the window", arguments: Nets.all.keys.sorted())
  func windowsChangeNothing(name: String) throws {
    let description = try #require(Nets.all[name])
    let network = disturbed(try Network<Double>(description, seed: 21), seed: 22, by: 0.1)
    let recordings = randomSequences(shape: description.input, steps: [12, 5, 9], density: 0.2, seed: 1, graded: true)
    // The statistics of a window are not those of the whole; fixed ones are.
    let training = description.firstNormalisation == nil
    let whole = run(network, recordings, training: training, windows: nil)
    for steps in [1, 4, 5, 11].map({ $0 * network.timeStride }) {
      let parts = run(network, recordings, training: training, windows: TimeWindows(steps: steps), threads: 2)
      #expect(parts.logits == whole.logits)
      for (name, specification, range) in network.named where specification.role != .statistic {
        let scale = range.reduce(1e-9) { max($0, abs(whole.gradient[$1])) }
        let worst = range.reduce(0.0) { max($0, abs(parts.gradient[$1] - whole.gradient[$1])) }
        #expect(worst < 1e-10 * scale, "\(name) with windows of \(steps)")
      }
    }
    // A window that covers the sequences gives the same bits, truncated or not.
    for truncated in [false, true] {
      let covered = run(
        network, recordings, training: training,
        windows: TimeWindows(steps: 12 * network.timeStride, truncated: truncated))
      #expect(covered.gradient == whole.gradient)
    }
  }

  @Test("Finite differences agree through windows")
  func finiteDifferences() throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [6],
        layers: [
          .dense(.init(units: 5, taps: 3, dilation: 2)),
          .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3, recurrent: true)),
          .residual(.init(layers: [.dense(.init(units: 5, taps: 2))])), .dense(.init(units: 3)),
        ]), steps: [7, 3, 6], windows: TimeWindows(steps: 2)
    ).expectAgreement()
  }

  @Test("Finite differences agree through windows and strides", arguments: [nil, TimeWindows(steps: 4)])
  func strides(windows: TimeWindows?) throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [6],
        layers: [
          .frames(.init(steps: 5, stride: 2)), .dense(.init(units: 5)),
          .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3, maximumSpikes: 3)),
          .residual(
            .init(
              layers: [.frames(.init(steps: 3, stride: 2)), .dense(.init(units: 4, taps: 2))],
              shortcut: [.dense(.init(units: 4)), .frames(.init(steps: 1, stride: 2)), .flatten])),
          .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3)), .dense(.init(units: 3)),
        ]), steps: [13, 3, 8, 2], windows: windows, rates: RateRegularisation(strength: 2, lower: 0.3, upper: 0.4)
    ).expectAgreement()
  }

  @Test("Finite differences agree where frames are channels", arguments: [nil, TimeWindows(steps: 4)])
  func channels(windows: TimeWindows?) throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [3, 4, 2],
        layers: [
          .frames(.init(steps: 2, channels: true)), .conv(.init(channels: 3)),
          .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3, maximumSpikes: 3)),
          .frames(.init(steps: 3, stride: 2, channels: true)), .conv(.init(channels: 2)),
          .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3)), .flatten,
          .dense(.init(units: 3)),
        ]), steps: [9, 3, 6], windows: windows
    ).expectAgreement()
  }

  @Test("A normalisation is found wherever it stands")
  func normalisations() {
    func first(_ layers: [LayerDescription]) -> [Int]? {
      NetworkDescription(input: [4], layers: layers).firstNormalisation
    }
    let dense = LayerDescription.dense(.init(units: 4))
    #expect(first([dense, .neurons(.init())]) == nil)
    #expect(first([dense, .batchNorm(.init())]) == [1])
    #expect(
      first([dense, .residual(.init(layers: [dense])), .residual(.init(layers: [dense, .batchNorm(.init())]))]) == [
        2, 1,
      ])
  }

  @Test("Truncated, a gradient reaches back to its window's first step and no further", arguments: [1, 3, 4, 7])
  func truncation(steps: Int) throws {
    // y[t] = 0.8 y[t−1] + w x[t], so dy[t]/dw is the sum of 0.8^(t−k) x[k].
    let description = NetworkDescription(
      input: [1],
      layers: [.dense(.init(units: 1)), .neurons(.init(decay: 0.8, reset: .none, output: .membrane))])
    let network = try Network<Double>(description, seed: 1)
    var sequence = SpikeSequence(shape: [1])
    for step in 0..<7 { sequence.append(channels: [0], values: [Float(step + 1) / 4]) }
    let runner = BatchRunner(
      network, lanes: Lanes(count: 1, threads: 1), windows: TimeWindows(steps: steps, truncated: true))
    runner.forward([sequence], training: true)
    for step in 0..<7 { runner.logitGradient.base[step] = Double(step * step) - 9 }
    runner.backward()
    var expected = 0.0
    for step in 0..<7 {
      var slope = 0.0
      for earlier in step / steps * steps...step { slope = 0.8 * slope + Double(earlier + 1) / 4 }
      expected += (Double(step * step) - 9) * slope
    }
    #expect(abs(runner.gradient.base[0] - expected) < 1e-12 * abs(expected))
  }

  @Test(
    "The memory of a thousand steps is that of the window and the states at its borders",
    .enabled(if: allocation_counter_works() != 0))
  func memory() throws {
    let description = NetworkDescription(
      input: [40],
      layers: [
        .dense(.init(units: 64)), .neurons(.init(recurrent: true)), .dense(.init(units: 64)), .neurons(.init()),
        .dense(.init(units: 10)),
      ])
    let network = try Network<Float>(description, seed: 1)
    func bytes(_ steps: Int, windows: TimeWindows?) -> Int64 {
      let recordings = randomSequences(shape: [40], steps: [steps, steps], density: 0.05, seed: 1)
      let runner = BatchRunner(network, lanes: Lanes(count: 2, threads: 1), windows: windows)
      let before = allocated_bytes()
      runner.forward(recordings, training: true)
      runner.logitGradient.fill(1)
      runner.backward()
      return allocated_bytes() - before
    }
    let whole = bytes(1000, windows: nil)
    let windowed = bytes(1000, windows: TimeWindows(steps: 50))
    #expect(windowed * 5 < whole, "\(windowed) of \(whole) bytes")
    // Fifty more windows cost their borders' states, the logits, their gradient and the lists of spikes.
    let longer = bytes(2000, windows: TimeWindows(steps: 50))
    let growth = Double(longer - windowed) / Double(bytes(2000, windows: nil) - whole)
    #expect(growth < 0.15, "\(longer - windowed) more bytes")
  }
}

@Suite("Rate regularisation")
struct RateRegularisationTests {
  private static let description = NetworkDescription(
    input: [6],
    layers: [
      .dense(.init(units: 5, bias: true)),
      .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3)), .dense(.init(units: 4)),
      .neurons(.init(resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3)), .dense(.init(units: 2)),
    ])

  @Test("its gradient is its slope, in one piece and in windows", arguments: [nil, TimeWindows(steps: 2)])
  func gradient(windows: TimeWindows?) throws {
    try GradientCheck(
      description: Self.description, windows: windows,
      rates: RateRegularisation(strength: 20, lower: 0.3, upper: 0.35)
    ).expectAgreement()
  }

  @Test("it is the mean squared distance from the bounds, layer by layer")
  func value() throws {
    let description = NetworkDescription(input: [2], layers: [.neurons(.init(decay: 0, threshold: 1))])
    let runner = BatchRunner(
      try Network<Float>(description, seed: 1), lanes: Lanes(count: 1, threads: 1),
      rates: RateRegularisation(strength: 2, lower: 0.25, upper: 0.5))
    var sequence = SpikeSequence(shape: [2])
    for _ in 0..<4 { sequence.append(channels: [0], values: [1]) }
    // The first unit fires always, the second never: 2 · ((1 − 0.5)² + 0.25²) / 2.
    runner.forward([sequence], training: true)
    #expect(abs(runner.rateLoss - 0.3125) < 1e-12)
  }
}
