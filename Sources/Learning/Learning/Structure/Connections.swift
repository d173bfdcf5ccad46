import Failures
import Numerics
import SpikingNetworks

/// Which parameters of a network exist, layer by layer; those that do not are zero.
public struct Connections: Sendable, Equatable {
  /// The weights between two layers.
  public struct Matrix: Sendable, Equatable {
    public let range: Range<Int>
    /// Neighbours that exist or do not together; 1 where blocks of the size asked for do not fit the layer's units.
    public let block: Int
    /// How many of the weights exist: constant through all rewiring.
    public let kept: Int

    public var density: Double { Double(kept) / Double(range.count) }
    /// Where each block begins.
    var starts: StrideTo<Int> { stride(from: range.lowerBound, to: range.upperBound, by: block) }
  }

  public let matrices: [Matrix]
  /// For every parameter of the network whether it exists.
  public private(set) var exists: [Bool]

  /// Connections drawn at random, `seed` deciding.
  ///
  /// - Throws: `StructureError` where a network has no weights, or fewer connections are asked for than layers.
  public init(_ network: Network<Float>, _ options: StructureOptions, seed: UInt64) throws(StructureError) {
    let weights = network.named.filter { $0.specification.role == .weight }
    let all = weights.reduce(0) { $0 + $1.range.count }
    let units = weights.reduce(0) { $0 + ($1.specification.shape.last ?? 1) }
    let left = Int((options.density * Double(all)).rounded())
    // As many as there are weights is a full network, however narrow.
    guard left >= min(units, all) else {
      throw .fewerThanUnits(density: options.density, connections: left, units: units)
    }
    let densities = try Self.densities(
      weights.map(\.specification.shape), density: options.density, layout: options.layout)
    var matrices: [Matrix] = []
    var exists = [Bool](repeating: true, count: network.parameters.count)
    for (index, weight) in weights.enumerated() {
      let units = weight.specification.shape.last ?? 1
      let block = units % options.block == 0 ? options.block : 1
      let kept = max(1, Int((densities[index] * Double(weight.range.count / block)).rounded()))
      let matrix = Matrix(range: weight.range, block: block, kept: kept * block)
      matrices.append(matrix)
      var random = RandomStream(seed: seed, purpose: "connections", index: index)
      var starts = Array(matrix.starts)
      random.shuffle(&starts)
      for start in starts.dropFirst(kept) {
        for place in start..<start + block { exists[place] = false }
      }
    }
    self.matrices = matrices
    self.exists = exists
  }

  /// The same with the connections of a run that goes on.
  public func with(exists: [Bool]) throws(StructureError) -> Connections {
    guard exists.count == self.exists.count,
      matrices.allSatisfy({ matrix in matrix.range.count { exists[$0] } == matrix.kept })
    else { throw .otherNetwork }
    var connections = self
    connections.exists = exists
    return connections
  }

  /// Share of each matrix that exists, so that all together hold `density` of all weights; those that would need more than
  /// they have are full (Evci et al. 2020, section 3).
  static func densities(
    _ shapes: [[Int]], density: Double, layout: StructureOptions.Layout
  ) throws(StructureError) -> [Double] {
    guard !shapes.isEmpty else { throw .noWeights }
    let counts = shapes.map { Double($0.reduce(1, *)) }
    if layout == .uniform { return shapes.map { _ in density } }
    let shares = zip(shapes, counts).map { shape, count in
      let extents = layout == .erdosRenyi ? Array(shape.suffix(2)) : shape
      return Double(extents.reduce(0, +)) / count
    }
    var full = Set<Int>()
    while true {
      let rest = shapes.indices.filter { !full.contains($0) }
      guard !rest.isEmpty else { return counts.map { _ in 1 } }
      let wanted = density * counts.reduce(0, +) - full.reduce(0) { $0 + counts[$1] }
      let scale = wanted / rest.reduce(0) { $0 + shares[$1] * counts[$1] }
      guard scale > 0 else { throw .tooFew(density: density) }
      let over = rest.filter { scale * shares[$0] > 1 }
      if over.isEmpty { return shapes.indices.map { full.contains($0) ? 1 : scale * shares[$0] } }
      full.formUnion(over)
    }
  }

  /// Zeros where nothing exists.
  func clear(_ values: UnsafeMutablePointer<Float>) {
    for matrix in matrices {
      for index in matrix.range where !exists[index] { values[index] = 0 }
    }
  }

  func clear(_ values: inout [Float]) {
    for matrix in matrices {
      for index in matrix.range where !exists[index] { values[index] = 0 }
    }
  }

  /// Moves connections of one matrix: `count` of those that exist go, blocks with the smallest sum of `worth` first, and as
  /// many that did not exist come, blocks with the largest sum of `promise` first. Ties fall to the lower index.
  ///
  /// - Returns: indices of those that came.
  mutating func rewire(
    _ matrix: Int, count: Int, worth: (Int) -> Float, promise: (Int) -> Float
  ) -> [Int] {
    let (range, block, kept) = (matrices[matrix].range, matrices[matrix].block, matrices[matrix].kept)
    func sum(_ start: Int, _ value: (Int) -> Float) -> Float {
      (start + 1..<start + block).reduce(value(start)) { $0 + value($1) }
    }
    let absent = matrices[matrix].starts.filter { !exists[$0] }
    let moved = min(count / block, absent.count, kept / block)
    guard moved > 0 else { return [] }
    let present = matrices[matrix].starts.filter { exists[$0] }.map { (sum($0, worth), $0) }.sorted { $0 < $1 }
    let coming = absent.map { (-sum($0, promise), $0) }.sorted { $0 < $1 }.prefix(moved)
      .flatMap { $0.1..<$0.1 + block }
    for (_, start) in present.prefix(moved) {
      for index in start..<start + block { exists[index] = false }
    }
    for index in coming { exists[index] = true }
    precondition(range.count { exists[$0] } == kept, "rewiring keeps the number of connections")
    return coming
  }

  /// Weights that exist, of all there could be.
  public var density: Double {
    Double(matrices.reduce(0) { $0 + $1.kept }) / Double(max(matrices.reduce(0) { $0 + $1.range.count }, 1))
  }
}

/// Why a network cannot learn its structure as a recipe asks.
public enum StructureError: ReportedError, Equatable {
  case noWeights
  case tooFew(density: Double)
  case fewerThanUnits(density: Double, connections: Int, units: Int)
  case tooShort(epochs: Int, interval: Int)
  case otherNetwork
  case noChannels
  case silentSurrogate(layer: Int)

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .noWeights: "structure: the network has no weights to choose from"
    case .tooFew(let density): "structure: a density of \(density) leaves nothing for the larger layers; raise it"
    case .fewerThanUnits(let density, let connections, let units):
      "structure: a density of \(density) leaves \(connections) connections for \(units) units, so that most are never "
        + "reached; raise it"
    case .tooShort(let epochs, let interval):
      "channels: they are taken out every \(interval) epochs, and training has \(epochs); lower interval"
    case .otherNetwork: "structure: the connections belong to another network"
    case .noChannels:
      "channels: no layer can lose channels; it takes synapses (dense, conv) followed by batchNorm and neurons"
    case .silentSurrogate(let layer):
      "channels: the surrogate of layer \(layer) is zero for a neuron at rest, so that lost channels can never come back; "
        + "give it surrogate: arctan, sigmoid or fastSigmoid, or regrow: 0"
    }
  }
}
