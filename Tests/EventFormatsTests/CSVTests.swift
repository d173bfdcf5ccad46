import EventFormats
import Events
import TestSupport
import Testing

@Suite struct CSVTests {
  func read(_ text: String, _ change: (inout EventReadingOptions) -> Void = { _ in }) throws -> Reading {
    var options = EventReadingOptions()
    change(&options)
    return try Reading(MemoryByteSource(Array(text.utf8), pieceSize: 3), options: options)
  }

  static let expected = EventBatch(
    times: [1000, 1250, 3_000_001], x: [5, 6, 300], y: [7, 8, 200], polarities: [1, 0, 1])

  @Test(arguments: [
    "t,x,y,p\n1000,5,7,1\n1250,6,8,0\n3000001,300,200,1\n",
    "x,y,polarity,timestamp\r\n5,7,1,1000\r\n6,8,-1,1250\r\n300,200,1,3000001\r\n",
    "# made by hand\n5\t7\t1\t1000\n6\t8\t0\t1250\n300\t200\t1\t3000001",
    "0.001000 5 7 1\n0.001250 6 8 0\n3.000001 300 200 1\n",
    "time_ns;x;y;on\n1000000;5;7;True\n1250000;6;8;False\n3000001000;300;200;True\n",
    "1.000e+03,5,7,1\n1.250e+03,6,8,0\n3.000001e+06,300,200,1\n",
  ])
  func dialectsAreSniffed(text: String) throws {
    #expect(EventFormat.detect(firstBytes: Array(text.utf8)) == .csv)
    let reading = try read(text)
    #expect(reading.batch == Self.expected)
    #expect(reading.accounting.violations.isEmpty)
  }

  /// Blanks around the fields keep a line from being read as a plain one.
  @Test(arguments: [("us", 1.0), ("ns", 1000), ("ms", 0.001), ("s", 0.000_001)])
  func plainLinesGiveWhatOthersGive(unit: String, scale: Double) throws {
    let events = randomEvents(
      count: 3000, seed: 5, geometry: SensorGeometry(width: 65_536, height: 65_536), maximumStep: 900)
    var plain = "y,t_\(unit),p,x\n"
    var careful = plain
    for index in 0..<events.count {
      var time = String(events.times[index])
      if scale < 1 {
        let places = scale == 0.001 ? 3 : 6
        time = String(repeating: "0", count: max(0, places + 1 - time.count)) + time
        time.insert(".", at: time.index(time.endIndex, offsetBy: -places))
        if index % 5 == 0 { time += "49" }
        if index % 7 == 0 { time = String(time.dropLast(2)) }
      } else if scale > 1 {
        time += "7\(index % 10)0"
      }
      // Every tenth line is wrong in one way or another.
      let fields = [
        index % 70 == 3 ? "" : "\(events.y[index])", index % 90 == 4 ? "12345678901234567890123" : time,
        index % 80 == 6 ? "1-" : events.polarities[index] == 1 ? "1" : index % 2 == 0 ? "0" : "-1",
        index % 60 == 9 ? "65536" : "\(events.x[index])",
      ]
      plain += fields.joined(separator: ",") + (index % 3 == 0 ? "\r\n" : "\n")
      careful += fields.map { " \($0) " }.joined(separator: ",") + "\n"
    }
    let first = try read(plain)
    let second = try read(careful)
    #expect(first.batch == second.batch)
    #expect(first.batch.count > 2500)
    #expect(first.accounting.violations[.malformedLine]?.count == second.accounting.violations[.malformedLine]?.count)
    #expect(first.accounting.violations[.malformedLine]?.count ?? 0 > 100)
  }

  @Test func columnsCanBeNamed() throws {
    let reading = try read("9,1000,7,5,1\n9,1250,8,6,0\n9,3000001,200,300,1\n") { options in
      options.format = .csv
      options.csv.timeColumn = 1
      options.csv.yColumn = 2
      options.csv.xColumn = 3
      options.csv.polarityColumn = 4
    }
    #expect(reading.batch == Self.expected)
  }

  @Test func badLinesAreCountedWithTheirPlace() throws {
    let reading = try read(
      "t,x,y,p\n1000,5,7,1\n1100,5,seven,1\n1200,70000,7,1\n1250,6,8\n1250,6,8,0\n3000001,300,200,1\n")
    #expect(reading.batch == Self.expected)
    #expect(reading.accounting.violations == [.malformedLine: .init(count: 3, firstByteOffset: 19)])
  }

  @Test func headersNameTheSensor() throws {
    var reader = try openEventReader(
      source: MemoryByteSource(Array("t,x@320,y@240,on\n1,2,3,1\n5,4,5,0\n".utf8)))
    #expect(reader.geometry == SensorGeometry(width: 320, height: 240))
    #expect(try readAllEvents(&reader).count == 2)
  }

  @Test func proseAndOtherTablesAreNoEvents() {
    for text in [
      "one two three four\nfive six seven eight\n", "a,b,c\n1,2,3\n", "name,age,town,pay\nx,1,2,3\ny,4,5,6\n",
    ] {
      #expect(EventFormat.detect(firstBytes: Array(text.utf8)) == nil)
    }
  }
}
