import Events
import Testing

@Suite struct RunningFilterTests {
  private static let sensor = SensorGeometry(width: 40, height: 30)

  /// What a filter leaves of events, given in pieces, and the filter.
  private func run(
    _ description: String, _ batch: EventBatch, pieces: Int = .max
  ) throws -> (left: EventBatch, filter: any EventFilter) {
    var chain = EventFilterChain(geometry: Self.sensor)
    try chain.append(description, hotPixels: .running)
    var left = EventBatch()
    var start = 0
    while start < batch.count {
      let end = min(batch.count, start + min(pieces, batch.count))
      var part = batch.slice(start..<end)
      chain.apply(&part)
      left.append(contentsOf: part)
      start = end
    }
    return (left, chain.filters[0])
  }

  private func sorted(_ events: [Event]) -> EventBatch {
    var batch = EventBatch()
    for event in events.sorted(by: { ($0.timeMicroseconds, $0.y, $0.x) < ($1.timeMicroseconds, $1.y, $1.x) }) {
      batch.append(event)
    }
    return batch
  }

  /// An edge that crosses the sensor in a second, again and again: each pixel of a row fires once a second.
  private func edge(seconds: Int) -> [Event] {
    var events: [Event] = []
    for second in 0..<seconds {
      for x in 0..<40 {
        for y in 0..<30 {
          events.append(
            Event(
              timeMicroseconds: Int64(second * 1_000_000 + x * 25_000), x: UInt16(x), y: UInt16(y),
              polarity: UInt8(second % 2)))
        }
      }
    }
    return events
  }

  /// A pixel that fires 200 times a second.
  private func hot(_ x: UInt16, _ y: UInt16, _ range: Range<Int64>) -> [Event] {
    stride(from: range.lowerBound, to: range.upperBound, by: 5_000).map {
      Event(timeMicroseconds: $0, x: x, y: y, polarity: 1)
    }
  }

  @Test func aHotPixelIsMaskedFromTheNextWindowOnAndNothingElseIs() throws {
    let moving = edge(seconds: 6)
    let noise = hot(7, 9, 500_000..<3_050_000)
    let batch = sorted(moving + noise)
    for pieces in [Int.max, 1, 777] {
      let (left, filter) = try run("hot-pixels=5", batch, pieces: pieces)
      // 100 times in the first window, so silent from the second on; ten times in the fourth, so no longer from the fifth.
      let isGone = { (event: Event) in
        event.x == 7 && event.y == 9 && (1_000_000..<4_000_000).contains(event.timeMicroseconds)
      }
      let kept = (0..<batch.count).map { batch[$0] }.filter { !isGone($0) }
      #expect((0..<left.count).map { left[$0] } == kept)
      #expect(filter.removed == Int64(batch.count - kept.count) && filter.removed == 413)
      #expect(filter.finding == nil)
    }
    let early = sorted(edge(seconds: 3) + hot(7, 9, 500_000..<3_000_000))
    #expect(try run("hot-pixels=5", early).filter.finding == "masks (7, 9)")
    #expect(try run("hot-pixels=5", early).filter.name == "hot-pixels=5,1000000")
  }

  @Test func aHotPixelStaysMaskedWhileMuchMoves() throws {
    // Its neighbours fire a hundred times a second from the third second on: no rule finds it now, and yet it is hot.
    var bustle: [Event] = []
    for place in 0..<9 where place != 4 {
      let (x, y) = (UInt16(14 + place % 3), UInt16(14 + place / 3))
      for index in 0..<200 {
        let time = 2_000_000 + Int64(index) * 10_000
        bustle.append(Event(timeMicroseconds: time, x: x, y: y, polarity: UInt8(index % 2)))
      }
    }
    let batch = sorted(edge(seconds: 4) + hot(15, 15, 0..<4_000_000) + bustle)
    let (left, filter) = try run("hot-pixels=5", batch)
    #expect((0..<left.count).allSatisfy { left.x[$0] != 15 || left.y[$0] != 15 || left.times[$0] < 1_000_000 })
    #expect(filter.removed == 600 + 3)
  }

  @Test func silenceForWindowsUnmasks() throws {
    let batch = sorted(edge(seconds: 1) + hot(3, 3, 0..<2_000_000) + hot(3, 3, 9_000_000..<9_100_000))
    let (left, _) = try run("hot-pixels=5", batch)
    #expect((0..<left.count).count { left.times[$0] >= 9_000_000 } == 20)
    #expect((0..<left.count).allSatisfy { !(1_000_000..<2_000_000).contains(left.times[$0]) })
  }

  /// Pixels that brighten and darken so many times a second.
  private func lamp(_ frequency: Double, columns: Range<UInt16>, seconds: Double, from start: Double = 0) -> [Event] {
    let period = 1e6 / frequency
    var events: [Event] = []
    for cycle in 0..<Int(frequency * seconds) {
      for x in columns {
        for y in UInt16(0)..<5 {
          // Each of them a little later than its neighbour, and with a jitter that depends on the cycle.
          let jitter = Double((cycle * 7 + Int(x) * 3 + Int(y)) % 11) * 0.004 * period
          let time = start + Double(cycle) * period + jitter
          events.append(Event(timeMicroseconds: Int64(time), x: x, y: y, polarity: 1))
          events.append(Event(timeMicroseconds: Int64(time + period / 2), x: x, y: y, polarity: 0))
        }
      }
    }
    return events
  }

  @Test(arguments: [100.0, 120.0])
  func aLampIsSilentAfterAFewCyclesWhileAnEdgePasses(frequency: Double) throws {
    // 50 pixels flicker for a second. The edge crosses the others meanwhile.
    let lamp = lamp(frequency, columns: 10..<20, seconds: 1)
    let moving = edge(seconds: 2).filter { !(10..<20).contains($0.x) || $0.y >= 5 }
    let batch = sorted(lamp + moving)
    for pieces in [Int.max, 1, 100] {
      let (left, filter) = try run("flicker", batch, pieces: pieces)
      // The first brightening follows nothing, the second no other, five more are needed; the sixth cycle passes whole.
      #expect(filter.removed == Int64(lamp.count - 50 * 12))
      #expect(left.count == batch.count - Int(filter.removed))
      // Of the edge nothing is gone.
      let isLamp = { (index: Int) in (10..<20).contains(left.x[index]) && left.y[index] < 5 }
      #expect((0..<left.count).count { !isLamp($0) } == moving.count)
    }
  }

  @Test func afterTheLampIsOffItsPixelsSeeAgain() throws {
    // The first thing that is seen is something dark: no brightening ends the count.
    let dark = (0..<5).map { Event(timeMicroseconds: 550_000, x: 0, y: UInt16($0), polarity: 0) }
    let later = lamp(3, columns: 0..<1, seconds: 1, from: 600_000)
    let batch = sorted(lamp(100, columns: 0..<1, seconds: 0.5) + dark + later)
    let (left, _) = try run("flicker", batch)
    #expect((0..<left.count).count { left.times[$0] >= 550_000 } == 5 + 5 * 2 * 3)
  }

  @Test(arguments: [50.0, 80.0, 150.0, 300.0, 1_000.0])
  func whatFlickersAtAnotherFrequencyStays(frequency: Double) throws {
    let batch = sorted(lamp(frequency, columns: 0..<4, seconds: 1))
    #expect(try run("flicker", batch).filter.removed == 0)
    let band = "flicker=\(frequency * 0.85)..\(frequency * 1.9),3"
    #expect(try run(band, batch).filter.removed == Int64(batch.count - 4 * 5 * 8))
  }

  @Test func filtersThatAreWrittenWrongAreRefused() {
    for (text, part) in [
      ("flicker=100", "LOW..HIGH,CYCLES"), ("flicker=90..x", "LOW..HIGH"), ("flicker=90..80,5", "outside"),
      ("flicker=90..135,1", "2 to 100"), ("hot-pixels=0", "above 0"), ("hot-pixels=5,x", "MICROSECONDS"),
      ("hot-pixels=5,0", "above 0"), ("0", "brackets"), ("blur=3", "no such filter"),
    ] {
      #expect(EventFilterChain.problem(of: text)?.description.contains(part) == true, "\(text)")
    }
    for text in EventFilterTests.all { #expect(EventFilterChain.problem(of: text) == nil, "\(text)") }
    var chain = EventFilterChain(geometry: Self.sensor)
    let error = #expect(throws: EventFilterError.self) { try chain.append("hot-pixels=5") }
    #expect(error?.description.contains("hot-pixels=5,1000000") == true)
  }
}
