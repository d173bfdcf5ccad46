import EventFormats
import Events
import Testing

/// Event Stream byte by byte: what no fixture holds.
@Suite struct EventStreamTests {
  private func read(type: UInt8, _ content: [UInt8]) throws -> Reading {
    // A sensor of 304 x 240.
    try Reading(Array("Event Stream".utf8) + [2, 0, 0, type, 48, 1, 240, 0] + content, pieceSize: 7)
  }

  @Test func timesOfATISCountOverflowsOf63() throws {
    // After 5 us a change, lighter, at (7, 0) from the bottom.
    var content: [UInt8] = [22, 7, 0, 0, 0]
    // One, two and three overflows, filling, and a darker change 1 us later.
    content += [0xfd, 0xfe, 0xff, 0xfc, 4, 47, 1, 239, 0] as [UInt8]
    // A crossing of a threshold takes its time, here 2 and 3 us, and is no change.
    content += [9, 3, 0, 4, 0, 15, 3, 0, 4, 0] as [UInt8]
    // The longest step that needs no overflow: 62 us.
    content += [248, 0, 0, 1, 0] as [UInt8]
    let reading = try read(type: 2, content)
    #expect(reading.geometry == SensorGeometry(width: 304, height: 240))
    #expect(reading.batch.times == [5, 384, 451])
    #expect(reading.batch.x == [7, 303, 0])
    #expect(reading.batch.y == [239, 0, 238])
    #expect(reading.batch.polarities == [1, 0, 0])
    #expect(reading.accounting.skipped == [.special: 2, .padding: 1])
    #expect(reading.accounting.violations.isEmpty)
  }

  @Test func timesOfDVSCountOverflowsOf127() throws {
    let reading = try read(type: 1, [11, 7, 0, 0, 0, 0xff, 0xff, 0xfe, 2, 47, 1, 239, 0])
    #expect(reading.batch.times == [5, 260])
    #expect(reading.batch.x == [7, 303])
    #expect(reading.batch.y == [239, 0])
    #expect(reading.batch.polarities == [1, 0])
    #expect(reading.accounting.skipped == [.padding: 1])
  }
}
