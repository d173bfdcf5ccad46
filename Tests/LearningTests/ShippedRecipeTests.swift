import Foundation
import Learning
import SpikingNetworks
import Testing

@Suite("Shipped recipes")
struct ShippedRecipeTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples/recipes").standardizedFileURL.path

  @Test(
    "a shipped recipe is valid, its network takes what its encoder gives and has the outputs it should",
    arguments: [
      ("digits", 10), ("digits-small", 10), ("commands", 12), ("commands-small", 12), ("words", 10),
      ("commands-spiketrum", 12), ("commands-scbam", 12),
      ("event-digits", 10), ("event-digits-small", 10), ("dvs-gesture", 11),
    ])
  func valid(name: String, classes: Int) throws {
    let path = "\(Self.folder)/\(name).yaml"
    let recipe = try Recipe(yaml: String(contentsOfFile: path, encoding: .utf8), path: path)
    let network = try Network<Float>(recipe.network, seed: recipe.training.seed)
    #expect(network.inputWidth == recipe.encoder.shape.reduce(1, *))
    #expect(network.outputCount == classes)
  }
}
