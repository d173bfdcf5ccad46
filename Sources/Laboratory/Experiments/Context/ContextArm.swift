import Learning

/// One way of learning the two tasks; what the arms of the context experiment differ in.
public enum ContextArm: String, CaseIterable, Sendable, Codable {
  // Blocked: first one task, then the other.
  case oja, spikeTiming, none
  case singleOja, singleSpikeTiming, singleNone
  /// Fixed weights of alternating sign: the gating that local learning should find.
  case manual
  /// No local rule but a stronger context.
  case largeContext
  /// Rivals: elastic weight consolidation, and a stored item of the first task with each of the second.
  case elastic, replay
  // Interleaved: items of both tasks in random order.
  case interleavedNone, interleavedOja
  /// The context follows its cue only slowly.
  case sluggishOja, verySluggishOja

  /// Whether items of both tasks come mixed.
  public var isInterleaved: Bool {
    switch self {
    case .interleavedNone, .interleavedOja, .sluggishOja, .verySluggishOja: true
    default: false
    }
  }

  /// Whether each hidden neuron fires at most once, and early spikes count more.
  var isSingleSpike: Bool {
    switch self {
    case .singleOja, .singleSpikeTiming, .singleNone: true
    default: false
    }
  }

  var plasticity: ContextPlasticity? {
    switch self {
    case .oja, .singleOja, .interleavedOja, .sluggishOja, .verySluggishOja: .oja(rate: 0.05)
    case .spikeTiming, .singleSpikeTiming: .spikeTiming(rate: 0.01, silence: 0.02, timeConstant: 5, bound: 0.7)
    default: nil
    }
  }

  /// Strength of the context beside that of the others.
  var strength: Double { self == .largeContext ? 2 : 1 }

  /// Share of a new cue in the context of a trial.
  var sluggishness: Float {
    switch self {
    case .sluggishOja: 0.2
    case .verySluggishOja: 0.05
    default: 1
    }
  }
}
