import Foundation
import Recognition
import Testing

struct WordSpotterTests {
  /// A spotter of two words with steps of 40 ms, a mean over 80 ms, a rest of 400 ms and a warm-up of 200 ms.
  private func spotter(
    thresholds: [String: Double] = [:], background: [String] = [], releaseShare: Double? = nil
  ) throws -> WordSpotter {
    try WordSpotter(
      labels: ["one", "two"],
      configuration: DecisionConfiguration(
        defaultThreshold: 0.8, thresholds: thresholds, backgroundLabels: background,
        stream: StreamDecision(
          scoreMicroseconds: 80_000, restMicroseconds: 400_000, warmUpMicroseconds: 200_000, releaseShare: releaseShare)
      ))
  }

  private func hear(
    _ spotter: inout WordSpotter, _ logits: [[Float]], from first: Int = 0
  ) throws -> [Decision] {
    var decisions: [Decision] = []
    for (index, values) in logits.enumerated() {
      let start = Int64(first + index) * 40_000
      _ = spotter.advance(startMicroseconds: start)
      try spotter.take(logits: values, endMicroseconds: start + 40_000) { decisions.append($0) }
    }
    return decisions
  }

  private func silence(_ count: Int) -> [[Float]] { Array(repeating: [-4, -4], count: count) }

  @Test func aWordIsToldInTheStepInWhichItsMeanReachesTheThreshold() throws {
    var spotter = try spotter()
    // The mean of −4 and 6 is 1, of 6 and 6 is 6: a chance of 0.73, then of 0.998.
    let decisions = try hear(&spotter, silence(8) + [[6, -4], [6, -4], [6, -4]] + silence(4))
    #expect(decisions.map(\.label) == ["one"])
    #expect(decisions.map(\.endMicroseconds) == [400_000])
    #expect(decisions.map(\.startMicroseconds) == [320_000])
    #expect(decisions[0].kind == .detection && decisions[0].phase == .point)
    #expect(abs(decisions[0].score - 1 / (1 + exp(-6))) < 1e-9)
    #expect(abs(decisions[0].scores[1] - 1 / (1 + exp(4))) < 1e-9)
  }

  @Test func eachWordHasItsOwnScoreThresholdAndRest() throws {
    var spotter = try spotter(thresholds: ["two": 0.9])
    let both: [[Float]] = Array(repeating: [2, 2], count: 3)
    // A chance of 0.88 is enough for one and not for two, whatever the other has.
    let first = try hear(&spotter, silence(8) + both)
    #expect(first.map(\.label) == ["one"])
    let loud: [[Float]] = Array(repeating: [2, 4], count: 20)
    // Two is told at once; one again when 400 ms are over, and two 400 ms after it.
    let later = try hear(&spotter, loud, from: 11)
    #expect(later.map(\.label) == ["two", "one", "two"])
    #expect(later[1].endMicroseconds == 400_000 + 400_000 + 40_000)
  }

  @Test func whatLastsIsToldOnceUntilItsScoreHasFallen() throws {
    var spotter = try spotter(releaseShare: 0.5)
    let lasting: [[Float]] = Array(repeating: [3, -4], count: 40)
    // A chance of 0.95, then of 0.62, which is above half of 0.8, then again 0.95: one gesture.
    let first = try hear(&spotter, silence(8) + lasting + Array(repeating: [0.5, -4], count: 10) + lasting)
    #expect(first.map(\.label) == ["one"])
    // Below half of the threshold it is over, and the next is another.
    let second = try hear(&spotter, Array(repeating: [-1, -4], count: 3) + lasting, from: 98)
    #expect(second.count == 1)
    // An interruption lets go of it too.
    spotter.finish()
    #expect(try hear(&spotter, lasting, from: 200).count == 1)
    #expect(throws: RecognitionError.self) { try self.spotter(releaseShare: 1.5) }
  }

  @Test func nothingIsToldUntilTheStreamIsWarmAndWarmsUpAgainAfterAnInterruption() throws {
    var spotter = try spotter()
    let loud: [[Float]] = Array(repeating: [9, -4], count: 7)
    let first = try hear(&spotter, loud)
    #expect(first.map(\.endMicroseconds) == [240_000])
    spotter.finish()
    #expect(spotter.currentScores == nil)
    // What it heard before counts no more, and neither does its rest.
    let second = try hear(&spotter, loud)
    #expect(second.map(\.endMicroseconds) == [240_000])
  }

  @Test func theNetworkBeginsAnewWithAStreamAndNowhereElse() throws {
    var spotter = try spotter()
    let begins = [0, 10_000].map { spotter.advance(startMicroseconds: $0) }
    try spotter.take(logits: [0, 0], endMicroseconds: 20_000) { _ in }
    let goesOn = spotter.advance(startMicroseconds: 20_000)
    spotter.finish()
    let beginsAnew = spotter.advance(startMicroseconds: 0)
    #expect(begins == [true, false] && !goesOn && beginsAnew)
  }

  @Test func backgroundIsNeverDetectedAndWhatIsNoNumberIsRefused() throws {
    var spotter = try spotter(background: ["one"])
    let decisions = try hear(&spotter, Array(repeating: [9, -4], count: 12))
    #expect(decisions.isEmpty)
    _ = spotter.advance(startMicroseconds: 480_000)
    #expect(throws: RecognitionError.badLogit(label: "two", value: .infinity, startMicroseconds: 480_000)) {
      try spotter.take(logits: [0, .infinity], endMicroseconds: 520_000) { _ in }
    }
  }

  @Test func settingsAreChecked() {
    for stream in [
      StreamDecision(scoreMicroseconds: 0), StreamDecision(restMicroseconds: -1),
      StreamDecision(warmUpMicroseconds: -1),
      StreamDecision(sensitivities: [
        Sensitivity(
          name: "low", thresholds: ["one": 1.5], allowedPerHour: 0.1, hours: 6, falseAccepts: 0, words: 1, missed: 0)
      ]),
      StreamDecision(sensitivities: [
        Sensitivity(
          name: "low", thresholds: ["three": 0.5], allowedPerHour: 0.1, hours: 6, falseAccepts: 0, words: 1, missed: 0)
      ]),
    ] {
      #expect(throws: RecognitionError.self) {
        try WordSpotter(labels: ["one", "two"], configuration: DecisionConfiguration(stream: stream))
      }
    }
    #expect(throws: RecognitionError.self) {
      try WordSpotter(labels: ["one"], configuration: DecisionConfiguration())
    }
  }

  @Test func aSensitivityBringsItsThresholds() throws {
    let configuration = DecisionConfiguration(
      stream: StreamDecision(sensitivities: [
        Sensitivity(
          name: "high", thresholds: ["one": 0.3], allowedPerHour: 2, hours: 6, falseAccepts: 9, words: 50, missed: 1)
      ]))
    #expect(configuration.with(sensitivity: "high")?.threshold(of: "one") == 0.3)
    #expect(configuration.with(sensitivity: "low") == nil)
    // It stays what it was through a file.
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(DecisionConfiguration.self, from: data) == configuration)
  }
}
