import EventFormats
import StreamSources
import Testing

/// What was guessed of many recordings, told once for each kind.
struct ReadingNotesTests {
  private func stray(_ time: Int) -> ReadingGuess {
    ReadingGuess(.origin, "the event at \(time) us", because: "a single event stands \(time / 2) us before it")
  }

  @Test func guessesOfOneKindAreOneLineWithTheFirstOfThem() {
    let notes = ReadingNotes()
    // Wherever strays stand, it is one kind; another corner of the sensor is another.
    notes.add([stray(9_000)], of: "b")
    notes.add([stray(7_000)], of: "a")
    notes.add([ReadingGuess(.origin, "bottom left", because: "jAER counts so")], of: "c")
    notes.add([ReadingGuess(.timeUnit, "us", because: "by its values")], of: "a")
    notes.add(notices: ["is quiet"], of: "d")
    #expect(
      notes.lines == [
        "2 recordings (a …): origin taken as the event at 7000 us: a single event stands 3500 us before it",
        "a: time unit taken as us: by its values", "c: origin taken as bottom left: jAER counts so", "d: is quiet",
      ])
  }

  @Test func theOrderInWhichRecordingsCameDoesNotMatter() {
    let (up, down) = (ReadingNotes(), ReadingNotes())
    for index in 0..<9 {
      up.add([stray(1_000 + index)], of: "\(index)")
      down.add([stray(1_008 - index)], of: "\(8 - index)")
    }
    #expect(up.lines == down.lines && up.lines.count == 1)
  }

  @Test func recordingsAreCalledAsTheUserOfTheNotesWants() {
    let notes = ReadingNotes(name: { String($0.dropFirst("/home/ann/".count)) })
    notes.add(notices: ["quiet"], of: "/home/ann/yes/1.wav")
    notes.add(notices: ["loud"], of: "/home/ann/yes/2.wav")
    notes.add(notices: ["loud"], of: "/home/ann/no/3.wav")
    #expect(notes.lines == ["2 recordings (no/3.wav …): loud", "yes/1.wav: quiet"])
  }
}
