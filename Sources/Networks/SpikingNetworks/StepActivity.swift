import Numerics

/// What a network did in one step of a stream, for whoever watches it.
///
/// Nothing of it is gathered unless it is wanted, and a step gives the same outputs whether it is or not.
public struct StepActivity: Sendable, Equatable {
  /// Whether anybody looks.
  public var isWanted: Bool
  /// For each of `Network.spikingLayers` that ran in this step, in their order: places of the units that spiked, ascending.
  public private(set) var spikes: [[UInt32]] = []
  /// Sums and products of the synapses, by the mean number of weights that an input of each layer has: exact for dense
  /// layers, and for convolutions but for the edges of their picture. What is done for every unit is not counted.
  public private(set) var synapses = Arithmetic()

  public init(isWanted: Bool = false) { self.isWanted = isWanted }

  mutating func begin() {
    if !spikes.isEmpty { spikes.removeAll(keepingCapacity: true) }
    synapses = Arithmetic()
  }

  /// A layer has turned its input into its output.
  mutating func add<Scalar: Real>(_ layer: any Layer<Scalar>, input: UnsafePointer<Scalar>) {
    let all = layer.multiplyAccumulates
    guard all > 0, layer.role != .neurons else { return }
    var (ones, others) = (0, 0)
    for index in 0..<layer.inputWidth {
      if input[index] == 1 { ones += 1 } else if input[index] != 0 { others += 1 }
    }
    let fan = Double(all - layer.denseAccumulates) / Double(layer.inputWidth)
    synapses.additions += Double(ones) * fan
    synapses.multiplications += Double(others) * fan + Double(layer.denseAccumulates)
  }

  /// A layer has spiked.
  ///
  /// - Parameter recurrent: weights that each of its spikes meets in the next step.
  mutating func add<Scalar: Real>(spikes values: UnsafePointer<Scalar>, count: Int, recurrent: Int) {
    var active: [UInt32] = []
    for index in 0..<count where values[index] != 0 { active.append(UInt32(index)) }
    synapses.additions += Double(active.count * recurrent)
    spikes.append(active)
  }
}

extension Network {
  /// Layers whose spikes a watched step tells: places in `layers` of neurons and cells that spike, or of the pool behind
  /// them where both are stepped together.
  public var spikingLayers: [Int] {
    layers.indices.filter { isWatched($0) }
  }

  /// Whether a layer's output is told.
  func isWatched(_ index: Int) -> Bool {
    guard layers[index].emitsSpikes else { return false }
    if isInsideFusedStep(index) { return false }
    if endsFusedStep(index) { return true }
    return layers[index].role == .neurons || layers[index].role == .cell
  }
}

extension Arithmetic {
  /// Picojoules of an addition and of a multiplication with addition, 32-bit floating point in 45 nm (Horowitz, ISSCC 2014).
  /// Memory, which costs more, is left out.
  public static let picojoulesOfAddition = 0.9
  public static let picojoulesOfMultiplication = 4.6
  /// A sigmoid or hyperbolic tangent as so many multiplications: three to reduce the range of the exponential, seven of its
  /// polynomial, one to scale it, one for the division.
  public static let multiplicationsOfFunction = 12.0

  /// An estimate of what it costs.
  public var picojoules: Double {
    additions * Self.picojoulesOfAddition
      + (multiplications + functions * Self.multiplicationsOfFunction) * Self.picojoulesOfMultiplication
  }
}
