import Events
import Testing

@Suite struct EventWindowTests {
  func windows(_ batch: EventBatch, _ windowing: EventWindowing, pieces: Int) throws -> [EventBatch] {
    var cutter = try EventWindows(windowing)
    var result: [EventBatch] = []
    for start in stride(from: 0, to: batch.count, by: pieces) {
      cutter.push(batch.slice(start..<min(batch.count, start + pieces))) { result.append($0) }
    }
    cutter.finish { result.append($0) }
    return result
  }

  @Test(arguments: 1...6)
  func everyEventLiesInAWindowWhateverTheBatches(seed: Int) throws {
    let batch = randomEvents(count: 1000, seed: UInt64(seed), width: 9, height: 9, maximumStep: 30)
    for windowing in [
      EventWindowing.time(length: 500, step: 500), .time(length: 700, step: 200), .count(length: 64, step: 64),
      .count(length: 100, step: 30),
    ] {
      let whole = try windows(batch, windowing, pieces: 1000)
      for pieces in [1, 7, 333] { #expect(try windows(batch, windowing, pieces: pieces) == whole) }
      let seen = Set(whole.flatMap { window in (0..<window.count).map { window[$0] } })
      #expect(seen == Set((0..<batch.count).map { batch[$0] }))
      if case .time(let length, let step) = windowing, length == step {
        #expect(whole.reduce(0) { $0 + $1.count } == 1000)
      }
      if case .count(let length, let step) = windowing, length == step {
        #expect(whole.reduce(0) { $0 + $1.count } == 1000)
        #expect(whole.dropLast().allSatisfy { $0.count == length })
      }
    }
  }

  @Test func framesCoverARecordingOnce() {
    let batch = randomEvents(count: 997, seed: 3, width: 9, height: 9, maximumStep: 30)
    for frames in [1, 2, 7, 100] {
      for byCount in [false, true] {
        let parts = splitEvents(batch, frames: frames, byCount: byCount)
        #expect(parts.count == frames)
        var joined = EventBatch()
        for part in parts { joined.append(contentsOf: part) }
        #expect(joined == batch)
      }
    }
  }

  @Test func windowsThatLeaveEventsOutAreRefused() {
    for windowing in [
      EventWindowing.time(length: 0, step: 1), .time(length: 10, step: 11), .count(length: 5, step: 0),
    ] {
      #expect(throws: EventBinningError.self) { _ = try EventWindows(windowing) }
    }
  }

  @Test func voxelGridSharesEventsBetweenNeighbouringBins() {
    let batch = EventBatch(
      times: [0, 25, 100], x: [0, 1, 0], y: [0, 0, 0], polarities: [1, 1, 0])
    let grid = VoxelGrid(batch, bins: 3, sensor: SensorGeometry(width: 2, height: 1))
    #expect(grid.values == [1, 0.5, 0, 0.5, -1, 0])
    let total = grid.values.reduce(0, +)
    #expect(total == 1)
  }

  @Test func timeSurfaceDecaysFromTheLastEvent() {
    var surface = TimeSurface(tauMicroseconds: 100, sensor: SensorGeometry(width: 2, height: 1))
    surface.push(EventBatch(times: [0, 50], x: [0, 1], y: [0, 0], polarities: [1, 0]))
    let values = surface.values(at: 150)
    #expect(values[0] == 0 && values[3] == 0)
    #expect(abs(values[1] - 0.36787945) < 1e-6)
    #expect(abs(values[2] - 0.22313016) < 1e-6)
  }
}
