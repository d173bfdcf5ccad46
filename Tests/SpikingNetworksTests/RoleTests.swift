import Testing

@testable import SpikingNetworks

/// What layers say of themselves to those that look at a network as a whole.
struct RoleTests {
  private func layers(_ input: [Int], _ descriptions: [LayerDescription]) throws -> [any Layer<Float>] {
    try Network<Float>(NetworkDescription(input: input, layers: descriptions), seed: 1).layers
  }

  @Test func aLayerSaysWhatItIs() throws {
    let flat = try layers(
      [6],
      [
        .dense(.init(units: 4)), .batchNorm(.init()), .context(.init(units: 2)), .neurons(.init()),
        .dropout(.init(rate: 0.1)),
        .dense(.init(units: 4)), .relu, .dense(.init(units: 5)), .union(.init(sizes: [1, 4])),
      ])
    #expect(
      flat.map(\.role) == [
        .dense, .normalisation, .context, .neurons, .passage, .dense, .rectifier, .dense, .union,
      ])
    let maps = try layers([2, 6, 6], [.channelsLast, .conv(.init(channels: 3, kernel: 3)), .flatten])
    #expect(maps.map(\.role) == [.passage, .convolution, .passage])
  }

  @Test func onlyContextUnitsTakeAContext() throws {
    let found = try layers([3], [.dense(.init(units: 4)), .context(.init(units: 2)), .neurons(.init())])
    #expect(found.map(\.contextCount) == [0, 2, 0])
  }

  @Test func aCounterGoesRoundAndBeginsAtZero() {
    var state: [Float] = [0, 0]
    state.withUnsafeMutableBufferPointer { scalars in
      guard let base = scalars.baseAddress else { return }
      let counter = CyclicCounter(base)
      #expect(counter.value == 0)
      #expect((0..<7).map { _ in counter.advance(of: 3) } == [1, 2, 0, 1, 2, 0, 1])
      let beginning = StreamBeginning(base + 1)
      #expect((0..<3).map { _ in beginning.take() } == [true, false, false])
    }
  }
}
