import EventFormats
import Events
import Testing

@Suite struct TimeOverflowTests {
  func little(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> UInt32(8 * $0) & 0xff) } }

  @Test func datTimesOf32BitsAreUnrolledWhereverABlockEnds() throws {
    for before in [1, 3, 511, 512, 513, 1500] {
      let first = UInt32(truncatingIfNeeded: Int64(1) << 32 - Int64(before))
      var bytes = Array("% Version 2\n".utf8) + [12, 8]
      for index in 0..<2000 { bytes += little(first &+ UInt32(index)) + little(5 | 6 << 14 | 1 << 28) }
      let reading = try Reading(bytes)
      #expect(reading.batch.times == (0..<2000).map { Int64(first) + Int64($0) })
      #expect(reading.accounting.violations.isEmpty)
    }
  }

  @Test func aSmallStepBackIsNoOverflow() throws {
    let bytes = Array("% Version 2\n".utf8) + [12, 8] + [1000, 900, 1100].flatMap { little($0) + little(1) }
    let reading = try Reading(bytes)
    #expect(reading.batch.times == [1000, 900, 1100])
    #expect(reading.accounting.violations[.nonMonotonicTime]?.count == 1)
  }

  @Test func markersOfNMNISTCountAsOverflowOf13Bits() throws {
    let bytes: [UInt8] = [1, 2, 0x80, 0x1f, 0xf0, 0, 240, 0, 0, 0, 3, 4, 0, 0, 5]
    let reading = try Reading(bytes, options: .init(format: .nmnist))
    #expect(reading.batch.times == [8176, 8197])
    #expect(reading.batch.polarities == [1, 0])
    #expect(reading.accounting.skipped == [.time: 1])
  }

  @Test func aedat3CountsOverflowsInItsPackets() throws {
    let batch = EventBatch(
      times: [5, (1 << 31) - 1, 1 << 31, 7 << 31], x: [1, 2, 3, 4], y: [1, 1, 1, 1], polarities: [0, 1, 0, 1])
    let reading = try Reading(written([batch], Target(format: .aedat3, name: ""), nil))
    #expect(reading.batch == batch)
  }

  @Test func davisAddressesAreCutByTheirLayout() throws {
    // Column and row mirrored, row from bit 22, polarity bit 11; bit 31 set is no event, bit 10 an external trigger.
    let addresses: [UInt32] = [7 << 22 | 10 << 12 | 1 << 11, 0x8000_0000, 1 << 10]
    var bytes = Array("#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346B\r\n".utf8)
    for (index, address) in addresses.enumerated() {
      bytes += Array(little(address).reversed()) + Array(little(UInt32(100 + index)).reversed())
    }
    let reading = try Reading(bytes)
    #expect(reading.batch.x == [335] && reading.batch.y == [252] && reading.batch.polarities == [1])
    #expect(reading.batch.triggers.map(\.timeMicroseconds) == [102])
    #expect(reading.accounting.skipped == [.special: 1])
  }
}
