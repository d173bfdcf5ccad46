import Foundation
import Testing

@testable import Learning

struct LabelFileTests {
  private let known = ["yes", "no", "left"]

  @Test func audacityLabelsAndCommasAreRead() throws {
    let expected = [
      LabelledWord(label: "yes", startMicroseconds: 500_000, endMicroseconds: 1_250_000),
      LabelledWord(label: "no", startMicroseconds: 2_000_000, endMicroseconds: 2_000_000),
    ]
    let texts = [
      "0.500000\t1.250000\tyes\n2.0\t2.0\tno\n", "start,end,label\r\n# a remark\r\n2, 2, no\r\n0.5,1.25,yes",
      LabelFile.text(expected),
    ]
    for text in texts { #expect(try LabelFile.parse(text, path: "f", known: known) == expected, "\(text)") }
  }

  @Test(arguments: [
    ("1\t2\tyes\n1 2 no", 2), ("x,2,yes", 1), ("\n3,2,yes", 2), ("-1,2,yes", 1), ("1,2,maybe", 1), ("nan,2,yes", 1),
    ("1,inf,yes", 1), ("1,2", 1),
  ])
  func aBadLineIsNamed(text: String, line: Int) {
    do {
      _ = try LabelFile.parse(text, path: "f", known: known)
      Issue.record("\(text) was taken")
    } catch {
      guard case .malformed("f", line, _) = error else {
        Issue.record("\(error)")
        return
      }
    }
  }
}

struct StreamTallyTests {
  /// Words and detections as `label@seconds`; a word is one second long.
  private func counts(words: [(Int, Int64)], detections: [(Int, Double)]) -> StreamTally {
    var tally = StreamTally(labelCount: 2)
    tally.add(
      words: words.map { (label: $0, startMicroseconds: $1 * 1_000_000, endMicroseconds: ($1 + 1) * 1_000_000) },
      detections: detections.map { .init(label: $0, endMicroseconds: Int64($1 * 1e6)) },
      toleranceMicroseconds: 500_000, microseconds: 1_800_000_000)
    return tally
  }

  @Test func aDetectionIsRightFromTheWordsStartToTheToleranceAfterItsEnd() {
    for (time, isRight) in [(9.999, false), (10.0, true), (11.5, true), (11.501, false)] {
      let found = counts(words: [(0, 10)], detections: [(0, time)]).counts[0]
      #expect(found.missed == (isRight ? 0 : 1), "\(time)")
      #expect(found.falseAccepts == (isRight ? 0 : 1), "\(time)")
    }
  }

  @Test func anotherLabelIsAMissAndAFalseAccept() {
    let tally = counts(words: [(0, 10)], detections: [(1, 10.5)])
    #expect(tally.counts[0] == .init(words: 1, missed: 1))
    #expect(tally.counts[1] == .init(falseAccepts: 1))
    #expect(tally.total == .init(words: 1, missed: 1, falseAccepts: 1))
    #expect(tally.perHour(tally.total.falseAccepts) == 2)
  }

  @Test func aWordIsFoundOnceAndASecondTimeIsARepeat() {
    #expect(
      counts(words: [(0, 10)], detections: [(0, 10.5), (0, 11.2)]).counts[0]
        == .init(words: 1, falseAccepts: 1, repeats: 1))
  }

  @Test func wordsThatFollowEachOtherEachTakeTheirOwn() {
    // 11.3 lies in the tolerance of the first, which 10.5 has taken, and within the second.
    #expect(
      counts(words: [(0, 10), (0, 11)], detections: [(0, 11.3), (0, 10.5)]).counts[0] == .init(words: 2))
    // One in the overlap is enough for one of them only.
    #expect(counts(words: [(0, 10), (0, 11)], detections: [(0, 11.3)]).counts[0] == .init(words: 2, missed: 1))
  }
}

struct ThresholdChoiceTests {
  /// A label's false accepts and misses for each trial, as a tally a trial.
  private func tallies(_ labels: [[(falseAccepts: Int, missed: Int)]]) -> [StreamTally] {
    labels[0].indices.map { trial in
      var tally = StreamTally(labelCount: labels.count)
      var words: [(label: Int, startMicroseconds: Int64, endMicroseconds: Int64)] = []
      var detections: [StreamTally.Detection] = []
      for (label, curve) in labels.enumerated() {
        for number in 0..<10 {
          let start = Int64(number) * 1_000_000
          words.append((label, start, start + 1))
          if number >= curve[trial].missed { detections.append(.init(label: label, endMicroseconds: start)) }
        }
        for number in 0..<curve[trial].falseAccepts {
          detections.append(.init(label: label, endMicroseconds: 100_000_000 + Int64(number)))
        }
      }
      tally.add(
        words: words.sorted { $0.startMicroseconds < $1.startMicroseconds }, detections: detections,
        toleranceMicroseconds: 10, microseconds: 3_600_000_000)
      return tally
    }
  }

  @Test func falseAcceptsAreSpentWhereTheySaveMost() {
    let trials = tallies([
      [(6, 0), (3, 1), (0, 2)],
      [(6, 0), (2, 3), (0, 9)],
    ])
    #expect(ThresholdChoice.best(trials, labels: [0, 1], falseAccepts: 12) == [0: 0, 1: 0])
    #expect(ThresholdChoice.best(trials, labels: [0, 1], falseAccepts: 6) == [0: 2, 1: 0])
    #expect(ThresholdChoice.best(trials, labels: [0, 1], falseAccepts: 5) == [0: 1, 1: 1])
    #expect(ThresholdChoice.best(trials, labels: [0, 1], falseAccepts: 2) == [0: 2, 1: 1])
    #expect(ThresholdChoice.best(trials, labels: [0, 1], falseAccepts: 0) == [0: 2, 1: 2])
  }

  @Test func ofEqualChoicesTheStrictestIsTaken() {
    let trials = tallies([[(1, 0), (0, 0), (0, 0)]])
    #expect(ThresholdChoice.best(trials, labels: [0], falseAccepts: 5) == [0: 2])
  }

  @Test func whereNothingKeepsTheLimitTheStrictestIsTaken() {
    let trials = tallies([[(9, 0), (4, 1)], [(3, 0), (0, 2)]])
    #expect(ThresholdChoice.best(trials, labels: [0, 1], falseAccepts: 1) == [0: 1, 1: 1])
  }

  @Test func trialsRiseAndArePrintedAsTheyAreTried() {
    let trials = ThresholdChoice.trials()
    #expect(trials.first == 0.05 && trials.last == 0.9995)
    #expect(zip(trials, trials.dropFirst()).allSatisfy { $0 < $1 })
    #expect(trials.allSatisfy { ($0 * 10_000).rounded() / 10_000 == $0 })
  }
}

struct StreamComposerTests {
  private func material() -> StreamComposer.Material {
    var material = StreamComposer.Material()
    material.words = (0..<4).map { ("w\($0)", [Float](repeating: 0.1 * Float($0 + 1), count: 800)) }
    material.others = [[Float](repeating: -0.5, count: 4_000)]
    return material
  }

  private func composer(seed: UInt64) -> StreamComposer {
    var composer = StreamComposer(sampleRate: 8_000, seconds: 120)
    composer.seed = seed
    return composer
  }

  @Test func labelsStandWhereTheirClipsAre() {
    let (samples, words) = composer(seed: 1).compose(material())
    #expect(samples.count == 960_000)
    #expect(words.count > 20)
    var labelled = Set<Int>()
    for word in words {
      let begin = Int(word.startMicroseconds) * 8 / 1_000
      #expect(word.endMicroseconds - word.startMicroseconds == 100_000)
      let level = Float(Int(word.label.dropFirst()) ?? 0) * 0.1 + 0.1
      #expect(samples[begin] == level && samples[begin + 799] == level && samples[begin - 1] == 0)
      for index in begin..<begin + 800 { labelled.insert(index) }
    }
    // What is not labelled is silence or other speech.
    #expect(samples.indices.allSatisfy { labelled.contains($0) || samples[$0] == 0 || samples[$0] == -0.5 })
    // Every clip as often as any other, give or take the last round.
    let counts = Dictionary(grouping: words, by: \.label).mapValues(\.count)
    #expect(counts.count == 4 && (counts.values.max() ?? 0) - (counts.values.min() ?? 0) <= 1)
  }

  @Test func theSeedDecidesEverything() {
    var noisy = material()
    noisy.noises = [(0..<16_000).map { Float($0 % 7) / 7 - 0.4 }]
    let first = composer(seed: 1).compose(noisy)
    let again = composer(seed: 1).compose(noisy)
    let other = composer(seed: 2).compose(noisy)
    #expect(first.samples == again.samples && first.words == again.words)
    #expect(first.words != other.words)
    // Noise does not move words.
    #expect(first.words == composer(seed: 1).compose(material()).words)
  }

  @Test func noiseIsAsLoudAsWasAskedFor() {
    var noisy = material()
    noisy.noises = [(0..<16_000).map { $0 % 2 == 0 ? 0.3 : -0.3 }]
    noisy.others = []
    var composer = composer(seed: 3)
    composer.quietShare = 0
    composer.noiseDecibels = 10...10
    let plain = composer.compose(
      {
        var bare = noisy
        bare.noises = []
        return bare
      }())
    let (samples, _) = composer.compose(noisy)
    let noise = zip(samples, plain.samples).map { Double($0 - $1) }
    let power = noise.reduce(0) { $0 + $1 * $1 } / Double(noise.count)
    // Mean power of clips at 0.1, 0.2, 0.3 and 0.4 is 0.075; a tenth of it, less the fading at the joints.
    #expect(abs(power / 0.007_5 - 1) < 0.02)
  }
}
