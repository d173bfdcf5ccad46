import Events
import Foundation
import Testing

@testable import EventSimulation

struct EventSimulatorTests {
  /// A camera without faults.
  private var perfect: SensorModel {
    var model = SensorModel()
    model.positiveThreshold = 0.2
    model.negativeThreshold = 0.25
    model.thresholdMismatch = 0
    model.cutoffFrequency = 0
    model.refractoryMicroseconds = 0
    model.leakRate = 0
    model.shotNoiseRate = 0
    model.hotPixelShare = 0
    model.darkCurrent = 1e-6
    return model
  }

  private func events(
    _ model: SensorModel, of size: SensorGeometry = SensorGeometry(width: 16, height: 16), seed: UInt64 = 1,
    _ frames: [(time: Int64, light: Float)]
  ) throws -> EventBatch {
    var simulator = try EventSimulator(geometry: size, model: model, seed: seed)
    var batch = EventBatch()
    for frame in frames {
      try simulator.push(
        [Float](repeating: frame.light, count: size.pixelCount), timeMicroseconds: frame.time, into: &batch)
    }
    return batch
  }

  @Test func aPixelFiresWheneverTheLogarithmHasMovedByAThreshold() throws {
    // The first frame lies anywhere between the thresholds: 0.41 is 0.8 to 3.05 steps of 0.2, and 1.465 whole ones in the
    // mean.
    let size = SensorGeometry(width: 64, height: 64)
    let brighter = try events(perfect, of: size, [(0, 0.1), (10_000, 0.1 * exp(0.41))])
    #expect(brighter.polarities.allSatisfy { $0 == 1 })
    #expect(abs(Double(brighter.count) / 4_096 - 1.465) < 0.05)
    let darker = try events(perfect, of: size, [(0, 0.1), (10_000, 0.1 * exp(-0.51))])
    #expect(darker.polarities.allSatisfy { $0 == 0 })
    // From there on the count is exact: each further threshold is one event of every pixel.
    let first = try events(perfect, of: size, [(0, 0.1), (10_000, 0.2)]).count
    let more = try events(perfect, of: size, [(0, 0.1), (10_000, 0.2), (20_000, 0.2 * exp(0.6))])
    #expect(more.count - first == 3 * 4_096)
  }

  @Test func eventsHaveTheTimesAtWhichTheLineCrossesTheirThresholds() throws {
    let one = SensorGeometry(width: 1, height: 1)
    let batch = try events(perfect, of: one, [(0, 0.1), (100_000, 0.1 * exp(2))])
    // Thresholds lie 0.2 apart and the light rises by 2 in 100 ms: 10 ms from event to event.
    #expect((9...10).contains(batch.count))
    for (earlier, later) in zip(batch.times, batch.times.dropFirst()) {
      #expect(abs(later - earlier - 10_000) <= 2)
    }
  }

  @Test func aPixelIsSilentInItsRefractoryTime() throws {
    var model = perfect
    model.refractoryMicroseconds = 15_000
    let one = SensorGeometry(width: 1, height: 1)
    let frames = (0...10).map { (Int64($0) * 10_000, Float(0.1 * exp(0.2 * Double($0)))) }
    let batch = try events(model, of: one, frames)
    #expect(batch.count >= 4 && batch.count <= 6)
    for (earlier, later) in zip(batch.times, batch.times.dropFirst()) { #expect(later - earlier >= 15_000) }
  }

  @Test func aLeakMakesBrighterEventsAtItsRate() throws {
    var model = perfect
    model.leakRate = 2
    let frames = (0...100).map { (Int64($0) * 50_000, Float(0.3)) }
    let batch = try events(model, frames)
    // 256 pixels, 5 s, twice a second.
    #expect(abs(batch.count - 2_560) <= 256)
    #expect(batch.polarities.allSatisfy { $0 == 1 })
  }

  @Test func noiseComesAtItsRateAndLessInTheLight() throws {
    var model = perfect
    model.shotNoiseRate = 4
    let size = SensorGeometry(width: 64, height: 64)
    let frames = { (light: Float) in (0...50).map { (Int64($0) * 20_000, light) } }
    let dark = try events(model, of: size, frames(0)).count
    let bright = try events(model, of: size, frames(1)).count
    #expect(abs(Double(dark) - 16_384) < 700)
    #expect(abs(Double(bright) - 4_096) < 400)
  }

  @Test func hotPixelsFireAtTheirs() throws {
    var model = perfect
    model.hotPixelShare = 1 / 64
    model.hotPixelRate = 50
    let size = SensorGeometry(width: 32, height: 32)
    let batch = try events(model, of: size, (0...50).map { (Int64($0) * 20_000, 0.5) })
    let pixels = Set(zip(batch.x, batch.y).map { [$0, $1] })
    #expect((14...17).contains(pixels.count))
    let rate = Double(batch.count) / Double(pixels.count)
    #expect(abs(rate - 50) < 15)
  }

  @Test func aSlowPixelFollowsLaterAndSlowerStillInTheDark() throws {
    var model = perfect
    model.cutoffFrequency = 20
    func half(_ light: Float) throws -> Int64 {
      let frames = (0...200).map { (Int64($0) * 1_000, $0 == 0 ? light : 3 * light) }
      let times = try events(model, of: SensorGeometry(width: 1, height: 1), frames).times
      return times[times.count / 2]
    }
    // A first order low pass of 20 Hz has gone half way after ln 2 / (2 pi 20 Hz), 5.5 ms.
    let bright = try half(0.5)
    #expect((3_000...9_000).contains(bright))
    #expect(try half(0.02) > 4 * bright)
  }

  @Test func thresholdsDifferFromPixelToPixel() throws {
    var model = perfect
    model.thresholdMismatch = 0.1
    let size = SensorGeometry(width: 64, height: 64)
    let batch = try events(model, of: size, [(0, 0.01), (1_000_000, 0.01 * exp(4))])
    var counts = [Int](repeating: 0, count: 4_096)
    for index in 0..<batch.count { counts[Int(batch.y[index]) * 64 + Int(batch.x[index])] += 1 }
    let mean = Double(counts.reduce(0, +)) / 4_096
    let squares = counts.map { (Double($0) - mean) * (Double($0) - mean) }
    let deviation = (squares.reduce(0, +) / 4_096).squareRoot()
    #expect(abs(mean - 20) < 1)
    #expect(abs(deviation / mean - 0.1) < 0.03)
  }

  @Test func theSameSeedGivesTheSameEventsInOrderOfTime() throws {
    let frames = (0...20).map { (Int64($0) * 4_000, Float(0.2 + 0.1 * sin(Double($0)))) }
    let first = try events(SensorModel(), frames)
    #expect(first.count > 200)
    #expect(first.times == first.times.sorted())
    #expect(try events(SensorModel(), frames) == first)
    #expect(try events(SensorModel(), seed: 2, frames) != first)
    // Frames that lie seconds apart are put in order too.
    let slow = try events(SensorModel(), [(0, 0.1), (3_000_000, 0.9)])
    #expect(slow.times == slow.times.sorted() && slow.count > 256)
  }

  @Test func whatIsWrongIsNamed() throws {
    let size = SensorGeometry(width: 2, height: 2)
    var batch = EventBatch()
    var simulator = try EventSimulator(geometry: size, model: perfect, seed: 1)
    #expect(throws: EventSimulationError.self) { try simulator.push([1], timeMicroseconds: 0, into: &batch) }
    try simulator.push([0, 0, 0, 0], timeMicroseconds: 5, into: &batch)
    #expect(throws: EventSimulationError.self) { try simulator.push([0, 0, 0, 0], timeMicroseconds: 5, into: &batch) }
    #expect(throws: EventSimulationError.self) {
      try simulator.push([0, 0, 0, 0], timeMicroseconds: 3_600_000_006, into: &batch)
    }
    try simulator.push([0, 0, 0, 0], timeMicroseconds: 6, into: &batch)
    var model = perfect
    model.negativeThreshold = 0
    #expect(throws: EventSimulationError.self) { try EventSimulator(geometry: size, model: model, seed: 1) }
    for preset in SensorModel.Preset.allCases { #expect(SensorModel(preset).problem == nil) }
  }
}
