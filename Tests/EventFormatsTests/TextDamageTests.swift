import EventFormats
import Events
import Testing

/// Texts with holes, and texts that are no columns of numbers.
@Suite struct TextDamageTests {
  private static let rows = (0..<200).map { "\(1000 + 10 * $0),\($0 % 30),\($0 * 7 % 30),\($0 % 2)\n" }
  private static let names = "t,x,y,p\n"

  private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
  private static func text(_ rows: some Sequence<String>) -> [UInt8] { Array(rows.joined().utf8) }

  private static var named: [EventReadingOptions] {
    var format = EventReadingOptions(format: .csv)
    format.timeUnit = .microseconds
    var columns = EventReadingOptions()
    columns.csv = CSVOptions(columns: "0,1,2,3") ?? CSVOptions()
    columns.timeUnit = .microseconds
    return [format, columns]
  }

  @Test("zeros at the end or in the middle are one line that is no event, also near the beginning")
  func holes() throws {
    for options in [EventReadingOptions()] + Self.named {
      for piece in [Int.max, 11] {
        let head = Array(Self.names.utf8) + Self.text(Self.rows[..<40])
        let tail = try Reading(head + Self.zeros(9_000), options: options, pieceSize: piece)
        #expect(tail.batch.count == 40)
        #expect(tail.accounting.violations == [.malformedLine: .init(count: 1, firstByteOffset: Int64(head.count))])
        let hole = try Reading(
          head + Self.zeros(512) + Self.text(["\n"] + Self.rows[60...]), options: options, pieceSize: piece)
        #expect(hole.batch.count == 180)
        #expect(hole.accounting.violations == [.malformedLine: .init(count: 1, firstByteOffset: Int64(head.count))])
      }
    }
  }

  @Test("few rows in front of zeros are text only where that is said")
  func fewRows() throws {
    let head = Array(Self.names.utf8) + Self.text(Self.rows[..<4])
    #expect(refusal(head + Self.zeros(300))?.code == .unrecognised)
    for options in Self.named {
      #expect(try Reading(head + Self.zeros(300), options: options).batch.count == 4)
    }
    let late = try Reading(Self.zeros(300) + Self.text(["\n"] + Self.rows[4...]), options: Self.named[1])
    #expect(late.batch.count == 196)
    #expect(late.accounting.violations == [.malformedLine: .init(count: 1, firstByteOffset: 0)])
    // Zeros are not all that binary data have.
    #expect(refusal(Self.text([Self.names] + Self.rows[..<60]) + Self.zeros(300) + [1, 2, 3])?.code == .unrecognised)
  }

  @Test("lines that end with a carriage return alone", arguments: [Int.max, 1, 7])
  func returns(piece: Int) throws {
    let usual = try Reading(Self.text([Self.names] + Self.rows))
    for options in [EventReadingOptions()] + Self.named {
      let text = Self.text([Self.names] + Self.rows).map { $0 == 10 ? 13 : $0 }
      for bytes in [text, text + [10], Array(text.dropLast())] {
        let reading = try Reading(bytes, options: options, pieceSize: piece)
        #expect(reading.batch == usual.batch && reading.accounting.violations.isEmpty)
        #expect(reading.accounting.bytesRead == Int64(bytes.count))
      }
    }
    var live = EventReadingOptions()
    live.isLive = true
    let reading = try Reading(Self.text(["t,x,y,p\r", "100,1,2,1\r", "200,1,2,0\r"]), options: live, pieceSize: piece)
    #expect(reading.batch.times == [100, 200])
  }

  @Test(
    "what is no column of numbers is named, with what helps",
    arguments: [
      ("{\"t\": 1, \"x\": 2}\n{\"t\": 3, \"x\": 2}\n", "is JSON", "jq"),
      ("[[1000, 1, 2, 1],\n[1010, 1, 2, 1]]\n", "is JSON", "jq"), ("[\n  {\"t\": 1}]", "is JSON", "jq"),
      ("0,000100;5;6;1\n0,000200;6;7;0\n", "decimal commas", "tr , ."),
      ("t;x;y;p\n0,000100;5;6;1\n0,000200;6;7;0\n", "decimal commas", "tr , ."),
      ("0,000100\t5\t6\t1\n0,000200\t6\t7\t0\n", "decimal commas", "tr , ."),
      ("\"0,000100\",\"5\",\"6\",\"1\"\n\"0,000200\",\"6\",\"7\",\"0\"\n", "between its fields, too", "points"),
      ("t,x,y,p\n0,000100,5,6,1\n0,000200,6,7,0\n0,002000,6,7,0\n", "between its fields, too", "points"),
    ])
  func foreign(text: String, reason: String, remedy: String) {
    var named = EventReadingOptions(format: .csv)
    named.csv = CSVOptions(columns: "0,1,2,3") ?? CSVOptions()
    // Columns that somebody names are believed where they can be right.
    let isBelieved = text.hasPrefix("t,x,y,p")
    for options in [EventReadingOptions(), EventReadingOptions(format: .csv)] + (isBelieved ? [] : [named]) {
      let error = refusal(text, options)
      #expect(error?.code == .unsupported)
      #expect(error?.reason.contains(reason) == true && error?.remedy.contains(remedy) == true, "\(error as Any)")
    }
  }

  @Test("commas in a column that nobody reads do no harm, nor does a time with zeros in front")
  func harmless() throws {
    let text = "t;x;y;p;celsius\n100;5;6;1;20,5\n200;6;7;0;20,6\n"
    #expect(try Reading(Array(text.utf8)).batch.times == [100, 200])
    let padded = "n,t,x,y,p\n0,000100,5,6,1\n1,000200,6,7,0\n2,002000,6,7,0\n"
    #expect(try Reading(Array(padded.utf8)).batch.times == [100, 200, 2000])
  }

  @Test("text of two bytes a character is named without a mark and with its format, too")
  func wide() {
    let plain: [UInt8] = Self.text([Self.names] + Self.rows[..<20]).flatMap { [$0, 0] as [UInt8] }
    for bytes in [plain, [0xFF, 0xFE] + plain, [0xFE, 0xFF, 0] + plain] as [[UInt8]] {
      for options in [EventReadingOptions()] + Self.named {
        #expect(refusal(bytes, options)?.remedy.contains("UTF-8") == true)
      }
    }
  }
}
