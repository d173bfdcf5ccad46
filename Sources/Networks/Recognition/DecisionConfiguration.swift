import Failures

/// How scores become decisions. All times are stream time in microseconds.
public struct DecisionConfiguration: Codable, Equatable, Sendable {
  /// Scores average the network's output over this long; also the longest utterance that gets exactly one decision.
  public var windowMicroseconds: Int64
  /// Silence of this length ends an utterance.
  public var gapMicroseconds: Int64
  /// Score from which a label counts as detected, 0 to 1.
  public var defaultThreshold: Double
  /// Thresholds of labels that have their own.
  public var thresholds: [String: Double]
  /// Labels that stand for "nothing": never detected, only rejected.
  public var backgroundLabels: [String]
  /// Answers of the network in a row (one a step, unless it has a stride) for which a label must lead above its threshold
  /// before it becomes a candidate, at least 1.
  public var patienceSteps: Int
  /// A candidate is decided when its score has not risen for this long.
  public var settleMicroseconds: Int64
  /// A candidate is decided when its score falls below this part of its peak, 0 to 1.
  public var releaseRatio: Double
  /// After a decision within a long utterance its label is left alone for this long.
  public var refractoryMicroseconds: Int64
  /// How words are found in a stream without utterances; nil where the stream is cut into utterances, which all the settings
  /// above but the thresholds and the background are about.
  public var stream: StreamDecision?

  public init(
    windowMicroseconds: Int64 = 1_000_000, gapMicroseconds: Int64 = 300_000, defaultThreshold: Double = 0.5,
    thresholds: [String: Double] = [:], backgroundLabels: [String] = [], patienceSteps: Int = 3,
    settleMicroseconds: Int64 = 150_000, releaseRatio: Double = 0.8, refractoryMicroseconds: Int64 = 1_000_000,
    stream: StreamDecision? = nil
  ) {
    self.windowMicroseconds = windowMicroseconds
    self.gapMicroseconds = gapMicroseconds
    self.defaultThreshold = defaultThreshold
    self.thresholds = thresholds
    self.backgroundLabels = backgroundLabels
    self.patienceSteps = patienceSteps
    self.settleMicroseconds = settleMicroseconds
    self.releaseRatio = releaseRatio
    self.refractoryMicroseconds = refractoryMicroseconds
    self.stream = stream
  }

  /// The threshold of a label.
  public func threshold(of label: String) -> Double { thresholds[label] ?? defaultThreshold }

  /// Refuses values outside their ranges and labels the model does not have.
  public func validate(labels: [String]) throws(RecognitionError) {
    for (name, value, least) in [
      ("windowMicroseconds", windowMicroseconds, 1), ("gapMicroseconds", gapMicroseconds, 1),
      ("patienceSteps", Int64(patienceSteps), 1), ("settleMicroseconds", settleMicroseconds, 0),
      ("refractoryMicroseconds", refractoryMicroseconds, 0),
    ] where value < least || value > 1 << 48 {
      throw .setting(name: name, value: "\(value)", allowed: "\(least) to 2^48")
    }
    let ratios = [("defaultThreshold", defaultThreshold), ("releaseRatio", releaseRatio)]
    for (name, value) in ratios + thresholds.sorted(by: { $0.key < $1.key }).map({ ("thresholds.\($0)", $1) })
    where !(0...1).contains(value) {
      throw .setting(name: name, value: "\(value)", allowed: "0 to 1")
    }
    if labels.isEmpty { throw .setting(name: "labels", value: "[]", allowed: "at least one") }
    for label in thresholds.keys.sorted() + backgroundLabels where !labels.contains(label) {
      throw .unknownLabel(label)
    }
    try stream?.validate(labels: labels)
  }
}

extension DecisionConfiguration {
  /// The same with the thresholds that were measured under a name; nil where there are none of that name.
  public func with(sensitivity name: String) -> DecisionConfiguration? {
    guard let found = stream?.sensitivities.first(where: { $0.name == name }) else { return nil }
    var configuration = self
    configuration.thresholds = found.thresholds
    return configuration
  }
}

/// Why a recogniser cannot be built or fed.
public enum RecognitionError: ReportedError, Equatable, Sendable {
  case setting(name: String, value: String, allowed: String)
  /// A threshold or background entry for a label that is not one of the model's.
  case unknownLabel(String)
  /// The network put out something that is not a number.
  case badLogit(label: String, value: Float, startMicroseconds: Int64)

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .setting(let name, let value, let allowed): "decision setting \(name) is \(value), allowed is \(allowed)"
    case .unknownLabel(let label): "decision settings name '\(label)', which is not one of the labels"
    case .badLogit(let label, let value, let start):
      "the network's output for '\(label)' is \(value) at \(start) us: the model is damaged or diverged in training"
    }
  }
}
