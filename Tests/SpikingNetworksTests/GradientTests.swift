import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Backward passes agree with finite differences")
struct GradientTests {
  private func attached(_ change: (inout NeuronDescription) -> Void) -> LayerDescription {
    var description = NeuronDescription(decay: 0.7, resetDetached: false, surrogate: .sigmoid, surrogateWidth: 3)
    change(&description)
    return .neurons(description)
  }

  private func check(_ middle: [LayerDescription], spread: Double = 0.3) throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [6],
        layers: [.dense(.init(units: 5, bias: true))] + middle + [.dense(.init(units: 3, bias: true))]),
      spread: spread
    ).expectAgreement()
  }

  @Test func denseWithTapsDilationAndBias() throws {
    try check([.dense(.init(units: 4, taps: 3, dilation: 2, bias: true))])
  }

  @Test("samples long enough to be multiplied alone, and others", arguments: [1, 3])
  func longSamples(taps: Int) throws {
    for windows in [nil, TimeWindows(steps: 49)] {
      try GradientCheck(
        description: NetworkDescription(
          input: [6],
          layers: [
            .dense(.init(units: 5, bias: true)), .relu, .dense(.init(units: 4, taps: taps, bias: true)),
            attached { $0.reset = .soft }, .dense(.init(units: 4)), .relu, .dense(.init(units: 3)),
          ]), steps: [60, 3, 50, 47], windows: windows
      ).expectAgreement()
    }
  }

  @Test func rectifiedLinearUnits() throws {
    try check([.relu, .dense(.init(units: 4)), .relu])
  }

  @Test func unions() throws {
    try check([.dense(.init(units: 7)), .union(.init(sizes: [1, 4, 2]))])
  }

  @Test(arguments: [NeuronDescription.Reset.none, .hard, .soft, .softLate])
  func everyReset(reset: NeuronDescription.Reset) throws {
    try check([attached { $0.reset = reset }])
  }

  @Test(arguments: [NeuronDescription.Surrogate.triangle, .sigmoid, .arctan, .fastSigmoid])
  func everySurrogate(surrogate: NeuronDescription.Surrogate) throws {
    try check([attached { $0.surrogate = surrogate }])
  }

  @Test(
    arguments: [NeuronDescription.LearnedDecay.layer, .neuron],
    [NeuronDescription.Reset.none, .hard, .soft, .softLate])
  func learnedDecay(decay: NeuronDescription.LearnedDecay, reset: NeuronDescription.Reset) throws {
    try check([
      attached {
        $0.learnedDecay = decay
        $0.reset = reset
        $0.inputScale = .leaky
      }
    ])
  }

  @Test(arguments: [NeuronDescription.Reset.none, .hard, .soft, .softLate], [nil, TimeWindows(steps: 2)])
  func potentialToBeginWith(reset: NeuronDescription.Reset, windows: TimeWindows?) throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [6],
        layers: [
          .dense(.init(units: 5)),
          attached {
            $0.learnedDecay = .neuron
            $0.reset = reset
            $0.recurrent = true
            $0.initialPotential = 0.4
          },
          .residual(.init(layers: [.dense(.init(units: 5)), attached { $0.initialPotential = 0.5 }])),
          .neurons(
            .init(learnedDecay: .neuron, inputScale: .leaky, reset: .none, output: .membrane, initialPotential: 0.7)),
          .dense(.init(units: 3, bias: true)),
        ]), windows: windows
    ).expectAgreement()
  }

  @Test func learnedDecayWithUnitScale() throws {
    try check([attached { $0.learnedDecay = .neuron }])
  }

  @Test(arguments: [NeuronDescription.Reset.none, .hard, .soft, .softLate])
  func adaptiveThresholdSynapticCurrentAndRecurrence(reset: NeuronDescription.Reset) throws {
    try check([
      attached {
        $0.reset = reset
        $0.adaptationStrength = 0.4
        $0.synapticDecay = 0.6
        $0.recurrent = true
        $0.learnedDecay = .neuron
        $0.inputScale = .leaky
      }
    ])
  }

  @Test func refractoryNeurons() throws {
    try check([attached { $0.refractorySteps = 1 }])
  }

  @Test func recurrence() throws {
    try check([attached { $0.recurrent = true }])
  }

  @Test(arguments: [NeuronDescription.LearnedDecay.none, .layer, .neuron])
  func membraneOutput(decay: NeuronDescription.LearnedDecay) throws {
    try check([
      attached {
        $0.reset = .none
        $0.output = .membrane
        $0.learnedDecay = decay
        $0.inputScale = .leaky
        $0.synapticDecay = 0.3
      }
    ])
  }

  @Test func firstLayersThatLearnInPlace() throws {
    for first in [
      attached { $0.learnedDecay = .neuron }, .batchNorm(.init(gain: 0.7)), attached { $0.recurrent = true },
    ] {
      try GradientCheck(description: NetworkDescription(input: [6], layers: [first, .dense(.init(units: 3))]))
        .expectAgreement()
    }
  }

  @Test func batchNormThroughItsStatistics() throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [6],
        layers: [
          .dense(.init(units: 5)), .batchNorm(.init(gain: 0.7)), attached { $0.reset = .soft }, .dense(.init(units: 3)),
        ])
    ).expectAgreement()
  }

  @Test func batchNormWithFixedStatistics() throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [6], layers: [.dense(.init(units: 5)), .batchNorm(.init()), .dense(.init(units: 3))]),
      training: false
    ).expectAgreement()
  }

  @Test func dropoutFixedOverTime() throws {
    try check([.dense(.init(units: 16)), .dropout(.init(rate: 0.4))])
  }

  @Test func learnedDelays() throws {
    try check([.delay(.init(maximum: 3))])
    try GradientCheck(
      description: NetworkDescription(
        input: [6], layers: [.delay(.init(maximum: 2)), .dense(.init(units: 4)), .neurons(.init(resetDetached: false))])
    ).expectAgreement()
  }

  @Test func residualBlocks() throws {
    try check([
      .residual(
        .init(layers: [
          .dense(.init(units: 7)), attached { $0.recurrent = true }, .dense(.init(units: 5, bias: true)),
        ]))
    ])
    try checkMap([
      .conv(.init(channels: 3)),
      .residual(.init(layers: [.conv(.init(channels: 3)), .batchNorm(.init()), attached { $0.reset = .hard }])),
    ])
  }

  @Test func convolutionAlongALength() throws {
    try GradientCheck(
      description: NetworkDescription(
        input: [14],
        layers: [
          .conv1d(.init(channels: 4, kernel: 5, stride: 2, bias: true)), attached { $0.reset = .soft },
          .conv1d(.init(channels: 6, kernel: 3, padding: 0, groups: 2)), .pool(.init(kind: .average, size: 2)),
          .flatten, .dense(.init(units: 3)),
        ])
    ).expectAgreement()
  }

  private func checkMap(
    _ layers: [LayerDescription], input: [Int] = [2, 5, 6], steps: [Int] = [3, 2], density: Double = 0.6
  ) throws {
    try GradientCheck(
      description: NetworkDescription(
        input: input, layers: [.channelsLast] + layers + [.flatten, .dense(.init(units: 3, bias: true))]),
      steps: steps, density: density
    ).expectAgreement()
  }

  @Test(arguments: [(3, 1, 1, 1), (3, 2, 1, 1), (2, 1, 0, 1), (3, 1, 1, 2), (5, 3, 2, 2), (1, 1, 0, 1)])
  func convolution(kernel: Int, stride: Int, padding: Int, groups: Int) throws {
    try checkMap([
      .conv(.init(channels: 4, bias: true)),
      .conv(
        .init(channels: 6, kernel: kernel, stride: stride, padding: padding, groups: groups, bias: true)),
    ])
  }

  static let oblong: [ConvDescription] = [
    .init(channels: 6, kernel: [2, 3], bias: true),
    .init(channels: 6, kernel: [4, 1], stride: [2, 1], padding: [1, 0]),
    .init(channels: 6, kernel: [1, 4], stride: [1, 2], padding: [0, 2], groups: 2),
    .init(channels: 4, kernel: [3, 2], padding: [2, 0], groups: 4), .init(channels: 5, kernel: [5, 6], padding: 0),
  ]

  @Test(arguments: oblong)
  func oblongConvolution(description: ConvDescription) throws {
    try checkMap([.conv(.init(channels: 4, bias: true)), .conv(description)])
    try checkMap([.conv(.init(channels: 4, kernel: [2, 5], stride: [2, 1], padding: [1, 2])), .relu], density: 0.15)
  }

  @Test(arguments: [PoolDescription.Kind.average, .sum, .max])
  func oblongPooling(kind: PoolDescription.Kind) throws {
    try checkMap([.conv(.init(channels: 3, bias: true)), .pool(.init(kind: kind, size: [1, 3]))])
    try checkMap([.conv(.init(channels: 3, bias: true)), .pool(.init(kind: kind, size: [3, 2], stride: [1, 2]))])
  }

  @Test func convolutionOfFewSpikes() throws {
    try checkMap([.conv(.init(channels: 4, bias: true))], density: 0.1)
  }

  @Test(arguments: [PoolDescription.Kind.average, .sum, .max], [(2, 2), (3, 1), (2, 1)])
  func pooling(kind: PoolDescription.Kind, extent: (Int, Int)) throws {
    try checkMap([.conv(.init(channels: 3, bias: true)), .pool(.init(kind: kind, size: extent.0, stride: extent.1))])
  }

  @Test func convolutionNormalisedAndFiring() throws {
    try checkMap([
      .conv(.init(channels: 3)), .batchNorm(.init()), attached { $0.reset = .hard }, .pool(.init(kind: .average)),
    ])
  }

  static let attentions: [AttentionDescription] = {
    var all: [AttentionDescription] = []
    for kind in [AttentionDescription.Kind.none, .channel, .spatial, .both] {
      for output in [AttentionDescription.Output.binary, .lif, .soft] where kind != .none || output == .soft {
        all.append(.init(kind: kind, output: output, reduction: 1, decay: 0.6))
      }
    }
    for placement in [AttentionDescription.Placement.input, .hidden] {
      for output in [AttentionDescription.Output.binary, .lif, .soft] {
        all.append(.init(kind: .both, placement: placement, output: output, reduction: 1, decay: 0.6))
      }
    }
    return all
  }()

  @Test(arguments: attentions)
  func convolutionalLSTM(attention: AttentionDescription) throws {
    try checkMap(
      [
        .conv(.init(channels: 3, bias: true)),
        .convLSTM(
          .init(channels: 4, attention: attention, threshold: 0.2, surrogate: .sigmoid, surrogateWidth: 3)),
      ],
      input: [2, 4, 5], steps: [4, 3])
  }

  @Test func convolutionalLSTMThatHandsOnItsHiddenState() throws {
    try checkMap(
      [
        .convLSTM(
          .init(channels: 3, kernel: [1, 3], attention: .init(kind: .spatial, output: .soft), output: .hidden)),
        .convLSTM(
          .init(channels: 3, attention: .init(output: .lif), threshold: 0.1, surrogate: .arctan, surrogateWidth: 2)),
      ],
      input: [2, 4, 5], steps: [4, 3])
  }
}
