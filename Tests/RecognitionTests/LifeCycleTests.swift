import Recognition
import Testing

struct LifeCycleTests {
  private func play(_ marks: String, tellsProgress: Bool = true) throws -> Marbles.Outcome {
    var marbles = Marbles()
    marbles.tellsProgress = tellsProgress
    return try marbles.play(marks)
  }

  @Test func aDetectionInLongActivityIsToldFromItsStartOn() throws {
    // Above 0.6 for the second time at step 9, higher at every step until the window holds nothing else.
    let outcome = try play("?????aaaaaAAAAAAAAAA")
    let phases = outcome.raw.map(\.phase)
    #expect(phases.first == .start && phases.last == .end)
    #expect(phases.dropFirst().dropLast().allSatisfy { $0 == .update } && phases.count > 3)
    // It rises from message to message, and the last says what is told where nobody asked for the start.
    let scores = outcome.raw.map(\.score)
    #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 <= $1 })
    #expect(try play("?????aaaaaAAAAAAAAAA", tellsProgress: false).raw == [outcome.raw[outcome.raw.count - 1]])
  }

  @Test func whateverHasStartedEndsBeforeAnythingElseIsTold() throws {
    for marks in ["?????AAAAA", "?????AAAAABBBBBBBB", "?????AAAA...??", "?????AAAAANNNNNAAAAA????BBBBBB.....AA"] {
      var open: String?
      for decision in try play(marks).raw {
        switch decision.phase {
        case .start:
          #expect(open == nil, "\(marks)")
          open = decision.label
        case .update: #expect(open == decision.label, "\(marks)")
        case .end:
          #expect(open == decision.label, "\(marks)")
          open = nil
        case .point: #expect(open == nil, "\(marks)")
        }
      }
      #expect(open == nil, "\(marks)")
    }
  }

  @Test(arguments: ["AAA", "?????AAAAABBBBBBBB", "?????AAAANNNNAAAA", "NNNNNNNNN", "AA...BB.B....A"])
  func whatIsCompleteDoesNotDependOnWhetherStartsAreTold(marks: String) throws {
    let complete = try play(marks).raw.filter { $0.phase == .point || $0.phase == .end }
    #expect(try play(marks, tellsProgress: false).raw == complete)
  }

  @Test func aStreamThatBeginsAnewIsHeardLikeTheFirst() throws {
    let marbles = Marbles()
    var recogniser = try Recogniser(labels: Marbles.labels, configuration: marbles.configuration)
    var told: [[Decision]] = []
    // What rests after a detection late in the first must not rest in the second, whose times are early again.
    for _ in 0..<2 {
      var decisions: [Decision] = []
      for (index, mark) in "??????????AAAAAAAA".enumerated() {
        let start = Int64(index) * Marbles.step
        let request = recogniser.advance(
          startMicroseconds: start, endMicroseconds: start + Marbles.step, isActive: true
        ) { decisions.append($0) }
        if request != .skip { try recogniser.take(logits: Marbles.logits(mark)) { decisions.append($0) } }
      }
      recogniser.finish { decisions.append($0) }
      told.append(decisions)
    }
    #expect(told[0].map(\.label) == ["a"] && told[0][0].kind == .detection)
    #expect(told[1] == told[0])
  }

  @Test func aShortUtteranceIsToldOnce() throws {
    #expect(try play("AAA...").raw.map(\.phase) == [.point])
  }

  @Test func allThatIsToldOfOneDetectionHasOneNumber() throws {
    var numbers = DetectionNumbers(last: 4)
    let raw = try play("?????AAAAABBBBBBBB").raw
    let told = raw.map { "\($0.label)\(numbers.number(of: $0))" }
    #expect(Set(told) == ["a5", "b6"])
    #expect(told.count > 4)
    // Whoever comes in after the start counts what is left of it as one.
    var late = DetectionNumbers()
    #expect(raw.dropFirst().map { late.number(of: $0) }.last == 2)
  }
}
