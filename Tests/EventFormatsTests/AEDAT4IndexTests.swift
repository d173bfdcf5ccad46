import EventFormats
import Events
import Testing

/// The index at the end of a file of AEDAT 4: readers go by it from packet to packet.
@Suite struct AEDAT4IndexTests {
  /// A packet as the index has it.
  private struct Entry {
    var stream: Int32
    var size: Int32
    var byteOffset: Int64
    var elements: Int64
    var first: Int64
    var last: Int64
  }

  private struct File {
    let bytes: [UInt8]

    func number<Number: FixedWidthInteger>(at place: Int, _: Number.Type = Number.self) -> Number {
      bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Number.self)) }
    }

    /// Where a field of a table stands; nil where it is left out.
    private func field(_ number: Int, of table: Int) -> Int? {
      let fields = table - Int(self.number(at: table, Int32.self))
      guard 4 + 2 * number < Int(self.number(at: fields, UInt16.self)) else { return nil }
      let offset = Int(self.number(at: fields + 4 + 2 * number, UInt16.self))
      return offset > 0 ? table + offset : nil
    }

    private func followed(_ place: Int) -> Int { place + Int(number(at: place, UInt32.self)) }

    /// The packets of an index behind its size.
    func index(at place: Int) throws -> [Entry] {
      let list = followed(try #require(field(0, of: followed(place + 4))))
      return try (0..<Int(number(at: list, UInt32.self))).map { entry in
        let table = followed(list + 4 + 4 * entry)
        let packet = try #require(field(1, of: table))
        func value(_ number: Int) -> Int64 { field(number, of: table).map { self.number(at: $0) } ?? 0 }
        return Entry(
          stream: number(at: packet), size: number(at: packet + 4), byteOffset: value(0), elements: value(2),
          first: value(3), last: value(4))
      }
    }
  }

  @Test func theIndexSaysWherePacketsLieAndWhatIsInThem() throws {
    var batch = randomEvents(count: 20_000, seed: 4, geometry: RoundTripTests.sensor, maximumStep: 50)
    batch.triggers = [3, 12_000].map {
      TriggerEvent(timeMicroseconds: batch.times[$0], channel: 0, isRising: true)
    }
    let target = Target(format: .aedat4, name: "aedat4") { $0.compression = .none }
    let file = File(bytes: try written([batch], target, RoundTripTests.sensor))
    // Its place stands behind the magic, at a fixed place of the header.
    let place = Int(file.number(at: 14 + 40, Int64.self))
    let index = try file.index(at: place)
    let events = index.filter { $0.stream == 0 }
    #expect(events.map(\.elements) == [8_192, 8_192, 3_616])
    #expect(events.map(\.first) == [0, 8_192, 16_384].map { batch.times[$0] })
    #expect(events.map(\.last) == [8_191, 16_383, 19_999].map { batch.times[$0] })
    let triggers = try #require(index.first { $0.stream == 1 })
    #expect(triggers.elements == 2 && index.count == 4)
    #expect(triggers.first == batch.times[3] && triggers.last == batch.times[12_000])
    for entry in index {
      // Behind the packet's own header, which has its stream and size too.
      let packet = Int(entry.byteOffset)
      #expect(file.number(at: packet - 8, Int32.self) == entry.stream)
      #expect(file.number(at: packet - 4, Int32.self) == entry.size)
    }
    #expect(index.last.map { Int($0.byteOffset) + Int($0.size) } == place)
  }
}
