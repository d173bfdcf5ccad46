import Learning
import Numerics
import SpikingNetworks
import Testing

@Suite("Optimisers")
struct OptimiserTests {
  /// A network of one weight and one bias, and a runner whose gradient can be written.
  private func runner() throws -> (Network<Double>, BatchRunner<Double>) {
    var network = try Network<Double>(
      NetworkDescription(input: [1], layers: [.dense(DenseDescription(units: 1, bias: true))]), seed: 1)
    network.parameters = [2, -1]
    return (network, BatchRunner(network, lanes: Lanes(threads: 1)))
  }

  @Test("momentum adds gradients up, and decay pulls on weights alone")
  func momentum() throws {
    let (network, runner) = try runner()
    var description = OptimiserDescription(rate: 0.1)
    description.schedule = .constant
    description.momentum = 0.5
    description.weightDecay = 0.25
    var optimiser = Optimiser(description, for: network)
    runner.gradient.array = [1, 4]
    _ = optimiser.step(runner, of: 10)
    // Velocities 1 + 0.25 * 2 and 4.
    #expect(runner.parameters.array == [2 - 0.1 * 1.5, -1 - 0.1 * 4])
    let weight = runner.parameters.base[0]
    runner.gradient.array = [0, 0]
    _ = optimiser.step(runner, of: 10)
    #expect(abs(runner.parameters.base[0] - (weight - 0.1 * (0.5 * 1.5 + 0.25 * weight))) < 1e-15)
    #expect(abs(runner.parameters.base[1] - (-1.4 - 0.1 * 2)) < 1e-15)
    #expect(optimiser.second == [0, 0])
  }

  @Test("without momentum the step is Adam's: its size does not depend on the gradient's")
  func adam() throws {
    let (network, runner) = try runner()
    var description = OptimiserDescription(rate: 0.1)
    description.schedule = .constant
    var optimiser = Optimiser(description, for: network)
    runner.gradient.array = [1000, -0.001]
    _ = optimiser.step(runner, of: 10)
    #expect(abs(runner.parameters.base[0] - 1.9) < 1e-9)
    #expect(abs(runner.parameters.base[1] + 0.9) < 1e-4)
  }

  @Test("decay beside Adam shrinks weights by a share of themselves, and leaves biases alone")
  func decay() throws {
    let (network, runner) = try runner()
    var description = OptimiserDescription(rate: 0.1)
    description.schedule = .constant
    description.weightDecay = 0.5
    var optimiser = Optimiser(description, for: network)
    runner.gradient.array = [0, 0]
    _ = optimiser.step(runner, of: 10)
    #expect(abs(runner.parameters.base[0] - 2 * (1 - 0.1 * 0.5)) < 1e-12)
    #expect(runner.parameters.base[1] == -1)
  }

  @Test("a gradient that is too long is cut to the length allowed, and its own length is told")
  func clip() throws {
    let (network, runner) = try runner()
    var description = OptimiserDescription(rate: 0.1)
    description.schedule = .constant
    description.momentum = 0
    description.clip = 1
    var optimiser = Optimiser(description, for: network)
    runner.gradient.array = [3, 4]
    #expect(optimiser.step(runner, of: 10) == 5)
    #expect(abs(runner.parameters.base[0] - (2 - 0.1 * 0.6)) < 1e-12)
    #expect(abs(runner.parameters.base[1] - (-1 - 0.1 * 0.8)) < 1e-12)
    runner.gradient.array = [0.3, 0.4]
    #expect(optimiser.step(runner, of: 10) == 0.5)
    #expect(abs(runner.parameters.base[0] - (2 - 0.1 * 0.9)) < 1e-12)
  }

  @Test("rates rise to their height, and fall along half a cosine to nothing")
  func schedules() {
    var description = OptimiserDescription(rate: 2)
    description.warmUp = 0.5
    func rates() -> [Double] { (0..<9).map { description.rate(atStep: $0, of: 8) } }
    func near(_ found: [Double], _ expected: [Double]) -> Bool {
      zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 }
    }
    let half = 2.0.squareRoot() / 2
    let fall = [2, 1 + half, 1, 1 - half, 0]
    description.schedule = .constant
    #expect(rates() == [Double](repeating: 2, count: 9))
    description.schedule = .cosine
    #expect(near(rates(), [0.5, 1, 1.5, 2] + fall))
    description.schedule = .oneCycle
    #expect(near(rates(), [1 - half, 1, 1 + half].reduce(into: [0.08]) { $0.append(0.08 + 0.96 * $1) } + fall))
  }
}
