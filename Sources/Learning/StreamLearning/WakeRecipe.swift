/// The recipe by which a phrase becomes a wake word: the network and the settings that did best in
/// `Samples/results/wake-words.md`.
public enum WakeRecipe {
  /// Where its material is, as paths below the data folder or from the root.
  public struct Paths: Sendable {
    public var words: [String]
    public var speech: [String]
    public var noise: [String]
    public var validationList: String

    public init(words: [String], speech: [String], noise: [String], validationList: String) {
      self.words = words
      self.speech = speech
      self.noise = noise
      self.validationList = validationList
    }
  }

  /// The text of the recipe.
  ///
  /// - Parameters:
  ///   - label: what the model calls the phrase.
  ///   - chunks: pieces of 8 s that the network hears.
  ///   - hours: of talk on which thresholds are chosen.
  public static func yaml(name: String, label: String, paths: Paths, chunks: Int, hours: Double, seed: UInt64) -> String
  {
    func list(_ paths: [String]) -> String { "[" + paths.map(quoted).joined(separator: ", ") + "]" }
    return """
      name: \(quoted(name))
      stream:
        words:
          \(quoted(label)): \(list(paths.words))
        speech: \(list(paths.speech))
        noise: \(list(paths.noise))
        validationList: \(quoted(paths.validationList))
      encoder:
        mel:
          sampleRate: 16000
          silenceThreshold: 0
          energyNormalisation: {smoothing: 0.025, gain: 0.98, bias: 2, root: 0.5, floor: 0.00001}
      network:
        input: [40]
        layers:
          - frames: {steps: 5, stride: 2}
          - flatten: {}
          - dense: {units: 64}
          - batchNorm: {gain: 2}
          - neurons: {decay: 0, maximumSpikes: 6}
          - frames: {steps: 5, stride: 2}
          - flatten: {}
          - dense: {units: 96}
          - batchNorm: {gain: 2}
          - neurons: {decay: 0, maximumSpikes: 6}
          - dense: {units: 96, taps: 5, dilation: 2}
          - batchNorm: {gain: 2}
          - neurons: {decay: 0, maximumSpikes: 6}
          - dense: {units: 64, taps: 3, dilation: 4}
          - batchNorm: {gain: 2}
          - neurons: {decay: 0, maximumSpikes: 6}
          - dense: {units: 1, taps: 3, dilation: 4, bias: true}
          - neurons: {output: membrane, decay: 0.5, learnedDecay: layer, inputScale: leaky, reset: none}
      training:
        chunks: \(chunks)
        seed: \(seed)
        validationHours: \(hours)
        progressMinutes: \(max(1, min(20, 10 * hours)))
        averaging: 0.998
        loss: {rates: {strength: 1, upper: 0.8}}
        optimiser: {rate: 0.004, warmUp: 0.1, weightDecay: 0.0001, clip: 2, beta2: 0.99}
      decision:
        warmUpMicroseconds: 1200000

      """
  }

  /// A text as YAML takes it whatever is in it.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
