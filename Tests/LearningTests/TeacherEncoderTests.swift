import Foundation
import ModelFiles
import Recognition
import SpikingNetworks
import Testing

@testable import Learning

@Suite("Encoders of the models that a recipe names")
struct TeacherEncoderTests {
  @Test("one whose options have options of their own is the same where those are, and another where one differs")
  func sameBands() throws {
    let recipe = try Recipe(yaml: RecipeTree.yaml(.bands, []), path: "toy.yaml")
    let other = try Recipe(
      yaml: RecipeTree.yaml(.bands, [("encoder.mel.energyNormalisation.gain", "0.7")]), path: "toy.yaml")
    let network = NetworkDescription(input: [40], layers: [.dense(.init(units: 2))])
    let model = try Model(
      manifest: ModelManifest(
        name: "bands", labels: ["a", "b"], network: network, encoder: recipe.encoder.configuration,
        decision: DecisionConfiguration(), training: TrainingRecord(seeds: [1], data: "none")),
      network: Network(network, seed: 1))
    // Many times, as what is compared has no order of its own.
    for _ in 0..<20 {
      try recipe.requireEncoder(of: model)
      #expect(recipe.remarks(teacher: nil, beginning: model).isEmpty)
    }
    #expect(throws: DistillationError.self) { try other.requireEncoder(of: model) }
    #expect(other.remarks(teacher: nil, beginning: model).first?.contains("(compression)") == true)
  }
}
