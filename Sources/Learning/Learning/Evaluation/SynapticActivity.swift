import Foundation
import ModelFiles
import Numerics
import SoundEncoders
import Spiketrum
import SpikingNetworks
import StreamSources

/// What a model calculates on recordings, layer by layer, and an estimate of the energy; see `LayerWork` for what counts.
public struct SynapticActivity: Sendable, Equatable, Encodable {
  public struct Layer: Sendable, Equatable, Encodable {
    public let index: Int
    public let kind: String
    /// Weights that exist, and how many there could be.
    public let weights: Int
    public let places: Int
    /// Share of what its synapses look at that is not zero in a step, and share that is neither zero nor one.
    public let activeInputs: Double
    public let gradedInputs: Double
    /// What a step calculates: weights that active inputs meet, kernels counted at every place, and what is done for every
    /// unit.
    public let synapses: Arithmetic
    public let units: Arithmetic
    /// Multiplications of the synapses if every input were active and every weight existed.
    public let fullOperations: Double

    public var density: Double { Double(weights) / Double(max(places, 1)) }
    /// Nanojoules of a step.
    public var nanojoules: Double { SynapticActivity.picojoules(of: synapses + units) / 1000 }
  }

  /// Nanojoules a second.
  public struct Energy: Sendable, Equatable, Encodable {
    public var synapses: Double
    public var units: Double
    public var encoder: Double
    /// Of the synapses of a network of this shape that does not spike and lacks no weight.
    public var full: Double
  }

  public let layers: [Layer]
  /// What the encoder calculates in a second; nil where there was none.
  public let encoder: EncoderWork?
  public let stepsEachSecond: Double
  /// Seconds of recordings that were looked at.
  public let seconds: Double
  public let nanojoulesEachSecond: Energy

  /// Picojoules of an addition and of a multiplication with addition, 32-bit floating point in 45 nm, and of an addition of
  /// 32-bit whole numbers (Horowitz, ISSCC 2014). Memory, which costs more, is left out.
  public static let picojoulesOfAddition = Arithmetic.picojoulesOfAddition
  public static let picojoulesOfMultiplication = Arithmetic.picojoulesOfMultiplication
  public static let picojoulesOfIntegerAddition = 0.1
  public static let multiplicationsOfFunction = Arithmetic.multiplicationsOfFunction

  /// How the energy is estimated, for people.
  public static let help =
    "A weight that meets a spike costs an addition, \(picojoulesOfAddition) pJ; one that meets any other number (a count, "
    + "a sum or mean of a pool, a hidden state) a multiplication with addition, \(picojoulesOfMultiplication) pJ; one that "
    + "is zero or meets zero costs nothing. What is done for every unit in every step (leaks, resets, gates, "
    + "normalisations, pools, delays) is counted for every unit, a sigmoid or hyperbolic tangent as "
    + "\(Int(multiplicationsOfFunction)) multiplications. The encoder's matching pursuit multiplies; event binning adds a "
    + "whole number for each event, \(picojoulesOfIntegerAddition) pJ. All of 32 bits in 45 nm (Horowitz, ISSCC 2014); "
    + "memory, comparisons, reading and resampling are left out."

  static func picojoules(of arithmetic: Arithmetic) -> Double { arithmetic.picojoules }

  /// Sums and products of all synapses in a second.
  public var operationsEachSecond: Double {
    stepsEachSecond * layers.reduce(0) { $0 + $1.synapses.additions + $1.synapses.multiplications }
  }

  /// Runs a model over whole recordings.
  ///
  /// - Parameters:
  ///   - reading: how they are read where their content does not say.
  ///   - notes: where to note what their readers take for granted.
  public init(
    _ model: Model, recordings paths: [String], reading: RecordingOptions = RecordingOptions(),
    notes: ReadingNotes? = nil
  ) throws {
    var encoder = try RecordingEncoder(model.manifest.encoder)
    encoder.reading = reading
    encoder.notes = notes
    var total: EncoderWork?
    var sequences: [SpikeSequence] = []
    for path in paths {
      let (sequence, work) = try encoder.encodeCounting(Recording(path: path, label: 0, group: ""))
      sequences.append(sequence)
      guard let work else { continue }
      total = EncoderWork(
        kind: work.kind, multiplications: work.multiplications + (total?.multiplications ?? 0),
        integerAdditions: work.integerAdditions + (total?.integerAdditions ?? 0))
    }
    self.init(
      model.network, sequences, stepMicroseconds: model.manifest.encoder.stepMicroseconds, encoder: total)
  }

  init(
    _ network: Network<Float>, _ sequences: [SpikeSequence], stepMicroseconds: Int64, encoder total: EncoderWork? = nil
  ) {
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1), keepsOutputs: true)
    var works = [LayerWork](repeating: LayerWork(), count: network.layers.count)
    var steps = 0
    // One at a time: a long recording is memory enough.
    for sequence in sequences {
      runner.forward([sequence], training: false)
      steps += sequence.steps
      for index in works.indices { works[index] += runner.work(ofLayer: index) }
    }
    let each = 1 / Double(max(steps, 1))
    let layers = network.layers.indices.compactMap { index -> Layer? in
      let (layer, work) = (network.layers[index], works[index])
      var offset = network.parameterOffsets[index]
      var (weights, places) = (0, 0)
      for specification in layer.parameters {
        if specification.role == .weight {
          places += specification.count
          weights += (offset..<offset + specification.count).count { network.parameters[$0] != 0 }
        }
        offset += specification.count
      }
      guard layer.multiplyAccumulates > 0 || work.units != Arithmetic() else { return nil }
      return Layer(
        index: index, kind: layer.kind, weights: weights, places: places,
        activeInputs: work.activeInputs / max(work.inputs, 1), gradedInputs: work.gradedInputs / max(work.inputs, 1),
        synapses: work.synapses * each, units: work.units * each,
        fullOperations: Double(layer.multiplyAccumulates) / Double(network.timeStrides[index]))
    }
    self.layers = layers
    stepsEachSecond = 1e6 / Double(stepMicroseconds)
    let seconds = Double(steps) * Double(stepMicroseconds) / 1e6
    self.seconds = seconds
    let encoder = total.map { $0 * (1 / max(seconds, 1e-6)) }
    self.encoder = encoder
    let perSecond = stepsEachSecond / 1000
    nanojoulesEachSecond = Energy(
      synapses: perSecond * layers.reduce(0) { $0 + Self.picojoules(of: $1.synapses) },
      units: perSecond * layers.reduce(0) { $0 + Self.picojoules(of: $1.units) },
      encoder: encoder.map {
        ($0.multiplications * Self.picojoulesOfMultiplication
          + $0.integerAdditions * Self.picojoulesOfIntegerAddition) / 1000
      } ?? 0,
      full: perSecond * layers.reduce(0) { $0 + $1.fullOperations } * Self.picojoulesOfMultiplication)
  }
}
