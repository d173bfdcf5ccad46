/// A way to turn sound into frames, with its settings, as a model keeps it. Each encoder has a folder of its own; the list
/// of them is `SoundEncodingList`.
public protocol SoundEncoding: Codable, Sendable, Equatable {
  associatedtype Options: SoundEncodingOptions where Options.Encoding == Self

  /// Its name in recipes and models.
  static var kind: String { get }
  /// Samples a second of the sound it takes, Hz.
  var sampleRate: Int { get }
  /// Where the filter that takes a constant offset out of the sound takes away 3 dB, Hz; nil leaves the sound as it is.
  var highPassFrequency: Double? { get }
  /// Length of a network step.
  var stepMicroseconds: Int64 { get }
  /// Extent of a frame: frequency channels, and inputs of each.
  var axes: [Int] { get }
  /// The largest magnitude that an input can have in a step.
  var largestInput: Float { get }
  /// Whether every input has a value in every step that is not silent, rather than a few of them spikes.
  var givesCurrents: Bool { get }
  /// What people should know of it, on one line.
  var summary: String { get }

  /// Throws `EncoderError` for settings that this program cannot follow.
  func check() throws(EncoderError)
  func makeEncoder() throws(EncoderError) -> any SoundEncoder
}

extension SoundEncoding {
  /// Extent of the frames it makes, one axis.
  public var shape: [Int] { [axes.reduce(1, *)] }

  /// Whether it is the same encoder with the same settings.
  public func isEqual(to other: any SoundEncoding) -> Bool { other as? Self == self }
}

/// What a recipe says of an encoder. Some settings may be left to be measured on the training data.
public protocol SoundEncodingOptions: Codable, Sendable, Equatable {
  associatedtype Encoding: SoundEncoding

  /// The encoder as far as it is known.
  var configuration: Encoding { get }
  /// Frequency channels, and inputs of each, once everything is measured.
  var axes: [Int] { get }
  /// Whether something is left to be measured.
  var needsCalibration: Bool { get }
  /// Names of settings that the recipe leaves to be measured, as models bear them.
  var measuredSettings: Set<String> { get }
  /// Measures it on clips of the training data, samples at the configuration's rate.
  mutating func calibrate(on clips: [[Float]]) throws(EncoderError)
}

extension SoundEncodingOptions {
  public func isEqual(to other: any SoundEncodingOptions) -> Bool { other as? Self == self }
}
