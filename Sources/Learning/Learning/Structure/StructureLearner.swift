import Numerics
import SpikingNetworks

/// Chooses what of a network exists while it is trained.
protocol StructureLearner {
  /// For every parameter whether it exists.
  var exists: [Bool] { get }
  /// What else a run needs to go on.
  var memory: [Float] { get }
  /// Share of what it chooses from that exists now.
  var density: Double { get }
  /// Whether what is left is what was asked for.
  var isFinal: Bool { get }
  /// Goes on with what a run had.
  mutating func resume(exists: [Bool], memory: [Float]) throws(StructureError)
  /// The network without what its structure lacks for good, where that is more than single zeros.
  func finished(_ network: Network<Float>, exists: [Bool]) throws(NetworkError) -> Network<Float>
  /// Share that changed places since it was asked the last time.
  mutating func takeTurnover() -> Double
  /// Sees the gradient of a batch and takes out of it what does not exist.
  mutating func willStep(_ runner: BatchRunner<Float>, step: Int, of total: Int)
  /// Takes out of the parameters what does not exist, and now and then changes what does.
  mutating func didStep(_ runner: BatchRunner<Float>, _ optimiser: inout Optimiser<Float>, step: Int, of total: Int)
}

extension StructureLearner {
  func finished(_ network: Network<Float>, exists: [Bool]) throws(NetworkError) -> Network<Float> { network }
}

/// Evolves single connections; see `StructureOptions`.
struct ConnectionLearner: StructureLearner {
  let options: StructureOptions
  private(set) var connections: Connections
  /// Running mean of the gradient of all weights, for growth by momentum.
  private(set) var memory: [Float]
  private let seed: UInt64
  /// Gradient of all weights in a batch after which connections change.
  private var fresh: [Float] = []
  private var moved = 0

  init(_ network: Network<Float>, _ options: StructureOptions, seed: UInt64) throws(StructureError) {
    self.options = options
    self.seed = seed
    connections = try Connections(network, options, seed: seed)
    memory = options.growth == .momentum ? [Float](repeating: 0, count: network.parameters.count) : []
  }

  mutating func resume(exists: [Bool], memory: [Float]) throws(StructureError) {
    guard memory.count == self.memory.count else { throw .otherNetwork }
    connections = try connections.with(exists: exists)
    self.memory = memory
    moved = 0
    fresh = []
  }

  /// Weights as they begin: those that exist are larger by as much as there are fewer of them, so that the currents vary
  /// as those of the full network do.
  func begin(_ parameters: inout [Float]) {
    connections.clear(&parameters)
    for matrix in connections.matrices {
      let gain = Float(1 / matrix.density.squareRoot())
      for index in matrix.range { parameters[index] *= gain }
    }
  }

  var exists: [Bool] { connections.exists }
  var density: Double { connections.density }
  var isFinal: Bool { true }

  mutating func takeTurnover() -> Double {
    defer { moved = 0 }
    return Double(moved) / Double(max(connections.matrices.reduce(0) { $0 + $1.kept }, 1))
  }

  private func isDue(_ step: Int, of total: Int) -> Bool {
    step > 0 && step % options.interval == 0 && options.fraction(atStep: step, of: total) > 0
  }

  mutating func willStep(_ runner: BatchRunner<Float>, step: Int, of total: Int) {
    let gradient = runner.gradient.base
    if !memory.isEmpty {
      for matrix in connections.matrices {
        for index in matrix.range { memory[index] = 0.9 * memory[index] + 0.1 * gradient[index] }
      }
    }
    if isDue(step, of: total) { fresh = runner.gradient.array }
    connections.clear(gradient)
  }

  mutating func didStep(
    _ runner: BatchRunner<Float>, _ optimiser: inout Optimiser<Float>, step: Int, of total: Int
  ) {
    let weights = runner.parameters.base
    if isDue(step, of: total) {
      let fraction = options.fraction(atStep: step, of: total)
      for (index, matrix) in connections.matrices.enumerated() {
        var random = RandomStream(seed: seed, purpose: "growth \(step)", index: index)
        let chance = options.growth == .random ? matrix.range.map { _ in Float(random.uniform(in: 0...1)) } : []
        let grown = connections.rewire(
          index, count: Int(fraction * Double(matrix.kept)),
          worth: { options.pruning == .magnitude ? abs(weights[$0]) : abs(weights[$0] * fresh[$0]) },
          promise: { place in
            switch options.growth {
            case .none: 0
            case .random: chance[place - matrix.range.lowerBound]
            case .gradient: abs(fresh[place])
            case .momentum: abs(memory[place])
            }
          })
        moved += grown.count
      }
      // A weight that comes back must not go on where it was when it left.
      connections.clear(&optimiser.first)
      connections.clear(&optimiser.second)
      fresh = []
    }
    connections.clear(weights)
  }
}
