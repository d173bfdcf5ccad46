import Events
import Learning
import Testing

struct EventStreamComposerTests {
  private func clip(_ label: String?, x: UInt16, count: Int) -> EventStreamComposer.Clip {
    var batch = EventBatch()
    for index in 0..<count {
      batch.append(Event(timeMicroseconds: 7_000 + Int64(index) * 1_000, x: x, y: 3, polarity: 1))
    }
    return .init(label: label, events: batch)
  }

  private func compose(
    _ clips: [EventStreamComposer.Clip], seed: UInt64 = 1, noiseRate: Double = 0
  ) -> (events: EventBatch, words: [LabelledWord]) {
    var composer = EventStreamComposer(geometry: SensorGeometry(width: 16, height: 16), seconds: 60)
    composer.seed = seed
    composer.noiseRate = noiseRate
    var events = EventBatch()
    let words = composer.compose(clips) { events.append(contentsOf: $0) }
    return (events, words)
  }

  @Test func everyLabelStandsWhereItsEventsAre() {
    let clips = [clip("one", x: 1, count: 1_500), clip("two", x: 2, count: 800), clip(nil, x: 9, count: 500)]
    let (events, words) = compose(clips)
    #expect(events.times == events.times.sorted())
    #expect(Set(words.map(\.label)) == ["one", "two"] && words.count > 10)
    for (word, next) in zip(words, words.dropFirst()) {
      #expect(next.startMicroseconds - word.endMicroseconds >= 700_000)
    }
    var inside = 0
    for index in 0..<events.count where events.x[index] != 9 {
      let time = events.times[index]
      let word = words.first { $0.startMicroseconds <= time && time <= $0.endMicroseconds }
      #expect(word?.label == (events.x[index] == 1 ? "one" : "two"))
      inside += 1
    }
    #expect(inside == words.reduce(0) { $0 + ($1.label == "one" ? 1_500 : 800) })
    // What bears no label is there too, and none of it is labelled.
    let others = (0..<events.count).filter { events.x[$0] == 9 }
    #expect(others.count >= 500)
    #expect(
      others.allSatisfy { index in
        !words.contains { $0.startMicroseconds <= events.times[index] && events.times[index] <= $0.endMicroseconds }
      })
  }

  @Test func pausesHaveNoiseAtItsRateAndTheSeedDecides() {
    let clips = [clip("one", x: 1, count: 10)]
    let quiet = compose(clips)
    let noisy = compose(clips, noiseRate: 2)
    // 256 pixels, nearly a minute, twice a second.
    let noise = Double(noisy.events.count - noisy.words.count * 10)
    #expect(abs(noise / (256 * 2 * 60) - 1) < 0.03)
    #expect(quiet.events.count == quiet.words.count * 10)
    #expect(compose(clips, noiseRate: 2).events == noisy.events)
    #expect(compose(clips, seed: 2).words != quiet.words)
    #expect(noisy.events.times == noisy.events.times.sorted())
    #expect(noisy.events.times.allSatisfy { $0 >= 0 && $0 < 60_000_000 })
  }

  @Test func aClipThatIsTooLongForTheRestEndsTheRecording() {
    let (events, words) = compose([clip("one", x: 1, count: 59_900)])
    #expect(words.isEmpty && events.count == 0)
  }
}
