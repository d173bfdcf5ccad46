import Recognition

/// Drives a recogniser with one character a step of 100 ms and writes down what came out.
///
/// `A` `B` `N`: active, the network is sure of a, b or background; `a` `b`: active, it leans that way; `?`: active, all
/// the same; `.`: silent, all the same; `,`: silent, and the network says background with all its might.
struct Marbles {
  static let labels = ["a", "b", "noise"]
  static let step: Int64 = 100_000

  var configuration = DecisionConfiguration(
    windowMicroseconds: 500_000, gapMicroseconds: 300_000, defaultThreshold: 0.6, backgroundLabels: ["noise"],
    patienceSteps: 2, settleMicroseconds: 200_000, releaseRatio: 0.8, refractoryMicroseconds: 600_000)

  var tellsProgress = false
  /// Steps of an utterance for one of the network's outputs, which are those of the last.
  var stride = 1

  static func logits(_ mark: Character) -> [Float] {
    switch mark {
    case "A": [10, 0, 0]
    case "B": [0, 10, 0]
    case "N": [0, 0, 10]
    case ",": [0, 0, 10_000]
    case "a": [1, 0, 0]
    case "b": [0, 1, 0]
    default: [0, 0, 0]
    }
  }

  struct Outcome {
    /// `+a 0-3 @5`: a detected over steps 0 to 3 (exclusive), told at step 5; `-` for a rejection.
    var decisions: [String] = []
    /// Per step: `.` not run, `R` reset and run, `r` run.
    var requests = ""
    var raw: [Decision] = []
  }

  func play(_ marks: String, from origin: Int64 = 0) throws -> Outcome {
    var recogniser = try Recogniser(labels: Self.labels, configuration: configuration, tellsProgress: tellsProgress)
    var outcome = Outcome()
    var passed = 0
    for (index, mark) in marks.enumerated() {
      let start = origin + Int64(index) * Self.step
      let emit = { (decision: Decision) in outcome.note(decision, at: "\(index)", origin: origin) }
      let request = recogniser.advance(
        startMicroseconds: start, endMicroseconds: start + Self.step, isActive: !".,".contains(mark), emit: emit)
      outcome.requests += request == .skip ? "." : request == .run ? "r" : "R"
      if request == .skip { continue }
      passed = request == .resetThenRun ? 1 : passed + 1
      if passed % stride == 0 {
        try recogniser.take(logits: Self.logits(mark), emit: emit)
      } else {
        recogniser.takeNothing()
      }
    }
    recogniser.finish { outcome.note($0, at: "end", origin: origin) }
    return outcome
  }
}

extension Marbles.Outcome {
  fileprivate mutating func note(_ decision: Decision, at place: String, origin: Int64) {
    let sign = decision.kind == .detection ? "+" : "-"
    let start = (decision.startMicroseconds - origin) / Marbles.step
    let end = (decision.endMicroseconds - origin) / Marbles.step
    let phase = [.point, .end].contains(decision.phase) ? "" : "\(decision.phase.rawValue) "
    decisions.append("\(phase)\(sign)\(decision.label) \(start)-\(end) @\(place)")
    raw.append(decision)
  }
}
