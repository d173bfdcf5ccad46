import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Dense synapses of which few exist")
struct SparseDenseTests {
  /// Three layers; their units are multiples of eight where connections come in blocks of so many.
  private func network<Scalar: Real>(density: Double, block: Int = 1, as _: Scalar.Type) throws -> Network<Scalar> {
    let units = block == 1 ? [37, 20, 4] : [40, 24, 8]
    var network = try Network<Scalar>(
      NetworkDescription(
        input: [30],
        layers: [
          .dense(.init(units: units[0], taps: 3, dilation: 2, bias: true)), .neurons(.init(decay: 0.7)),
          .dense(.init(units: units[1])), .neurons(.init(decay: 0.6, surrogate: .sigmoid, surrogateWidth: 3)),
          .dense(.init(units: units[2], bias: true)),
        ]), seed: 5)
    var random = RandomStream(seed: 8)
    for (_, specification, range) in network.named {
      var isAbsent = false
      for index in range {
        network.parameters[index] *= block == 1 ? 6 : 3
        if (index - range.lowerBound) % block == 0 { isAbsent = random.uniform() >= density }
        if specification.role == .weight, isAbsent { network.parameters[index] = 0 }
        if specification.role == .gain { network.parameters[index] += Scalar(random.uniform(in: -0.1...0.1)) }
      }
    }
    return network
  }

  @Test("Each step gives what the dense layers give, but for rounding", arguments: [1, 8])
  func steps(block: Int) throws {
    let dense = try network(density: block == 1 ? 0.1 : 0.4, block: block, as: Double.self)
    let sparse = dense.sparse(below: 0.3)
    #expect(sparse.layers.filter { $0 is SparseDense<Double> }.count == 3)
    let present = dense.parameters.count { $0 != 0 }
    #expect(sparse.parameters.count == present)
    let sequence = randomSequences(shape: [30], steps: [60], density: 0.15, seed: 3)[0]
    var (denseState, sparseState) = (dense.makeState(), sparse.makeState())
    var fired = 0
    for step in 0..<60 {
      var (one, other) = (
        [Double](repeating: 0, count: dense.outputCount), [Double](repeating: 0, count: dense.outputCount)
      )
      dense.step(frame(sequence, step: step), &denseState, logits: &one)
      sparse.step(frame(sequence, step: step), &sparseState, logits: &other)
      #expect(zip(one, other).allSatisfy { abs($0 - $1) < 1e-12 })
      fired += one.contains { abs($0) > 0.1 } ? 1 : 0
    }
    #expect(fired > 30)
  }

  @Test("Batches give the same logits and, of the weights there are, the same gradients", arguments: [1, 8])
  func batches(block: Int) throws {
    let dense = try network(density: block == 1 ? 0.1 : 0.4, block: block, as: Double.self)
    let sparse = dense.sparse(below: 0.3)
    let units = block == 1 ? 37 : 40
    let sequences = randomSequences(shape: [30], steps: [9, 6, 8], density: 0.3, seed: 3)
    let runners = [dense, sparse].map { BatchRunner($0, lanes: Lanes(count: 2, threads: 1)) }
    for runner in runners {
      runner.forward(sequences, training: true)
      for index in 0..<runner.logits.count { runner.logitGradient.base[index] = runner.logits.base[index] - 1 }
      runner.backward()
    }
    #expect(zip(runners[0].logits.array, runners[1].logits.array).allSatisfy { abs($0 - $1) < 1e-12 })
    // The first layer's 30 x `units` weights a tap are kept input after input.
    func place(_ index: Int) -> Int {
      guard index < 3 * 30 * units else { return index }
      let (tap, rest) = index.quotientAndRemainder(dividingBy: 30 * units)
      return rest / units * 3 * units + tap * units + rest % units
    }
    let present = dense.named.flatMap { name, specification, range in
      range.filter { specification.role != .weight || dense.parameters[$0] != 0 }
    }.sorted { place($0) < place($1) }
    #expect(present.count == sparse.parameters.count)
    let errors = present.enumerated().map { place, index in
      abs(runners[0].gradient.base[index] - runners[1].gradient.base[place])
    }
    #expect((errors.max() ?? 1) < 1e-10)
    #expect(runners[1].gradient.array.count { $0 != 0 } > present.count / 3)
  }

  @Test("A layer that is not sparse, and one without any weight, are both right")
  func extremes() throws {
    let full = try network(density: 1, as: Float.self)
    #expect(full.sparse().layers.allSatisfy { !($0 is SparseDense<Float>) })
    let empty = try network(density: 0, as: Float.self).sparse()
    var state = empty.makeState()
    var logits = [Float](repeating: 9, count: 4)
    empty.step(
      frame(randomSequences(shape: [30], steps: [1], density: 0.5, seed: 1)[0], step: 0), &state, logits: &logits)
    #expect(logits.allSatisfy { abs($0) <= 0.1 } && logits.contains { $0 != 0 })
  }
}
