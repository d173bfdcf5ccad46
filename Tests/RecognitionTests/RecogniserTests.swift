import Recognition
import Testing

struct ShortUtteranceTests {
  @Test func oneUtteranceGivesOneDecisionWhenTheGapCloses() throws {
    let outcome = try Marbles().play("..AAA......")
    #expect(outcome.decisions == ["+a 2-5 @7"])
    #expect(outcome.requests == "..Rrrrr....")
  }

  @Test func endOfStreamClosesToo() throws {
    #expect(try Marbles().play("AAA").decisions == ["+a 0-3 @end"])
    #expect(try Marbles().play("AAA.").decisions == ["+a 0-3 @end"])
  }

  @Test func outputsThatComeEveryFewStepsAreOfAllOfThem() throws {
    var marbles = Marbles()
    marbles.stride = 2
    // The second output is active because the step before it was; silence counts from that step's end.
    #expect(try marbles.play("?AA......").decisions == ["+a 0-3 @5"])
    #expect(try marbles.play("?AB,.....").decisions == ["-noise 0-3 @5"])
    // What no output covers is not decided: the stream ends after a single step. Silence behind it completes an output.
    #expect(try marbles.play("A").decisions == [])
    #expect(try marbles.play("A..A...A...").decisions == ["+a 0-4 @6", "-a 7-8 @10"])
    marbles.stride = 3
    #expect(try marbles.play("..??A......??B").decisions == ["+a 2-5 @7", "+b 11-14 @end"])
    marbles.configuration.windowMicroseconds = 300_000
    #expect(try marbles.play("??A??A??A??A??B??B??B??B......").decisions.map { $0.prefix(2) } == ["+a", "+b"])
    // It outgrows the window behind its last output, and is decided by what there is.
    marbles.stride = 4
    marbles.configuration.windowMicroseconds = 500_000
    #expect(try marbles.play("???A??").decisions == ["+a 0-6 @end"])
  }

  @Test func silenceShorterThanTheGapDoesNotCut() throws {
    let outcome = try Marbles().play("AA..A...")
    #expect(outcome.decisions == ["+a 0-5 @7"])
    #expect(outcome.requests == "Rrrrrrr.")
  }

  @Test func networkIsResetAtEveryUtteranceAndNowhereElse() throws {
    let outcome = try Marbles().play("AA...BB.B....A")
    #expect(outcome.decisions == ["+a 0-2 @4", "+b 5-9 @11", "+a 13-14 @end"])
    #expect(outcome.requests == "Rrrr.Rrrrrr..R")
  }

  @Test func silenceCountsOnlyOnceActivityResumes() throws {
    #expect(try Marbles().play("AA,,").decisions == ["+a 0-2 @end"])
    #expect(try Marbles().play("AA,A").decisions == ["-noise 0-4 @end"])
  }

  @Test func backgroundAndDoubtAreRejections() throws {
    #expect(try Marbles().play("NNN").decisions == ["-noise 0-3 @end"])
    #expect(try Marbles().play("???").decisions == ["-a 0-3 @end"])
    let doubt = try #require(try Marbles().play("???").raw.first)
    #expect(doubt.threshold == 0.6)
    #expect(abs(doubt.score - 1 / 3) < 1e-12)
  }

  @Test func aLabelCanHaveAThresholdOfItsOwn() throws {
    var marbles = Marbles()
    #expect(try marbles.play("bbb").decisions == ["-b 0-3 @end"])
    marbles.configuration.thresholds = ["b": 0.5]
    #expect(try marbles.play("bbb").decisions == ["+b 0-3 @end"])
    #expect(try marbles.play("aaa").decisions == ["-a 0-3 @end"])
  }

  @Test func scoreIsSoftmaxOfTheMean() throws {
    let decision = try #require(try Marbles().play("A?").raw.first)
    #expect(abs(decision.score - 1 / (1 + 2 * 0.006_737_946_999_085_467)) < 1e-12)
    #expect(abs(decision.scores.reduce(0, +) - 1) < 1e-12)
  }

  @Test func clipAloneAndTheSameClipLaterInAStreamGiveTheSameBits() throws {
    let alone = try #require(try Marbles().play("aA?bA").raw.first)
    let stream = try Marbles().play("BNB......aA?bA...NN")
    #expect(stream.raw.count == 3)
    let later = stream.raw[1]
    #expect(later.scores.map(\.bitPattern) == alone.scores.map(\.bitPattern))
    #expect(later.startMicroseconds - alone.startMicroseconds == 900_000)
    #expect(later.endMicroseconds - alone.endMicroseconds == 900_000)
  }

  @Test func aJumpInStreamTimeIsSilence() throws {
    var recogniser = try Recogniser(labels: Marbles.labels, configuration: Marbles().configuration)
    var decisions: [Decision] = []
    _ = recogniser.advance(startMicroseconds: 0, endMicroseconds: 10, isActive: true) { decisions.append($0) }
    try recogniser.take(logits: [10, 0, 0]) { decisions.append($0) }
    let request = recogniser.advance(startMicroseconds: 300_010, endMicroseconds: 300_020, isActive: true) {
      decisions.append($0)
    }
    #expect(request == .resetThenRun)
    #expect(decisions.map(\.endMicroseconds) == [10])
  }
}

struct LongUtteranceTests {
  @Test func windowLongUtteranceStillGivesOneDecision() throws {
    #expect(try Marbles().play("?AAAA").decisions == ["+a 0-5 @end"])
  }

  @Test func candidateIsDecidedOnceItSettles() throws {
    // The window of five steps is purely a from step 9 on; nothing rises after it.
    #expect(try Marbles().play("?????AAAAAAAA").decisions == ["+a 5-10 @11"])
  }

  @Test func candidateIsDecidedOnceItFallsOff() throws {
    var marbles = Marbles()
    marbles.configuration.settleMicroseconds = 10_000_000
    // All a until step 5; from there background grows until the score has fallen below 0.8 of the peak.
    #expect(try marbles.play("AAAAAANNNNNN").decisions == ["+a 1-6 @8"])
  }

  @Test func patienceHoldsBackASpike() throws {
    var marbles = Marbles()
    marbles.configuration.patienceSteps = 4
    // One sure step lifts the mean of five above the threshold, but not for longer than three steps.
    marbles.configuration.windowMicroseconds = 300_000
    #expect(try marbles.play("??????A??????").decisions == ["+a 4-7 @end"])
    marbles.configuration.patienceSteps = 3
    #expect(try marbles.play("??????A??????").decisions == ["+a 4-7 @9"])
  }

  @Test func twoWordsInARowAreBothFoundInOrder() throws {
    let outcome = try Marbles().play("AAAAAAABBBBBBBB")
    #expect(outcome.decisions == ["+a 1-6 @7", "+b 7-12 @13"])
  }

  @Test func labelRestsAfterItsDecision() throws {
    var marbles = Marbles()
    let steady = String(repeating: "A", count: 25)
    #expect(try marbles.play(steady).decisions == ["+a 1-6 @7", "+a 10-15 @16", "+a 19-24 @end"])
    marbles.configuration.refractoryMicroseconds = 100_000_000
    #expect(try marbles.play(steady).decisions == ["+a 1-6 @7"])
  }

  @Test func silenceDoesNotHoldUpASettledCandidate() throws {
    #expect(try Marbles().play("AAAAAAA..A").decisions == ["+a 1-6 @7"])
  }

  @Test func openCandidateIsDecidedWhenTheUtteranceEnds() throws {
    #expect(try Marbles().play("AAAAAAA").decisions == ["+a 1-6 @end"])
  }

  @Test func withoutAnyDecisionTheBestStepIsDecided() throws {
    #expect(try Marbles().play("NNNNNNNaNNNNNN").decisions == ["-noise 3-8 @end"])
    #expect(try Marbles().play("????????").decisions == ["-a 1-6 @end"])
  }

  @Test func whatLiesBeforeTheWindowLeavesNoTrace() throws {
    var marbles = Marbles()
    marbles.configuration.thresholds = ["a": 1]
    let tail = "aA?ba"
    func last(_ before: String) throws -> [UInt64] {
      var recogniser = try Recogniser(labels: Marbles.labels, configuration: marbles.configuration)
      for (index, mark) in (before + tail).enumerated() {
        let start = Int64(index) * Marbles.step
        _ = recogniser.advance(startMicroseconds: start, endMicroseconds: start + Marbles.step, isActive: true) { _ in }
        let logits = Marbles.logits(mark).map { $0 * 1.234_567 - 0.1 }
        try recogniser.take(logits: logits) { _ in }
      }
      return try #require(recogniser.currentScores).map(\.bitPattern)
    }
    let reference = try last("BN")
    #expect(try last(String(repeating: "ANb", count: 400)) == reference)
    #expect(try last("A") == reference)
  }
}

struct RecogniserMisuseTests {
  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func outputThatIsNoNumberIsNamed(value: Float) throws {
    var recogniser = try Recogniser(labels: ["a", "b"], configuration: DecisionConfiguration())
    _ = recogniser.advance(startMicroseconds: 70, endMicroseconds: 80, isActive: true) { _ in }
    do throws(RecognitionError) {
      try recogniser.take(logits: [0, value]) { _ in }
      Issue.record("no error")
    } catch {
      guard case .badLogit("b", let found, 70) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(found.bitPattern == value.bitPattern)
    }
  }

  @Test func settingsOutOfRangeAreNamed() {
    func error(_ change: (inout DecisionConfiguration) -> Void) -> RecognitionError? {
      var configuration = DecisionConfiguration()
      change(&configuration)
      do throws(RecognitionError) {
        try configuration.validate(labels: ["a"])
        return nil
      } catch {
        return error
      }
    }
    #expect(error { _ in } == nil)
    #expect(
      error { $0.patienceSteps = 0 } == .setting(name: "patienceSteps", value: "0", allowed: "1 to 2^48"))
    #expect(
      error { $0.thresholds = ["a": 1.5] } == .setting(name: "thresholds.a", value: "1.5", allowed: "0 to 1"))
    #expect(
      error { $0.releaseRatio = .nan } == .setting(name: "releaseRatio", value: "nan", allowed: "0 to 1"))
    #expect(error { $0.backgroundLabels = ["b"] } == .unknownLabel("b"))
    #expect(error { $0.thresholds = ["c": 0.5] } == .unknownLabel("c"))
  }
}
