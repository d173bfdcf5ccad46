import Tensors
import Testing

@testable import SpikingNetworks

@Suite("Dense synapses of which few exist")
struct SparseDenseTests {
  private func network<Scalar: Real>(density: Double, as _: Scalar.Type) throws -> Network<Scalar> {
    var network = try Network<Scalar>(
      NetworkDescription(
        input: [30],
        layers: [
          .dense(.init(units: 37, taps: 3, dilation: 2, bias: true)), .neurons(.init(decay: 0.7)),
          .dense(.init(units: 20)), .neurons(.init(decay: 0.6, surrogate: .sigmoid, surrogateWidth: 3)),
          .dense(.init(units: 4, bias: true)),
        ]), seed: 5)
    var random = RandomStream(seed: 8)
    for (_, specification, range) in network.named {
      for index in range {
        network.parameters[index] *= 3
        if specification.role == .weight, random.uniform() >= density { network.parameters[index] = 0 }
        if specification.role == .gain { network.parameters[index] += Scalar(random.uniform(in: -0.1...0.1)) }
      }
    }
    return network
  }

  @Test("Each step gives what the dense layers give, bit for bit")
  func steps() throws {
    let dense = try network(density: 0.15, as: Float.self)
    let sparse = dense.sparse()
    #expect(sparse.layers.filter { $0 is SparseDense<Float> }.count == 3)
    #expect(sparse.parameters.count < dense.parameters.count / 4)
    let sequence = randomSequences(shape: [30], steps: [60], density: 0.15, seed: 3)[0]
    var (denseState, sparseState) = (dense.makeState(), sparse.makeState())
    var fired = 0
    for step in 0..<60 {
      var (one, other) = ([Float](repeating: 0, count: 4), [Float](repeating: 0, count: 4))
      dense.step(frame(sequence, step: step), &denseState, logits: &one)
      sparse.step(frame(sequence, step: step), &sparseState, logits: &other)
      #expect(one.map(\.bitPattern) == other.map(\.bitPattern))
      fired += one != [0, 0, 0, 0] ? 1 : 0
    }
    #expect(denseState == sparseState)
    #expect(fired > 50)
  }

  @Test("Batches give the same logits and, of the weights there are, the same gradients")
  func batches() throws {
    let dense = try network(density: 0.15, as: Double.self)
    let sparse = dense.sparse()
    let sequences = randomSequences(shape: [30], steps: [9, 6, 8], density: 0.3, seed: 3)
    let runners = [dense, sparse].map { BatchRunner($0, lanes: Lanes(count: 2, threads: 1)) }
    for runner in runners {
      runner.forward(sequences, training: true)
      for index in 0..<runner.logits.count { runner.logitGradient.base[index] = runner.logits.base[index] - 1 }
      runner.backward()
    }
    #expect(zip(runners[0].logits.array, runners[1].logits.array).allSatisfy { abs($0 - $1) < 1e-12 })
    let present = dense.named.flatMap { name, specification, range in
      range.filter { specification.role != .weight || dense.parameters[$0] != 0 }
    }
    #expect(present.count == sparse.parameters.count)
    for (place, index) in present.enumerated() {
      #expect(abs(runners[0].gradient.base[index] - runners[1].gradient.base[place]) < 1e-10)
    }
    #expect(runners[1].gradient.array.count { $0 != 0 } > present.count / 2)
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
