/// How scores become detections where words stand anywhere in a stream that never ends, such as wake words in a room.
///
/// There are no utterances: the network's state is never reset, each label has a score of its own after every answer, and a
/// detection is told in the very step in which its label reaches its threshold. All times are stream time in microseconds.
public struct StreamDecision: Codable, Equatable, Sendable {
  /// A score is the logistic function of the mean output over this long.
  public var scoreMicroseconds: Int64
  /// After a detection its label rests for this long.
  public var restMicroseconds: Int64
  /// From the start of a stream, and after whatever interrupts it, nothing is detected for this long: what the network needs
  /// to have heard for its outputs to mean something.
  public var warmUpMicroseconds: Int64
  /// For what lasts, as gestures do: a label that was detected is not detected again before its score has fallen below this share
  /// of its threshold. Absent, as for words: it only rests.
  public var releaseShare: Double?
  /// Thresholds that were measured; the model's own are those of `normal`.
  public var sensitivities: [Sensitivity]

  public init(
    scoreMicroseconds: Int64 = 100_000, restMicroseconds: Int64 = 2_000_000, warmUpMicroseconds: Int64 = 1_000_000,
    releaseShare: Double? = nil, sensitivities: [Sensitivity] = []
  ) {
    self.scoreMicroseconds = scoreMicroseconds
    self.restMicroseconds = restMicroseconds
    self.warmUpMicroseconds = warmUpMicroseconds
    self.releaseShare = releaseShare
    self.sensitivities = sensitivities
  }

  func validate(labels: [String]) throws(RecognitionError) {
    for (name, value, least) in [
      ("stream.scoreMicroseconds", scoreMicroseconds, 1), ("stream.restMicroseconds", restMicroseconds, 0),
      ("stream.warmUpMicroseconds", warmUpMicroseconds, 0),
    ] where value < least || value > 1 << 40 {
      throw .setting(name: name, value: "\(value)", allowed: "\(least) to 2^40")
    }
    if let releaseShare, !(0...1).contains(releaseShare) {
      throw .setting(name: "stream.releaseShare", value: "\(releaseShare)", allowed: "0 to 1")
    }
    for sensitivity in sensitivities {
      for (label, threshold) in sensitivity.thresholds.sorted(by: { $0.key < $1.key }) {
        if !labels.contains(label) { throw .unknownLabel(label) }
        guard (0...1).contains(threshold) else {
          throw .setting(
            name: "stream.sensitivities.\(sensitivity.name).\(label)", value: "\(threshold)", allowed: "0 to 1")
        }
      }
    }
  }
}

/// Thresholds under a name, with what they gave where they were measured.
public struct Sensitivity: Codable, Equatable, Sendable {
  /// `low`, `normal` or `high`.
  public var name: String
  public var thresholds: [String: Double]
  /// False accepts an hour that were allowed when the thresholds were chosen.
  public var allowedPerHour: Double
  /// Hours of sound without the words, and false accepts in them.
  public var hours: Double
  public var falseAccepts: Int
  /// Words that were listened for without noise, and in noise at 10 dB, and those of them that were missed.
  public var words: Int
  public var missed: Int
  public var noisyWords: Int
  public var noisyMissed: Int

  /// The names, from the one that hears least to the one that misses least.
  public static let names = ["low", "normal", "high"]

  public init(
    name: String, thresholds: [String: Double], allowedPerHour: Double, hours: Double, falseAccepts: Int, words: Int,
    missed: Int, noisyWords: Int = 0, noisyMissed: Int = 0
  ) {
    self.name = name
    self.thresholds = thresholds
    self.allowedPerHour = allowedPerHour
    self.hours = hours
    self.falseAccepts = falseAccepts
    self.words = words
    self.missed = missed
    self.noisyWords = noisyWords
    self.noisyMissed = noisyMissed
  }
}
