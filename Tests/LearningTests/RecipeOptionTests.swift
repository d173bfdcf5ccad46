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

@Suite("Options of recipes")
struct RecipeOptionTests {
  private static let training: [RecipeOption] = [
    .init("training.epochs", no: ["0", "-1", "1.5", "many", "1000001"], yes: ["1", "1000"]),
    .init("training.batch", no: ["0", "-3"], yes: ["1", "64"]),
    .init("training.seed", no: ["-1", "0.5"], yes: ["0", "18446744073709551615"]),
    .init("decision.patienceSteps", no: ["0", "-1", "1.5"], yes: ["1", "10"]),
    .init("training.balance", no: ["-0.1", "1.1"], yes: ["0", "0.5", "1"]),
    .init("training.loss.parts", no: ["-0.1", "1001"], yes: ["0", "0.5"], base: .bands),
    .init("training.averaging", no: ["1", "-0.1"], yes: ["0", "0.999"]),
    .init("training.window.steps", no: ["0", "-5"], yes: ["1", "50"], base: .events),
    .word(
      "training.window.truncated", no: ["3"], yes: ["true"], beside: ["training.window.steps": "4"],
      base: .events),
    .word("training.loss.kind", no: ["mean"], yes: ["temporalEfficient", "meanSquare"]),
    .init("training.loss.labelSmoothing", no: ["1.5", "1", "-0.1"], yes: ["0", "0.1"]),
    .init("training.loss.regularisation", no: ["-0.1", "1.1"], yes: ["0", "1"]),
    .init("training.loss.rates.strength", no: ["-1"], yes: ["0", "10"]),
    .init("training.loss.rates.lower", no: ["-0.1", "1.1", "0.5"], yes: ["0.2"], beside: rates),
    .init(
      "training.loss.rates.upper", no: ["255.1", "-0.1"], yes: ["1"], beside: ["training.loss.rates.strength": "1"]),
    .init("training.optimiser.rate", no: ["0", "-0.01", "101"], yes: ["1e-5", "1"]),
    .word("training.optimiser.schedule", no: ["cosin", "3"], yes: ["constant", "oneCycle", "cosine"]),
    .init("training.optimiser.warmUp", no: ["3", "-0.1"], yes: ["0", "1"]),
    .init("training.optimiser.beta1", no: ["1", "-0.1"], yes: ["0", "0.99"]),
    .init("training.optimiser.beta2", no: ["1", "-0.1"], yes: ["0", "0.99"]),
    .init("training.optimiser.epsilon", no: ["0", "2"], yes: ["1e-8"]),
    .init("training.optimiser.weightDecay", no: ["-0.1", "101"], yes: ["0", "0.1"]),
    .init("training.optimiser.clip", no: ["-1"], yes: ["0", "5"]),
    .init("training.optimiser.momentum", no: ["1", "-0.5"], yes: ["0", "0.9"]),
    .init("training.structure.density", no: ["0", "0.0001", "1.1", "-1"], yes: ["0.5", "1"]),
    .word("training.structure.layout", no: ["even"], yes: ["uniform"], beside: structure),
    .word("training.structure.pruning", no: ["random"], yes: ["gradient"], beside: structure),
    .word("training.structure.growth", no: ["slow"], yes: ["none", "momentum"], beside: structure),
    .init("training.structure.block", no: ["0", "1025"], yes: ["1", "8"], beside: structure),
    .init("training.structure.fraction", no: ["-0.1", "1.1"], yes: ["0", "1"], beside: structure),
    .init("training.structure.interval", no: ["0"], yes: ["1"], beside: structure),
    .init("training.structure.until", no: ["-0.1", "1.1"], yes: ["0", "1"], beside: structure),
    .init("training.channels.keep", no: ["0", "1.1"], yes: ["0.1", "1"]),
    .word("training.channels.score", no: ["best"], yes: ["rate"], beside: channels),
    .init("training.channels.regrow", no: ["1", "-0.1"], yes: ["0", "0.9"], beside: channels),
    .init("training.channels.interval", no: ["0"], yes: ["1"], beside: channels),
    .init("training.channels.until", no: ["0", "1.1"], yes: ["0.1", "1"], beside: channels),
    .init("training.channels.recordings", no: ["0"], yes: ["1"], beside: channels),
    .init("training.distillation.virtual", no: ["0", "1"], yes: ["0.9"]),
    .init("training.distillation.weight", no: ["-0.1", "1.1"], yes: ["0", "1"], beside: teacher),
    .init("training.distillation.temperature", no: ["0", "-1"], yes: ["2"], beside: teacher),
    .init("training.distillation.featureWeight", no: ["-1"], yes: ["0"], beside: teacher),
    .init("training.distillation.attentionWeight", no: ["-1"], yes: ["0"], beside: teacher),
    .init("training.distillation.labelled", no: ["0"], yes: ["1"], beside: teacher),
    .word("training.distillation.model", no: ["''", "[]"], yes: ["a.safetensors"]),
    .word("training.distillation.features", no: ["3", "[{student: 1}]"], yes: ["[]"], beside: teacher),
    .word("training.distillation.attention", no: ["3", "[{student: -1, teacher: 2}]"], yes: ["[]"], beside: teacher),
    .word(
      "training.distillation.joint",
      no: ["3", "{input: [35], layers: [{dense: {units: 2}}]}", "{input: [36], layers: [{dense: {units: 3}}]}"],
      yes: ["{input: [12, 3], layers: [{flatten: {}}, {dense: {units: 2}}]}"]),
    .init("training.beginning.firingRate", no: ["0", "1"], yes: ["0.1"]),
    .word("training.beginning.model", no: ["''"], yes: ["a.safetensors"]),
  ]
  private static let rates = ["training.loss.rates.strength": "1", "training.loss.rates.upper": "0.3"]
  private static let structure = ["training.structure.density": "0.5"]
  private static let channels = ["training.channels.keep": "0.5"]
  private static let teacher = ["training.distillation.virtual": "0.9"]

  private static let senses: [RecipeOption] = [
    .init("encoder.spiketrum.sampleRate", no: ["0", "999", "8000.5", "768001"], yes: ["16000"]),
    .init("encoder.spiketrum.channels", no: ["0", "1025"], yes: ["12"]),
    .init("encoder.spiketrum.lowestFrequency", no: ["0", "3601"], yes: ["50"]),
    .init("encoder.spiketrum.highPassFrequency", no: ["-1", "4000"], yes: ["0", "40"]),
    .init("encoder.spiketrum.highestFrequency", no: ["0", "4000"], yes: ["3000"]),
    .init("encoder.spiketrum.spikesPerSecond", no: ["0", "8001"], yes: ["8000"]),
    .init("encoder.spiketrum.silenceThreshold", no: ["0", "1.1"], yes: ["0.01"]),
    .init("encoder.spiketrum.binMicroseconds", no: ["99", "10000001"], yes: ["100", "20000"]),
    .init("encoder.spiketrum.countClip", no: ["0", "-1"], yes: ["1"]),
    .word(
      "encoder.spiketrum.levelEdges", no: ["[-10, -20]", "[-10, 1]", "[.nan, -1]", "x"], yes: ["[-20, -10]"]),
    .init("encoder.spiketrum.evenLevels", no: ["-1", "65"], yes: ["0", "3"]),
    .init("encoder.spiketrum.peakDecay", no: ["-1", "1001"], yes: ["0", "10"]),
    .init("encoder.spiketrum.dropBelowPeak", no: ["0", "201"], yes: ["40"]),
    .init("encoder.spiketrum.lookAheadMicroseconds", no: ["-1", "60000001"], yes: ["0"]),
    .init("encoder.spiketrum.startingPrice", no: ["0", "1.1"], yes: ["0.01"]),
    .init("encoder.spiketrum.dynamicRange", no: ["0", "121"], yes: ["30"]),
    .init("encoder.events.width", no: ["0", "65537"], yes: ["16"], base: .events),
    .init("encoder.events.height", no: ["0", "65537"], yes: ["12"], base: .events),
    .init("encoder.events.binMicroseconds", no: ["0", "60000001"], yes: ["1", "50000"], base: .events),
    .init("encoder.events.downsampling", no: ["0", "65537"], yes: ["1"], base: .events),
    .word("encoder.events.mode", no: ["count"], yes: ["counts", "binary"], base: .events),
    .init("encoder.events.maximumCount", no: ["0", "1000001"], yes: ["4"], base: .events),
    .init("sound.variants", no: ["-3", "1001"], yes: ["0", "3"]),
    .init("sound.speed", no: ["-0.1", "0.95"], yes: ["0", "0.2"]),
    .init("sound.gain", no: ["-1", "61"], yes: ["0", "6"]),
    .init("sound.tilt", no: ["-0.1", "1"], yes: ["0", "0.6"]),
    .init("sound.noiseChance", no: ["-0.1", "1.1"], yes: ["0", "1"]),
    .word("sound.noiseDecibels", no: ["[1]", "[30, 5]", "[-50, 3]", "[1, .nan]", "5"], yes: ["[5, 5]", "[-40, 100]"]),
    .init("sound.colouredChance", no: ["-0.1", "1.1"], yes: ["0", "1"]),
    .word("sound.colourSlope", no: ["[1]", "[1, 0.5]", "[0, 2.1]", "[-0.1, 1]", "1"], yes: ["[0, 2]", "[1, 1]"]),
    .init(
      "sound.babbleChance", no: ["-0.1", "1.1", "0.6"], yes: ["0", "0.5"], beside: ["sound.colouredChance": "0.5"]),
    .word("sound.babbleVoices", no: ["[2]", "[6, 2]", "[0, 2]", "[2, 101]", "[2.5, 3]"], yes: ["[1, 1]", "[2, 100]"]),
    .word("sound.noiseFolder", no: ["''"], yes: ["noise"]),
    .init("sound.shiftMicroseconds", no: ["-1", "10000001"], yes: ["0", "20000"]),
    .init("sound.leadMicroseconds", no: ["-1", "60000001"], yes: ["0", "1500000"]),
    .init("spikes.channelShift", no: ["-1", "12"], yes: ["0", "11"]),
    .init("spikes.channelMask", no: ["-1", "12"], yes: ["0", "11"]),
    .init("spikes.shift", no: ["-1", "0.5"], yes: ["0", "10"]),
    .init("spikes.timeMask", no: ["-1", "100001"], yes: ["0", "5"]),
    .init("spikes.loss", no: ["-0.1", "1"], yes: ["0", "0.5"]),
    .init("spikes.stretch", no: ["2", "1", "-0.1"], yes: ["0", "0.2"]),
    .init("spikes.pixelShift", no: ["-1", "12"], yes: ["0", "11"], base: .events),
    .init("spikes.crop", no: ["-0.1", "1"], yes: ["0", "0.5"]),
    .init("spikes.timeJitter", no: ["-1", "100001"], yes: ["0", "2"]),
    .word("spikes.flip", no: ["3"], yes: ["true"]),
    .word("spikes.polarityFlip", no: ["maybe"], yes: ["false"]),
    .init("decision.windowMicroseconds", no: ["0", "-1"], yes: ["1", "1000000"]),
    .init("decision.gapMicroseconds", no: ["0", "-1"], yes: ["1", "300000"]),
    .init("decision.threshold", no: ["-0.1", "1.1"], yes: ["0", "1"]),
    .word("decision.backgroundLabels", no: ["[a, a]", "3"], yes: ["[a]"]),
    .word("data.layout", no: ["folder", "3"], yes: ["fsdd", "dvsGesture"]),
    .word("data.path", no: ["''"], yes: ["here", "2020"]),
    .word("data.labels", no: ["[]", "[a, a]", "['', a]", "3"], yes: ["[yes, no]"]),
    .word("data.allowRepeats", no: ["perhaps"], yes: ["true"]),
    .word("data.leaveOut", no: ["bob"], yes: []),
    .word("data.leaveOut", no: [], yes: ["bob"], beside: ["data.layout": "fsdd"]),
    .word(
      "data.validateOn", no: ["bob"], yes: ["eve"], beside: ["data.layout": "fsdd", "data.leaveOut": "bob"]),
    .word("data.validationList", no: ["a.txt"], yes: [], base: .events),
    .word("data.testList", no: ["a.txt"], yes: [], base: .events),
    .word("data.testList", no: ["''"], yes: ["a.txt"]),
    .word("data.trainOnAll", no: ["true"], yes: ["false"]),
    .word("data.inputFormat", no: ["mp4"], yes: ["evt3"], base: .events),
    .word("data.timeUnit", no: ["hours"], yes: ["us"], base: .events),
    .word("data.filters", no: ["[blur=3]", "[]", "x"], yes: ["[hot-pixels=5, flicker]"], base: .events),
    .word("data.fit", no: ["letterbox"], yes: ["crop", "'region=0,0,16,16'"], base: .events),
    .word("data.turn", no: ["45"], yes: ["180"], base: .events),
    .word("data.mirror", no: ["perhaps"], yes: ["true"], base: .events),
    .word("name", no: ["''", "a/b"], yes: ["words"]),
  ]

  private static let layers: [RecipeOption] = [
    .word(
      "network.input", no: ["[35]", "[]", "[0, 36]", "[-36]", "x", "[1048576, 1048576, 1048576, 1048576]"],
      yes: ["[36]"]),
    .init("network.layers.0.dense.units", no: ["0", "1000001"], yes: ["1"]),
    .init("network.layers.0.dense.taps", no: ["0", "100001"], yes: ["5"]),
    .init("network.layers.0.dense.dilation", no: ["0"], yes: ["4"]),
    .word("network.layers.0.dense.bias", no: ["3"], yes: ["true"]),
    .init("network.layers.1.batchNorm.momentum", no: ["-0.1", "1.1"], yes: ["0.1", "1"]),
    .init("network.layers.1.batchNorm.epsilon", no: ["0"], yes: ["1e-5"]),
    .init("network.layers.1.batchNorm.gain", no: ["-1"], yes: ["0", "0.5"]),
    .init("network.layers.2.neurons.decay", no: ["-0.1", "1.1"], yes: ["0", "1"]),
    .word("network.layers.2.neurons.learnedDecay", no: ["all"], yes: ["layer", "neuron"]),
    .word("network.layers.2.neurons.inputScale", no: ["big"], yes: ["leaky"]),
    .init("network.layers.2.neurons.threshold", no: ["0", "-1"], yes: ["0.5"]),
    .init("network.layers.2.neurons.initialPotential", no: ["-0.1", "1"], yes: ["0", "0.5"]),
    .word("network.layers.2.neurons.reset", no: ["late"], yes: ["hard", "none"]),
    .word("network.layers.2.neurons.resetDetached", no: ["3"], yes: ["false"]),
    .word("network.layers.2.neurons.surrogate", no: ["square"], yes: ["sigmoid"]),
    .init("network.layers.2.neurons.surrogateWidth", no: ["0", "1001"], yes: ["2"]),
    .init("network.layers.2.neurons.refractorySteps", no: ["-1", "100001"], yes: ["0", "3"]),
    .init("network.layers.2.neurons.adaptationStrength", no: ["-1"], yes: ["0", "1.8"]),
    .init("network.layers.2.neurons.adaptationDecay", no: ["-0.1", "1.1"], yes: ["0", "1"]),
    .init("network.layers.2.neurons.synapticDecay", no: ["-0.1", "1"], yes: ["0", "0.9"]),
    .word("network.layers.2.neurons.recurrent", no: ["3"], yes: ["true"]),
    .word("network.layers.2.neurons.silentNeuronsLearnNothing", no: ["3"], yes: ["true"]),
    .word("network.layers.2.neurons.output", no: ["current"], yes: ["spikes"]),
    .init("network.layers.2.neurons.maximumSpikes", no: ["0", "256"], yes: ["1", "6"]),
    .word("network.layers.2.neurons.learnedThreshold", no: ["all"], yes: ["layer", "neuron"]),
    .init(
      "network.layers.2.neurons.decaySpread", no: ["-1", "10.1"], yes: ["0", "2"],
      beside: ["network.layers.2.neurons.learnedDecay": "\"neuron\""]),
    .init("network.layers.2.neurons.subthresholdStrength", no: ["-1001"], yes: ["-0.1", "0.5"]),
    .init("network.layers.3.dropout.rate", no: ["-0.1", "1"], yes: ["0", "0.5"]),
    .init("network.layers.4.delay.maximum", no: ["0", "100001"], yes: ["1"]),
    .init("network.layers.5.context.units", no: ["0", "1025"], yes: ["1"]),
    .init("network.layers.5.context.deviation", no: ["-1"], yes: ["0"]),
    .init("network.layers.1.conv.channels", no: ["0", "1000001"], yes: ["3"], base: .events),
    .init("network.layers.1.conv.kernel", no: ["0", "10001", "[3]", "[3, 0]"], yes: ["5", "[3, 5]"], base: .events),
    .init("network.layers.1.conv.stride", no: ["0"], yes: ["2", "[1, 2]"], base: .events),
    .init("network.layers.1.conv.padding", no: ["-1", "10001"], yes: ["0", "1", "[0, 1]"], base: .events),
    .init("network.layers.1.conv.groups", no: ["0", "3"], yes: ["2"], base: .events),
    .word("network.layers.1.conv.bias", no: ["3"], yes: ["true"], base: .events),
    .word("network.layers.2.pool.kind", no: ["mean"], yes: ["max", "sum"], base: .events),
    .init("network.layers.2.pool.size", no: ["0", "13"], yes: ["3", "[1, 2]"], base: .events),
    .init("network.layers.2.pool.stride", no: ["0"], yes: ["1"], base: .events),
    .init("network.layers.3.convLSTM.channels", no: ["0"], yes: ["2"], base: .events),
    .init(
      "network.layers.3.convLSTM.kernel", no: ["0", "2", "[3]", "[1, 2]"], yes: ["5", "[1, 3]"], base: .events),
    .init("network.layers.3.convLSTM.threshold", no: ["1", "-1"], yes: ["0.3"], base: .events),
    .word("network.layers.3.convLSTM.surrogate", no: ["square"], yes: ["arctan"], base: .events),
    .init("network.layers.3.convLSTM.surrogateWidth", no: ["0"], yes: ["2"], base: .events),
    .init("network.layers.3.convLSTM.forgetBias", no: ["-101", "101"], yes: ["-2"], base: .events),
    .word("network.layers.3.convLSTM.output", no: ["logits"], yes: ["hidden"], base: .events),
    .word("network.layers.3.convLSTM.attention.kind", no: ["all"], yes: ["none", "spatial"], base: .events),
    .word("network.layers.3.convLSTM.attention.placement", no: ["output"], yes: ["hidden"], base: .events),
    .word("network.layers.3.convLSTM.attention.output", no: ["hard"], yes: ["soft", "lif"], base: .events),
    .init("network.layers.3.convLSTM.attention.reduction", no: ["0"], yes: ["4"], base: .events),
    .init("network.layers.3.convLSTM.attention.kernel", no: ["0", "2"], yes: ["5"], base: .events),
    .init("network.layers.3.convLSTM.attention.decay", no: ["-0.1", "1"], yes: ["0.9"], base: .events),
  ]

  private static let bands: [RecipeOption] = [
    .word("network.layers.7.union.sizes", no: ["[]", "[0, 4]", "[2, 3]", "4"], yes: ["[2, 2]"], base: .bands),
    .init("encoder.mel.sampleRate", no: ["0", "999"], yes: ["16000"], base: .bands),
    .init("encoder.mel.bands", no: ["0", "1025"], yes: ["40"], base: .bands),
    .init("encoder.mel.lowestFrequency", no: ["0", "7000"], yes: ["100"], base: .bands),
    .init("encoder.mel.highestFrequency", no: ["0", "8001"], yes: ["8000"], base: .bands),
    .init("encoder.mel.highPassFrequency", no: ["-1", "7000"], yes: ["0", "50"], base: .bands),
    .init("encoder.mel.windowMicroseconds", no: ["999", "1000001"], yes: ["32000"], base: .bands),
    .init("encoder.mel.stepMicroseconds", no: ["999"], yes: ["20000"], base: .bands),
    .init("encoder.mel.silenceThreshold", no: ["-0.1", "1.1"], yes: ["0"], base: .bands),
    .init("encoder.mel.holdMicroseconds", no: ["-1", "60000001", "0.5"], yes: ["0", "300000"], base: .bands),
    .init("encoder.mel.logarithmFloor", no: ["0", "1.1"], yes: ["1e-6"], base: .bands),
    .init("encoder.mel.energyNormalisation.smoothing", no: ["0", "1.1"], yes: ["0.1"], base: .bands),
    .init("encoder.mel.energyNormalisation.gain", no: ["-0.1", "1.1"], yes: ["0.98"], base: .bands),
    .init("encoder.mel.energyNormalisation.bias", no: ["-1"], yes: ["0"], base: .bands),
    .init("encoder.mel.energyNormalisation.root", no: ["0", "1.1"], yes: ["1"], base: .bands),
    .init("encoder.mel.energyNormalisation.floor", no: ["0"], yes: ["1e-9"], base: .bands),
    .init("encoder.spiketrumBands.scale", no: ["0", "-1"], yes: ["1"], base: .atoms),
    .init("encoder.spiketrumBands.logarithmFloor", no: ["0"], yes: ["1e-6"], base: .atoms),
    .init("encoder.spiketrumBands.energyNormalisation.gain", no: ["1.1"], yes: ["0.5"], base: .atoms),
  ]

  static let all = training + senses + layers + bands

  @Test("outside its range an option is refused by its name, within it is taken", arguments: all)
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
    let tried = Set(Self.all.map(\.path))
    let sections = Set(
      tried.filter { $0.contains(".") }.map { $0.split(separator: ".").dropLast().joined(separator: ".") })
    for section in sections.sorted() {
      let base: RecipeOption.Base =
        Self.all.first { $0.path.hasPrefix(section + ".") }?.base ?? .sound
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
