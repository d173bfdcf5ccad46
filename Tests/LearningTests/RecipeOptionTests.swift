import Foundation
import Learning
import Testing

@Suite("Options of recipes")
struct RecipeOptionTests {
  @Test("outside its range an option is refused by its name, within it is taken", arguments: RecipeOption.all)
  func range(_ option: RecipeOption) throws {
    let beside = option.beside.sorted { $0.key < $1.key }.map { (path: $0.key, value: $0.value) }
    let numbers = option.isNumber ? [".nan", ".inf", "-.inf", "[1]", "much"] : []
    for value in option.refused + numbers where !(option.refused.isEmpty) {
      let refusal = try RecipeTree.refusal(option.base, beside + [(option.path, value)])
      let text = try #require(refusal, "\(option.path): \(value) is taken")
      let leaf = option.path.split(separator: ".").last.map(String.init) ?? ""
      // What does not fit is told of the layer, whose options it concerns.
      let section = option.shown.split(separator: ".").dropLast().joined(separator: ".")
      let isNamed = text.contains(leaf) || !section.isEmpty && text.contains("\(section): ")
      #expect(text.hasPrefix("toy.yaml:1: ") && isNamed, "\(text)")
    }
    for value in option.taken {
      let refusal = try RecipeTree.refusal(option.base, beside + [(option.path, value)])
      #expect(refusal == nil, "\(option.path): \(value) is refused: \(refusal ?? "")")
    }
  }

  @Test("no option is without a test of its range")
  func complete() throws {
    let untold: Set<String> = [
      // Read as text by those who read recordings, and tested there.
      "data.sensor", "data.aedat2Layout", "data.csvColumns", "data.group", "data.stream", "data.sample", "data.raw",
      "data.channel", "data.gain", "training.distillation.joint.input", "training.distillation.joint.layers",
      "network.layers",
      // Held in the tests of unions.
      "data.unions",
      // Sections that are tried in another place, with the same options.
      "encoder.spiketrumBands.spiketrum", "encoder.spiketrumBands.energyNormalisation.smoothing",
      "encoder.spiketrumBands.energyNormalisation.bias", "encoder.spiketrumBands.energyNormalisation.root",
      "encoder.spiketrumBands.energyNormalisation.floor",
    ]
    let tried = Set(RecipeOption.all.map(\.path))
    let sections = Set(
      tried.filter { $0.contains(".") }.map { $0.split(separator: ".").dropLast().joined(separator: ".") })
    for section in sections.sorted() {
      let base: RecipeOption.Base =
        RecipeOption.all.first { $0.path.hasPrefix(section + ".") }?.base ?? .sound
      let refusal = try #require(try RecipeTree.refusal(base, [("\(section).bogus", "1")]), "\(section)")
      let list = try #require(refusal.components(separatedBy: "known are ").dropFirst().first, "\(refusal)")
      for name in list.components(separatedBy: "; ")[0].components(separatedBy: ", ") {
        let path = "\(section).\(name)"
        let isSection = sections.contains(path) || sections.contains { $0.hasPrefix(path + ".") }
        #expect(isSection || tried.contains(path) || untold.contains(path), "\(path)")
      }
    }
  }

  @Test("the file's line, the option's path, the value and its range are named")
  func place() throws {
    let yaml = """
      name: toy
      data: {layout: folders}
      encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
      network:
        input: [36]
        layers:
          - dense: {units: 8}
          - neurons:
              decay: 0.8
              threshold: -1
          - dense: {units: 2}
      training:
        epochs: 1
        optimiser: {rate: 0.01}
      """
    func refusal(_ old: String, _ new: String) -> String {
      let text = yaml.replacingOccurrences(of: old, with: new)
      do {
        _ = try Recipe(yaml: text, path: "toy.yaml")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(
      refusal("", "")
        == "toy.yaml:10: network.layers[1].neurons.threshold: -1 is outside its range, over 0 and at most 1000000")
    let sound = "threshold: 1"
    func later(_ old: String, _ new: String) -> String {
      let text = yaml.replacingOccurrences(of: "threshold: -1", with: sound).replacingOccurrences(of: old, with: new)
      do {
        _ = try Recipe(yaml: text, path: "toy.yaml")
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(later("", "") == "")
    #expect(
      later("{rate: 0.01}", "{rate: -0.01}")
        == "toy.yaml:14: training.optimiser.rate: -0.01 is outside its range, over 0 and at most 100")
    #expect(later("epochs: 1", "epoch: 1").contains("toy.yaml:13: training.epoch: unknown option 'epoch'; known are"))
    #expect(later("epochs: 1", "epoch: 1").hasSuffix("; did you mean epochs?"))
    #expect(
      later("- dense: {units: 8}", "- dens: {units: 8}").hasPrefix(
        "toy.yaml:7: network.layers[0].dens: unknown layer 'dens'; known"))
    #expect(later("- dense: {units: 8}", "- dens: {units: 8}").hasSuffix("did you mean dense?"))
    #expect(
      later("input: [36]", "input: [24]")
        == "toy.yaml:5: network.input: [24] is 24 inputs, the encoder makes 36; write [36], or [12, 3] or [12, 1, 3]")
    #expect(later("input: [36]", "input: [12, 3]") == "")
    #expect(later("input: [36]", "inputs: [36]").contains("toy.yaml:5: network.inputs: unknown option"))
    #expect(
      later("- dense: {units: 8}", "- conv: {channels: 8}").hasPrefix("toy.yaml:7: network.layers[0].conv: takes a map")
    )
    #expect(later("epochs: 1", "epochs: 1\n  epochs: 2").hasPrefix("toy.yaml:13: given twice: epochs"))
    #expect(later("name: toy", "name: [").hasPrefix("toy.yaml:"))
    #expect(later("  epochs: 1\n", "") == "toy.yaml:12: training: 'epochs' is missing")
    #expect(later("decay: 0.8", "decay: 0.8\n        decay: 0.9").contains("given twice"))
  }

  @Test("a recipe may begin with a byte order mark")
  func byteOrderMark() throws {
    let text = try RecipeTree.yaml(.sound, [])
    let recipe = try Recipe(yaml: "\u{FEFF}" + text, path: "toy.yaml")
    #expect(recipe.name == "toy")
  }

  @Test("an option that does nothing is told")
  func idle() throws {
    func idle(_ base: RecipeOption.Base, _ leaves: [(path: String, value: String)]) throws -> [String] {
      try Recipe(yaml: RecipeTree.yaml(base, leaves), path: "toy.yaml").idle
    }
    func expect(_ base: RecipeOption.Base, _ leaves: [(path: String, value: String)], _ lines: [String]) throws {
      let found = try idle(base, leaves)
      #expect(found == lines)
    }
    try expect(.sound, [], [])
    try expect(.events, [], [])
    try expect(
      .sound, [("spikes.pixelShift", "3")],
      ["spikes.pixelShift does nothing: it is for events, the encoder hears sound"])
    try expect(.sound, [("sound.gain", "3")], ["sound does nothing: sound.variants is 0"])
    try expect(
      .events, [("sound.variants", "3")], ["sound does nothing: it is for sound, the encoder sees events"])
    try expect(
      .events, [("spikes.channelShift", "3")],
      ["spikes.channelShift does nothing: it is for sound, the encoder sees events"])
    try expect(
      .sound, [("training.loss.regularisation", "0.1")],
      ["training.loss.regularisation does nothing: it belongs to kind: temporalEfficient"])
    try expect(
      .sound, [("training.loss.regularisation", "0.1"), ("training.loss.kind", "temporalEfficient")], [])
    try expect(
      .sound, [("training.optimiser.momentum", "0.9"), ("training.optimiser.beta1", "0.8")],
      ["training.optimiser.beta1 does nothing: momentum makes it gradient descent, which has none"])
  }

  @Test("the network's input can name the encoder's channels and levels")
  func axes() throws {
    for (input, isInOrder) in [
      ("[36]", true), ("[12, 3]", true), ("[12, 1, 3]", true), ("[3, 12]", false), ("[6, 6]", false),
    ] {
      let yaml = try RecipeTree.yaml(
        .sound, [("network.input", input), ("network.layers.0", "{flatten: {}}"), ("network.layers.2", "{relu: {}}")])
      let recipe = try Recipe(yaml: yaml, path: "toy.yaml")
      #expect(recipe.readsAxesInOrder == isInOrder, "\(input)")
    }
  }
}
