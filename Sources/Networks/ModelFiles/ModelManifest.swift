import EncoderList
import Recognition
import SpikingNetworks

/// Everything beside the numbers that is needed to run a model, and where it comes from.
///
/// It is kept as JSON under the key `ganglion` of the model file's metadata.
public struct ModelManifest: Codable, Equatable, Sendable {
  /// The newest format this program reads.
  public static let currentFormatVersion = 3
  /// The format of models with missing weights or tasks, but no weights in 8 bits.
  public static let sparseFormatVersion = 2
  /// The format of models all of whose weights are stored and that have a single task. The next also has
  /// tensors of which only what is not zero is stored, and tasks, without whose contexts older programs would answer wrongly;
  /// the newest weights in 8 bits, and decisions on streams.
  public static let denseFormatVersion = 1
  /// Where the manifest stands in a safetensors file.
  public static let metadataKey = "ganglion"

  public var formatVersion: Int
  /// What results call the model.
  public var name: String
  public var sense: Sense
  /// One for each output of the network, in order.
  public var labels: [String]
  public var network: NetworkDescription
  public var encoder: EncoderConfiguration
  public var decision: DecisionConfiguration
  public var training: TrainingRecord
  /// The tasks in the order they were learnt; absent where there is only what the model was trained for.
  public var tasks: [ModelTask]?
  /// Bits in which weights are stored, 8; absent where they are 32-bit floats. The network runs with what is stored.
  public var weightBits: Int?
  /// SHA-256 of the tensors' bytes, little-endian, in the order of their names; filled in when the model is written.
  public var sha256: String

  public init(
    name: String, labels: [String], network: NetworkDescription, encoder: EncoderConfiguration,
    decision: DecisionConfiguration, training: TrainingRecord = TrainingRecord()
  ) {
    formatVersion = Self.denseFormatVersion
    self.name = name
    sense = encoder.sense
    self.labels = labels
    self.network = network
    self.encoder = encoder
    self.decision = decision
    self.training = training
    sha256 = ""
  }
}

/// How a model was made and how well it did: for people, not needed to run it.
public struct TrainingRecord: Codable, Equatable, Sendable {
  /// The recipe as it was given.
  public var recipe: String?
  public var seeds: [UInt64]
  /// Which data, from where, under which licence.
  public var data: String?
  /// How they were divided.
  public var split: String?
  /// Part of the test clips that were classified rightly, 0 to 1.
  public var accuracy: Double?
  /// 95 % interval of that accuracy: lower and upper bound.
  public var accuracyInterval: [Double]?
  /// Number of test clips.
  public var testClips: Int?
  /// Wall time of the training.
  public var seconds: Double?
  /// Anything else, by name.
  public var notes: [String: String]

  public init(
    recipe: String? = nil, seeds: [UInt64] = [], data: String? = nil, split: String? = nil, accuracy: Double? = nil,
    accuracyInterval: [Double]? = nil, testClips: Int? = nil, seconds: Double? = nil, notes: [String: String] = [:]
  ) {
    self.recipe = recipe
    self.seeds = seeds
    self.data = data
    self.split = split
    self.accuracy = accuracy
    self.accuracyInterval = accuracyInterval
    self.testClips = testClips
    self.seconds = seconds
    self.notes = notes
  }
}
