import Events
import Foundation
import TestSupport
import Testing

@testable import StreamSources

/// What a stream's events go through before the models.
struct EventIntakeTests {
  private static let sensor = SensorGeometry(width: 40, height: 30)

  /// An event of each pixel of the first rows in every second, and one pixel that fires a hundred times.
  private func second(_ number: Int) -> EventBatch {
    var events: [Event] = []
    for place in 0..<400 {
      let time = Int64(number * 1_000_000 + place * 2_500)
      events.append(Event(timeMicroseconds: time, x: UInt16(place % 40), y: UInt16(place / 40), polarity: 1))
      if place % 4 == 0 { events.append(Event(timeMicroseconds: time, x: 20, y: 25, polarity: 0)) }
    }
    var batch = EventBatch()
    for event in events { batch.append(event) }
    return batch
  }

  private func intake(_ settings: [(RecordingOptions.Setting, String)]) -> EventIntake {
    var options = RecordingOptions()
    for (setting, text) in settings { _ = options.set(setting, to: text) }
    return EventIntake(
      models: [SensorGeometry(width: 16, height: 16), SensorGeometry(width: 40, height: 30)], options: options)
  }

  @Test func hotPixelsOfALiveStreamAreTold() throws {
    var intake = intake([(.filters, "polarity=on hot-pixels=5")])
    try intake.begin(camera: Self.sensor, source: "camera")
    var batch = second(0)
    intake.apply(&batch)
    #expect(intake.found == [] && batch.count == 400)
    intake = self.intake([(.filters, "hot-pixels=5")])
    try intake.begin(camera: Self.sensor, source: "camera")
    var told: [[String]] = []
    for number in 0..<3 {
      var batch = second(number)
      intake.apply(&batch)
      told.append(intake.found)
    }
    #expect(
      told == [[], ["filter hot-pixels=5,1000000 masks (20, 25)"], ["filter hot-pixels=5,1000000 masks (20, 25)"]])
    #expect(intake.filtered == ["hot-pixels=5,1000000": 200])
    // The next stretch begins with nothing, and what was taken out stays counted.
    try intake.begin(camera: Self.sensor, source: "camera")
    #expect(intake.found == [])
    var again = second(0)
    intake.apply(&again)
    #expect(intake.filtered == ["hot-pixels=5,1000000": 200])
  }

  @Test func eachModelIsToldItsPicture() throws {
    var intake = intake([])
    try intake.begin(camera: Self.sensor, source: "camera")
    #expect(intake.camera == Self.sensor)
    // The second model's sensor is the camera's own.
    #expect(
      intake.picture
        == "a sensor of 40x30, scaled to 16x12, 6.25 pixels to one, at 0,2 of the model's 16x16")
    // Nobody says what it is: each model takes it for its own.
    try intake.begin(camera: nil, source: "camera")
    #expect(intake.camera == nil && intake.picture == nil)
    var cropped = self.intake([(.filters, "crop=0,0,20,15")])
    try cropped.begin(camera: nil, source: "camera")
    #expect(cropped.camera == SensorGeometry(width: 20, height: 15))
  }
}
