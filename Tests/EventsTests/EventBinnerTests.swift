import Events
import Numerics
import Testing

/// Events from a small congruential generator: sorted in time, on a sensor, both polarities.
func randomEvents(count: Int, seed: UInt64, width: Int, height: Int, maximumStep: UInt64) -> EventBatch {
  var state = seed
  func next(_ bound: UInt64) -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return (state >> 33) % bound
  }
  var batch = EventBatch()
  var time: Int64 = 5000
  for _ in 0..<count {
    time += Int64(next(maximumStep))
    batch.append(
      Event(
        timeMicroseconds: time, x: UInt16(next(UInt64(width))), y: UInt16(next(UInt64(height))),
        polarity: UInt8(next(2))))
  }
  return batch
}

@Suite struct EventBinnerTests {
  func bin(_ batch: EventBatch, _ configuration: EventBinningConfiguration, pieces: Int = .max) throws -> [SpikeFrame] {
    var binner = try EventBinner(configuration)
    var frames: [SpikeFrame] = []
    var start = 0
    while start < batch.count {
      let end = min(batch.count, start + min(pieces, batch.count))
      try binner.push(batch.slice(start..<end)) { frames.append($0) }
      start = end
    }
    binner.finish { frames.append($0) }
    return frames
  }

  @Test func eventsFallIntoPolarityRowAndColumn() throws {
    let batch = EventBatch(
      times: [100, 150, 199, 200, 450], x: [0, 2, 2, 3, 1], y: [0, 1, 1, 2, 0], polarities: [0, 1, 1, 0, 1])
    let configuration = EventBinningConfiguration(sensor: SensorGeometry(width: 4, height: 3), binMicroseconds: 100)
    let frames = try bin(batch, configuration)
    #expect(configuration.shape == [2, 3, 4])
    #expect(
      frames == [
        SpikeFrame(step: 0, startMicroseconds: 100, endMicroseconds: 200, channels: [0, 18], values: [1, 2]),
        SpikeFrame(step: 1, startMicroseconds: 200, endMicroseconds: 300, channels: [11], values: [1]),
        SpikeFrame(step: 2, startMicroseconds: 300, endMicroseconds: 400),
        SpikeFrame(step: 3, startMicroseconds: 400, endMicroseconds: 500, channels: [13], values: [1]),
      ])
  }

  @Test func binaryAndClippedCountsAndDownsampling() throws {
    let batch = EventBatch(
      times: [0, 1, 2, 3, 4], x: [0, 1, 0, 1, 4], y: [0, 0, 1, 1, 2], polarities: [1, 1, 1, 1, 0])
    var configuration = EventBinningConfiguration(
      sensor: SensorGeometry(width: 5, height: 3), binMicroseconds: 10, downsampling: 2)
    #expect(configuration.shape == [2, 2, 3])
    #expect(try bin(batch, configuration)[0].values == [1, 4])
    #expect(try bin(batch, configuration)[0].channels == [5, 6])
    configuration.maximumCount = 3
    #expect(try bin(batch, configuration)[0].values == [1, 3])
    configuration.mode = .binary
    #expect(try bin(batch, configuration)[0].values == [1, 1])
  }

  @Test func whatABusyInputCountsIsThatOfItsOwnStep() throws {
    // More than a byte holds in two steps, less in the last.
    let counts = [300, 260, 10]
    var batch = EventBatch()
    for (step, count) in counts.enumerated() {
      for _ in 0..<count { batch.append(Event(timeMicroseconds: Int64(step) * 100, x: 1, y: 2, polarity: 1)) }
    }
    let configuration = EventBinningConfiguration(sensor: SensorGeometry(width: 4, height: 3), binMicroseconds: 100)
    #expect(try bin(batch, configuration).map(\.values) == counts.map { [Float($0)] })
  }

  @Test(arguments: 1...8)
  func noEventIsLostWhateverTheChunking(seed: Int) throws {
    let batch = randomEvents(count: 5000, seed: UInt64(seed), width: 20, height: 17, maximumStep: 40)
    let configuration = EventBinningConfiguration(
      sensor: SensorGeometry(width: 20, height: 17), binMicroseconds: Int64(37 * seed), downsampling: 1 + seed % 3)
    let whole = try bin(batch, configuration)
    #expect(whole.reduce(0) { $0 + $1.values.reduce(0, +) } == 5000)
    for pieces in [1, 7, 160, 4096] {
      #expect(try bin(batch, configuration, pieces: pieces) == whole)
    }
    for (index, frame) in whole.enumerated() {
      #expect(frame.step == index)
      #expect(frame.startMicroseconds == batch.times[0] + Int64(index) * configuration.binMicroseconds)
      #expect(zip(frame.channels, frame.channels.dropFirst()).allSatisfy { $0 < $1 })
    }
  }

  @Test func wholeFramesHoldTheSameCounts() throws {
    let batch = randomEvents(count: 5000, seed: 21, width: 20, height: 17, maximumStep: 40)
    let configuration = EventBinningConfiguration(sensor: SensorGeometry(width: 20, height: 17), binMicroseconds: 900)
    let sparse = try bin(batch, configuration)
    var binner = try EventBinner(configuration)
    var steps: [Int] = []
    var frames: [[Float]] = []
    func keep(_ step: Int, _ counts: Span<UInt8>) {
      steps.append(step)
      frames.append((0..<2 * 20 * 17).map { Float(counts[$0]) })
    }
    try binner.pushDense(batch.slice(0..<1234), emit: keep)
    try binner.pushDense(batch.slice(1234..<5000), emit: keep)
    binner.finishDense(emit: keep)
    #expect(steps == sparse.map(\.step))
    for (frame, step) in zip(frames, sparse) {
      var dense = [Float](repeating: 0, count: 2 * 20 * 17)
      for (channel, value) in zip(step.channels, step.values) { dense[Int(channel)] = value }
      #expect(frame == dense)
    }
  }

  @Test func countsBeyondAByteAreKept() throws {
    var batch = EventBatch()
    for index in 0..<1000 {
      batch.append(Event(timeMicroseconds: Int64(index % 2), x: 1, y: 0, polarity: index < 700 ? 1 : 0))
    }
    batch.append(Event(timeMicroseconds: 20, x: 1, y: 0, polarity: 1))
    let configuration = EventBinningConfiguration(sensor: SensorGeometry(width: 3, height: 3), binMicroseconds: 10)
    let frames = try bin(batch, configuration)
    #expect(frames.map(\.channels) == [[1, 10], [], [10]])
    #expect(frames.map(\.values) == [[300, 700], [], [1]])
  }

  @Test func eventsOutsideAndLateEventsAreCounted() throws {
    let batch = EventBatch(
      times: [0, 120, 90, 130], x: [0, 9, 1, 1], y: [0, 0, 1, 1], polarities: [1, 1, 1, 1])
    var binner = try EventBinner(
      EventBinningConfiguration(sensor: SensorGeometry(width: 4, height: 4), binMicroseconds: 100))
    var frames: [SpikeFrame] = []
    try binner.push(batch) { frames.append($0) }
    binner.finish { frames.append($0) }
    #expect(binner.eventsOutside == 1)
    #expect(binner.lateEvents == 1)
    #expect(frames.map(\.values) == [[1], [2]])
  }

  @Test func hugeGapIsAnErrorAndNotAnHourOfSilence() throws {
    let batch = EventBatch(times: [0, 10_000_000_000_000], x: [0, 0], y: [0, 0], polarities: [1, 1])
    var binner = try EventBinner(
      EventBinningConfiguration(sensor: SensorGeometry(width: 4, height: 4), binMicroseconds: 1000))
    #expect(throws: EventBinningError.self) { try binner.push(batch) { _ in } }
  }

  @Test func configurationsThatCannotWorkAreRefused() {
    let sensor = SensorGeometry(width: 4, height: 4)
    for configuration in [
      EventBinningConfiguration(sensor: sensor, binMicroseconds: 0),
      EventBinningConfiguration(sensor: sensor, binMicroseconds: 10, downsampling: 0),
      EventBinningConfiguration(sensor: sensor, binMicroseconds: 10, maximumCount: 0),
      EventBinningConfiguration(sensor: SensorGeometry(width: 0, height: 4), binMicroseconds: 10),
    ] {
      #expect(throws: EventBinningError.self) { _ = try EventBinner(configuration) }
    }
  }
}
