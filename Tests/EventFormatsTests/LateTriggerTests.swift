import EventFormats
import Events
import Testing

/// Triggers keep their times where 31 bits of microseconds have run over, after 36 minutes.
@Suite struct LateTriggerTests {
  private static let sensor = SensorGeometry(width: 64, height: 48)

  @Test(arguments: [EventFormat.aedat3, .aedat4, .evt2, .evt21, .evt3], [Int64(1) << 31, 3 << 31])
  func aTriggerKeepsItsTimeAcrossTheOverflow(format: EventFormat, border: Int64) throws {
    var batch = randomEvents(count: 400, seed: 4, geometry: Self.sensor, maximumStep: 50)
    batch.shiftTimes(by: border - batch.times[200])
    #expect(batch.times[0] < border && batch.times[399] > border)
    batch.triggers = (0..<40).map {
      TriggerEvent(timeMicroseconds: batch.times[$0 * 10], channel: 0, isRising: $0 % 2 == 0)
    }
    let reading = try Reading(written([batch], Target(format: format, name: ""), Self.sensor))
    #expect(reading.batch.triggers == batch.triggers)
    #expect(reading.batch.times == batch.times)
    #expect(reading.accounting.violations.isEmpty)
  }
}
