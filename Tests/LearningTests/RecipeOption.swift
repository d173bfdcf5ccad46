import Foundation
import Learning
import Testing

/// An option of a recipe with values that it must not have and values that it may.
struct RecipeOption: CustomTestStringConvertible, Sendable {
  /// The recipe that it is tried in.
  enum Base: Sendable { case sound, events, bands, atoms }

  let base: Base
  /// Names and, in lists, numbers, as `network.layers.0.dense.units`.
  let path: String
  /// YAML of what is refused and of what is taken.
  let refused: [String]
  let taken: [String]
  /// What else has to be there.
  let beside: [String: String]
  let isNumber: Bool

  var testDescription: String { path }

  init(
    _ path: String, no refused: [String], yes taken: [String], beside: [String: String] = [:], base: Base = .sound,
    isNumber: Bool = true
  ) {
    self.base = base
    self.path = path
    self.refused = refused
    self.taken = taken
    self.beside = beside
    self.isNumber = isNumber
  }

  /// A word of several, true or false, a text or a list of texts.
  static func word(
    _ path: String, no refused: [String], yes taken: [String], beside: [String: String] = [:], base: Base = .sound
  ) -> Self {
    Self(path, no: refused, yes: taken, beside: beside, base: base, isNumber: false)
  }

  /// The path as errors write it.
  var shown: String {
    path.split(separator: ".").reduce("") { text, part in
      Int(part) == nil ? (text.isEmpty ? String(part) : "\(text).\(part)") : "\(text)[\(part)]"
    }
  }
}

/// Recipes as trees of which single leaves are set.
enum RecipeTree {
  static let sound = #"""
    {"name": "toy", "data": {"layout": "folders"}, "encoder": {"spiketrum": {"sampleRate": 8000, "channels": 12}},
    "network": {"input": [36], "layers": [{"dense": {"units": 8}}, {"batchNorm": {}}, {"neurons": {"surrogate": "arctan"}},
    {"dropout": {"rate": 0.1}}, {"delay": {"maximum": 3}}, {"context": {"units": 2}}, {"dense": {"units": 2}}]},
    "training": {"epochs": 4, "optimiser": {"rate": 0.01}}}
    """#
  static let events = #"""
    {"name": "toy", "data": {"layout": "slayer"}, "encoder": {"events": {"width": 16, "height": 12, "binMicroseconds": 1000}},
    "network": {"input": [2, 12, 16], "layers": [{"channelsLast": {}}, {"conv": {"channels": 4}}, {"pool": {}},
    {"convLSTM": {"channels": 4, "attention": {}}}, {"flatten": {}}, {"dense": {"units": 10}}]},
    "training": {"epochs": 4, "optimiser": {"rate": 0.01}}}
    """#

  /// Mel bands into a network whose labels are made of several outputs.
  static let bands = sound.replacing(spikes, with: #""mel": {"sampleRate": 16000}"#)
    .replacing("[36]", with: "[40]")
    .replacing(#"{"dense": {"units": 2}}]"#, with: #"{"dense": {"units": 4}}, {"union": {"sizes": [1, 3]}}]"#)
  /// Energies of Spiketrum.
  static let atoms = sound.replacing(
    spikes, with: #""spiketrumBands": {"spiketrum": {"sampleRate": 8000, "channels": 36}}"#)

  private static let spikes = #""spiketrum": {"sampleRate": 8000, "channels": 12}"#

  private static func tree(_ base: RecipeOption.Base) -> String {
    switch base {
    case .sound: sound
    case .events: events
    case .bands: bands
    case .atoms: atoms
    }
  }

  /// YAML of a recipe in which leaves are set to YAML.
  static func yaml(_ base: RecipeOption.Base, _ leaves: [(path: String, value: String)]) throws -> String {
    var tree = try JSONSerialization.jsonObject(with: Data(tree(base).utf8))
    for (index, leaf) in leaves.enumerated() {
      tree = set(leaf.path.split(separator: ".").map(String.init)[...], of: tree, to: "__\(index)__")
    }
    var text = String(decoding: try JSONSerialization.data(withJSONObject: tree), as: UTF8.self)
    for (index, leaf) in leaves.enumerated() {
      text = text.replacingOccurrences(of: "\"__\(index)__\"", with: leaf.value)
    }
    return text
  }

  private static func set(_ path: ArraySlice<String>, of tree: Any?, to value: String) -> Any {
    guard let first = path.first else { return value }
    if var list = tree as? [Any], let index = Int(first) {
      list[index] = set(path.dropFirst(), of: list[index], to: value)
      return list
    }
    var map = tree as? [String: Any] ?? [:]
    map[first] = set(path.dropFirst(), of: map[first], to: value)
    return map
  }

  /// What a recipe is refused for; nil where it is taken.
  static func refusal(_ base: RecipeOption.Base, _ leaves: [(path: String, value: String)]) throws -> String? {
    let text = try yaml(base, leaves)
    do {
      _ = try Recipe(yaml: text, path: "toy.yaml")
      return nil
    } catch {
      return error.description
    }
  }
}
