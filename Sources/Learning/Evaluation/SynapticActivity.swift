import Foundation
import Pipelines
import Spiketrum
import SpikingNetworks
import Tensors

/// What a model's synapses do on recordings: of each layer the weights there are, and how many of them a step uses.
public struct SynapticActivity: Sendable, Equatable, Codable {
  public struct Layer: Sendable, Equatable, Codable {
    public let index: Int
    public let kind: String
    /// Weights that exist, and how many there could be.
    public let weights: Int
    public let places: Int
    /// Share of the layer's inputs that are active in a step.
    public let activeInputs: Double
    /// Weights that a step's active inputs meet, kernels counted at every place.
    public let operationsEachStep: Double
    /// The same if every input were active and every weight existed.
    public let fullOperations: Int

    public var density: Double { Double(weights) / Double(max(places, 1)) }
  }

  public let layers: [Layer]
  public let stepsEachSecond: Double
  /// Seconds of recordings that were looked at.
  public let seconds: Double

  /// Picojoules of an addition and of a multiplication with addition, 32-bit floating point in 45 nm (Horowitz, ISSCC
  /// 2014): what a spike and what a number cost a synapse. Memory, which costs more, is left out.
  public static let picojoulesOfAddition = 0.9
  public static let picojoulesOfMultiplication = 4.6

  public var operationsEachSecond: Double {
    stepsEachSecond * layers.reduce(0) { $0 + $1.operationsEachStep }
  }
  /// Nanojoules a second of the synapses alone.
  public var nanojoulesEachSecond: Double { operationsEachSecond * Self.picojoulesOfAddition / 1000 }
  /// The same of a network of this shape that does not spike and lacks no weight.
  public var fullNanojoulesEachSecond: Double {
    stepsEachSecond * Double(layers.reduce(0) { $0 + $1.fullOperations }) * Self.picojoulesOfMultiplication / 1000
  }

  /// Runs a model over recordings, steps without any spike at both ends left out.
  public init(_ model: Model, recordings paths: [String]) throws {
    let encoder = try RecordingEncoder(model.manifest.encoder)
    let sequences = try paths.map { try encoder.encode(Recording(path: $0, label: 0, group: "")) }
    self.init(model.network, sequences, stepMicroseconds: model.manifest.encoder.stepMicroseconds)
  }

  init(_ network: Network<Float>, _ sequences: [SpikeSequence], stepMicroseconds: Int64) {
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1), keepsOutputs: true)
    var active = [Double](repeating: 0, count: network.layers.count)
    var own = active
    var steps = 0
    // One at a time: a long recording is memory enough.
    for sequence in sequences {
      runner.forward([sequence], training: false)
      steps += sequence.steps
      for (index, layer) in network.layers.enumerated() {
        active[index] +=
          index == 0
          ? Double(sequence.channels.count)
          : Self.count(runner.output(ofLayer: index - 1), sequence.steps * layer.inputWidth)
        if layer.kind == "neurons" {
          own[index] += Self.count(runner.output(ofLayer: index), sequence.steps * layer.outputWidth)
        }
      }
    }
    layers = network.layers.enumerated().compactMap { index, layer in
      var offset = network.parameterOffsets[index]
      var (weights, places) = (0, 0)
      for specification in layer.parameters {
        if specification.role == .weight {
          places += specification.count
          weights += (offset..<offset + specification.count).count { network.parameters[$0] != 0 }
        }
        offset += specification.count
      }
      guard places > 0, layer.multiplyAccumulates > 0 else { return nil }
      let counted = layer.kind == "neurons" ? own[index] : active[index]
      let width = layer.kind == "neurons" ? layer.outputWidth : layer.inputWidth
      let share = counted / Double(max(steps, 1) * width)
      let density = Double(weights) / Double(places)
      return Layer(
        index: index, kind: layer.kind == "neurons" ? "recurrent" : layer.kind, weights: weights, places: places,
        activeInputs: share, operationsEachStep: share * density * Double(layer.multiplyAccumulates),
        fullOperations: layer.multiplyAccumulates)
    }
    stepsEachSecond = 1e6 / Double(stepMicroseconds)
    seconds = Double(steps) * Double(stepMicroseconds) / 1e6
  }

  private static func count(_ buffer: Buffer<Float>, _ count: Int) -> Double {
    var active = 0
    for place in 0..<min(count, buffer.count) where buffer.base[place] != 0 { active += 1 }
    return Double(active)
  }
}
