import EventFormats
import Events
import Testing

/// Every number that a format has room for reaches the trigger, and comes back out of what is written.
@Suite struct TriggerChannelTests {
  @Test func evt3HasFourBits() throws {
    // A high time, then one low time and one trigger for each channel.
    var words: [UInt16] = [0x8001]
    for channel in 0..<16 as Range<UInt16> { words += [0x6000 | channel, 0xa000 | channel << 8 | channel & 1] }
    let bytes = Array("% evt 3.0\n% end\n".utf8) + words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let reading = try Reading(bytes)
    #expect(reading.batch.triggers.map(\.channel) == Array(0..<16))
    #expect(reading.batch.triggers.map(\.isRising) == (0..<16).map { $0 % 2 == 1 })
    #expect(reading.batch.triggers.map(\.timeMicroseconds) == (0..<16).map { 4096 + Int64($0) })
    #expect(reading.accounting.triggers == 16)
  }

  @Test(arguments: [("2.0", UInt32(0xa000_0000), UInt32(0x8000_0001)), ("4.0", 0x9000_0000, 0xe000_0001)])
  func evt2AndEvt4HaveFive(version: String, kind: UInt32, high: UInt32) throws {
    var words = [high]
    for channel in 0..<32 as Range<UInt32> { words.append(kind | channel << 22 | channel << 8 | channel & 1) }
    let bytes =
      Array("% evt \(version)\n% end\n".utf8)
      + words.flatMap { word in (0..<4).map { UInt8(word >> UInt32(8 * $0) & 0xff) } }
    let reading = try Reading(bytes)
    #expect(reading.batch.triggers.map(\.channel) == Array(0..<32))
    #expect(reading.batch.triggers.map(\.isRising) == (0..<32).map { $0 % 2 == 1 })
    #expect(reading.batch.triggers.map(\.timeMicroseconds) == (0..<32).map { 64 + Int64($0) })
  }

  @Test(arguments: [(EventFormat.evt2, 32), (.evt21, 32), (.evt3, 16)])
  func whatIsWrittenIsReadBack(format: EventFormat, channels: Int) throws {
    let sensor = SensorGeometry(width: 64, height: 48)
    var batch = randomEvents(count: 400, seed: 4, geometry: sensor, maximumStep: 50)
    batch.triggers = (0..<channels).map {
      TriggerEvent(timeMicroseconds: batch.times[$0 * 7], channel: UInt8($0), isRising: $0 % 3 == 0)
    }
    let reading = try Reading(written([batch], Target(format: format, name: ""), sensor))
    #expect(reading.batch.triggers == batch.triggers)
    #expect(reading.batch == batch)
  }
}
