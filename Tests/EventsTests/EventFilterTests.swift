import Events
import Testing

@Suite struct EventFilterTests {
  static let sensor = SensorGeometry(width: 16, height: 12)

  func run(_ descriptions: [String], _ batch: EventBatch, pieces: Int = .max, counts: HotPixelFinder? = nil) throws
    -> (EventBatch, EventFilterChain)
  {
    var chain = EventFilterChain(geometry: Self.sensor)
    for description in descriptions {
      try chain.append(description, hotPixels: counts.map { .counted($0) } ?? .unknown)
    }
    var result = EventBatch()
    var start = 0
    while start < batch.count {
      let end = min(batch.count, start + min(pieces, batch.count))
      var part = batch.slice(start..<end)
      chain.apply(&part)
      result.append(contentsOf: part)
      start = end
    }
    return (result, chain)
  }

  static let all = [
    "refractory=300", "background=200", "polarity=on", "crop=2,3,8,6", "mask=0,0,4,4", "flip-x", "flip-y", "transpose",
    "downsample=3", "rate=20000", "time=6000..9000", "events=10..500", "shift=-5000", "noise=30000,7",
    "hot-pixels=1,2000", "flicker=90..135,2", "flicker",
  ]

  @Test(arguments: all)
  func batchesDoNotChangeWhatAFilterDoesAndItsBooksBalance(description: String) throws {
    let batch = randomEvents(count: 2000, seed: 5, width: 16, height: 12, maximumStep: 20)
    let (whole, chain) = try run([description], batch)
    for pieces in [1, 13, 500] { #expect(try run([description], batch, pieces: pieces).0 == whole) }
    #expect(Int64(whole.count) == 2000 - chain.filters[0].removed + chain.filters[0].added)
    let geometry = try #require(chain.geometry)
    #expect((0..<whole.count).allSatisfy { whole.x[$0] < geometry.width && whole.y[$0] < geometry.height })
  }

  @Test func aSliceThatIsNotThereSaysWhereTheRecordingLies() throws {
    var batch = randomEvents(count: 300, seed: 5, width: 16, height: 12, maximumStep: 20)
    batch.shiftTimes(by: 11_700_000 - batch.times[0])
    let last = batch.times[299]
    for (slice, name) in [("time=0..2000000", "time=0..2000000"), ("time=20000000..", "time=20000000..")] {
      let (left, chain) = try run([slice, "polarity=on"], batch, pieces: 77)
      #expect(left.count == 0)
      let text = try #require(chain.emptiness)
      for part in [name, "11700000", "\(last)"] { #expect(text.contains(part), "\(text)") }
    }
    let (_, numbered) = try run(["events=300..400"], batch)
    #expect(numbered.emptiness?.contains("300, numbered from 0") == true)
    #expect(try run(["time=0..11700001"], batch).1.emptiness == nil)
    #expect(try run(["time=0..2000000"], EventBatch()).1.emptiness == nil)
    // Nothing of one polarity is a result like others.
    #expect(try run(["polarity=on", "polarity=off"], batch).1.emptiness == nil)
  }

  @Test func aTimeWithAPointIsToldItsUnit() {
    for (text, parts) in [
      ("time=1.2..1.8", ["microseconds", "1200000..1800000"]), ("time=..0.5", ["microseconds", "..500000"]),
      ("time=1e3..x", ["microseconds"]), ("events=1.5..2", ["whole numbers"]),
    ] {
      let error = #expect(throws: EventFilterError.self) { _ = try run([text], EventBatch()) }
      for part in parts { #expect(error?.description.contains(part) == true, "\(error?.description ?? "")") }
    }
  }

  @Test func refractorySilencesAPixelAfterEachDeliveredEvent() throws {
    let batch = EventBatch(
      times: [0, 50, 99, 100, 120], x: [1, 1, 1, 1, 2], y: [1, 1, 1, 1, 1], polarities: [1, 0, 1, 1, 1])
    #expect(try run(["refractory=100"], batch).0.times == [0, 100, 120])
  }

  @Test func backgroundActivityNeedsANeighbour() throws {
    let batch = EventBatch(
      times: [0, 10, 20, 500, 505], x: [5, 6, 12, 6, 6], y: [5, 5, 9, 5, 5], polarities: [1, 1, 1, 1, 1])
    // The second has a neighbour, the last only itself.
    #expect(try run(["background=100"], batch).0.times == [10])
  }

  @Test func orientationAndCropMoveAddresses() throws {
    let batch = EventBatch(times: [0], x: [3], y: [4], polarities: [1])
    #expect(try run(["flip-x"], batch).0.x == [12])
    #expect(try run(["flip-y"], batch).0.y == [7])
    #expect(try run(["transpose"], batch).0[0] == Event(timeMicroseconds: 0, x: 4, y: 3, polarity: 1))
    #expect(try run(["crop=2,2,4,4", "flip-x"], batch).0[0] == Event(timeMicroseconds: 0, x: 2, y: 2, polarity: 1))
  }

  @Test func hotPixelsAreFoundAndNamed() throws {
    var batch = randomEvents(count: 3000, seed: 11, width: 16, height: 12, maximumStep: 20)
    let time = batch.times[batch.count - 1]
    for index in 0..<400 {
      batch.append(Event(timeMicroseconds: time + Int64(index), x: 7, y: 2, polarity: 1))
    }
    var finder = HotPixelFinder(geometry: Self.sensor)
    finder.add(batch)
    let hot = finder.hotPixels(deviations: 5)
    #expect(hot.map(\.x) == [7] && hot.map(\.y) == [2])
    let (result, chain) = try run(["hot-pixels=5"], batch, counts: finder)
    #expect(Int64(batch.count - result.count) == hot[0].count)
    #expect(chain.filters[0].name.contains("(7, 2)"))
  }

  @Test(arguments: ["refractory=0", "crop=1,2,3", "blur=3", "time=9..5", "polarity=maybe", "hot-pixels=3", "rate=1"])
  func filtersThatCannotWorkAreRefused(description: String) {
    var chain = EventFilterChain(geometry: Self.sensor)
    #expect(throws: EventFilterError.self) { try chain.append(description) }
  }

  @Test func theSensorMustBeKnownWhereAFilterNeedsIt() {
    var chain = EventFilterChain(geometry: nil)
    #expect(throws: EventFilterError.self) { try chain.append("flip-x") }
  }
}
