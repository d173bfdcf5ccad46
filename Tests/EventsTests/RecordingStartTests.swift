import Events
import Testing

@Suite struct RecordingStartTests {
  /// Events every 200 us from a time on.
  private func dense(from start: Int64, count: Int = 20) -> [Int64] { (0..<count).map { start + Int64($0) * 200 } }

  @Test func singleEventsApartFromADenseRecordingAreStrays() {
    for before in [[0], [0, 30_000], [0, 100, 60_000], [0, 3_600_000_000]] as [[Int64]] {
      let times = before + dense(from: (before.last ?? 0) + 60_000)
      #expect(RecordingStart.strays(in: times, isComplete: true) == before.count)
    }
    // Also one whose time is later than all that follow.
    #expect(RecordingStart.strays(in: [5_000_000_000] + dense(from: 0), isComplete: true) == 1)
    #expect(RecordingStart.strays(in: [.max] + dense(from: .min), isComplete: true) == 1)
  }

  @Test func otherwiseARecordingBeginsWithItsFirstEvent() {
    #expect(RecordingStart.strays(in: dense(from: 0), isComplete: true) == 0)
    // Close by; four of them; sparse all over; too short to tell.
    #expect(RecordingStart.strays(in: [0] + dense(from: 9_000), isComplete: true) == 0)
    #expect(RecordingStart.strays(in: [0, 20_000, 40_000, 60_000] + dense(from: 80_000), isComplete: true) == 0)
    #expect(RecordingStart.strays(in: (0..<50).map { $0 * 30_000 }, isComplete: true) == 0)
    #expect(RecordingStart.strays(in: [0, 60_000, 60_100, 60_200], isComplete: true) == 0)
    #expect(RecordingStart.strays(in: [Int64](), isComplete: true) == 0)
  }

  @Test func whatIsDecidedWithFewEventsIsNotChangedByMore() {
    for times in [
      dense(from: 0), [0] + dense(from: 60_000), [0, 1, 90_000] + dense(from: 200_000),
      [0, 20_000, 40_000, 60_000] + dense(from: 80_000), (0..<30).map { $0 * 3_000 },
    ] as [[Int64]] {
      let all = RecordingStart.strays(in: times, isComplete: true)
      var decided = false
      for count in 0...times.count {
        guard let early = RecordingStart.strays(in: times.prefix(count), isComplete: false) else {
          #expect(!decided)
          continue
        }
        decided = true
        #expect(early == all)
      }
      #expect(decided)
    }
  }

  @Test func framesAreOfTheRecordingAndKeepWhatStandsInFront() {
    let clean = randomEvents(count: 500, seed: 9, width: 9, height: 9, maximumStep: 300)
    for time in [clean.times[0] - 60_000, clean.times[499] + 60_000] {
      var stray = EventBatch(times: [time], x: [1], y: [2], polarities: [1])
      stray.append(contentsOf: clean)
      let expected = splitEvents(clean, frames: 7)
      let parts = splitEvents(stray, frames: 7)
      #expect(parts[0].slice(1..<parts[0].count) == expected[0])
      #expect(Array(parts[1...]) == Array(expected[1...]))
    }
  }
}
