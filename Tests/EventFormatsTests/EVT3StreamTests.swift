import EventFormats
import Events
import Numerics
import Testing

/// Streams of words as cameras write them, against a decoder of a few plain lines.
@Suite struct EVT3StreamTests {
  private struct Event: Equatable {
    var time: Int64
    var x: UInt16
    var y: UInt16
    var polarity: UInt8
  }

  private func words(_ count: Int, seed: UInt64) -> [UInt16] {
    var random = RandomStream(seed: seed)
    func bits(_ bound: Int) -> UInt16 { UInt16(random.integer(below: bound)) }
    var words: [UInt16] = [0x8001, 0x6000, 0x0001, 0x3000]
    var (high, low) = (1, 0)
    while words.count < count {
      switch random.integer(below: 20) {
      case 0..<4: words.append(bits(720))
      case 4..<13: words.append(0x2000 | bits(2) << 11 | bits(1280))
      case 13: words.append(0x3000 | bits(2) << 11 | bits(1000))
      case 14: words.append(0x5000 | bits(256))
      case 15..<17: words += [0x4000 | bits(4096), 0x4000 | bits(4096), 0x5000 | bits(256)]
      case 17: words.append(0xa100 | bits(2))
      default:
        low += random.integer(below: 40)
        if low > 4095 {
          (high, low) = (high + 1, 0)
          words.append(0x8000 | UInt16(high))
        }
        words.append(0x6000 | UInt16(low))
      }
      // A base stays within the sensor, however many vectors follow it.
      if words.count % 8 == 0 { words.append(0x3000 | bits(2) << 11 | bits(1000)) }
    }
    return words
  }

  private func plain(_ words: [UInt16]) -> [Event] {
    var (high, low): (Int64, Int64) = (0, 0)
    var (row, base, polarity): (UInt16, UInt16, UInt8) = (0, 0, 0)
    var events: [Event] = []
    for word in words {
      let value = word & 0xfff
      switch word >> 12 {
      case 0x0: row = value & 0x7ff
      case 0x2: events.append(.init(time: high + low, x: value & 0x7ff, y: row, polarity: UInt8(value >> 11)))
      case 0x3: (base, polarity) = (value & 0x7ff, UInt8(value >> 11))
      case 0x4, 0x5:
        let length: UInt16 = word >> 12 == 0x4 ? 12 : 8
        for bit in 0..<length where value >> bit & 1 == 1 {
          events.append(.init(time: high + low, x: base + bit, y: row, polarity: polarity))
        }
        base += length
      case 0x6: low = Int64(value)
      case 0x8: (high, low) = (Int64(value) << 12, 0)
      default: break
      }
    }
    return events
  }

  @Test(arguments: [(UInt64(1), 65536), (2, 4096), (3, 1000), (4, 37), (5, 2), (6, 1)])
  func everyWordIsReadAsItStands(seed: UInt64, maximum: Int) throws {
    let words = words(20_000, seed: seed)
    let expected = plain(words)
    let bytes = Array("% evt 3.0\n% end\n".utf8) + words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    for pieceSize in [Int.max, 4097, 3] {
      let reading = try Reading(bytes, pieceSize: pieceSize, maximum: maximum)
      let found = (0..<reading.batch.count).map {
        Event(
          time: reading.batch.times[$0], x: reading.batch.x[$0], y: reading.batch.y[$0],
          polarity: reading.batch.polarities[$0])
      }
      #expect(found == expected)
      #expect(reading.accounting.violations.isEmpty)
      #expect(reading.accounting.bytesRead == Int64(bytes.count))
    }
  }
}
