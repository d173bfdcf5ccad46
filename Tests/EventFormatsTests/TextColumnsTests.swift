import EventFormats
import Events
import Testing

/// Which columns of a text without names hold what.
@Suite struct TextColumnsTests {
  static let events = randomEvents(
    count: 500, seed: 11, geometry: SensorGeometry(width: 346, height: 260), maximumStep: 300)

  static let orders: [(String, String, @Sendable (Event) -> String)] = [
    ("t x y p", "t=0 x=1 y=2 p=3", { "\($0.timeMicroseconds) \($0.x) \($0.y) \($0.polarity)" }),
    ("x,y,p,t", "t=3 x=0 y=1 p=2", { "\($0.x),\($0.y),\($0.polarity),\($0.timeMicroseconds)" }),
    ("x;y;t;p", "t=2 x=0 y=1 p=3", { "\($0.x);\($0.y);\($0.timeMicroseconds);\($0.polarity)" }),
    ("t p x y", "t=0 x=2 y=3 p=1", { "\($0.timeMicroseconds)\t\($0.polarity)\t\($0.x)\t\($0.y)" }),
    ("p|x|y|t", "t=3 x=1 y=2 p=0", { "\($0.polarity)|\($0.x)|\($0.y)|\($0.timeMicroseconds)" }),
    ("polarity -1 and 1", "t=0 x=1 y=2 p=3", { "\($0.timeMicroseconds) \($0.x) \($0.y) \(2 * Int($0.polarity) - 1)" }),
    ("seconds", "t=0 x=1 y=2 p=3", { "\(seconds($0.timeMicroseconds)) \($0.x) \($0.y) \($0.polarity)" }),
    // A running number in front, as pandas writes it.
    (
      "n,t,x,y,p", "t=1 x=2 y=3 p=4",
      { "\(TextColumnsTests.number(of: $0)),\($0.timeMicroseconds),\($0.x),\($0.y),\($0.polarity)" }
    ),
  ]

  /// The position of an event; every event of the recording is another.
  private static func number(of event: Event) -> Int {
    (0..<events.count).first { events[$0] == event } ?? -1
  }

  @Test("every order is told by its values, and said", arguments: orders)
  func orderByValues(name: String, columns: String, line: @Sendable (Event) -> String) throws {
    let text = Self.events.text(line)
    #expect(EventFormat.detect(firstBytes: Array(text.utf8).prefix(4096)) == .csv)
    let reading = try Reading(Array(text.utf8), pieceSize: 700)
    #expect(reading.batch == Self.events)
    #expect(reading.guessed[.columns] == columns)
  }

  @Test("a time that steps back is the time where nothing else can be, and the steps are counted")
  func stepsBack() throws {
    let reading = try Reading(
      Array(
        "6.556896e-05 96 7 0\n6.516170e-05 95 8 0\n5.759481e-05 93 9 0\n6.409561e-05 94 9 0\n5.399479e-05 95 15 1\n"
          .utf8))
    #expect(reading.batch.times == [66, 65, 58, 64, 54])
    #expect(reading.batch.x == [96, 95, 93, 94, 95] && reading.batch.y == [7, 8, 9, 9, 15])
    #expect(reading.batch.polarities == [0, 0, 0, 0, 1])
    #expect(reading.accounting.violations[.nonMonotonicTime]?.count == 3)
  }

  @Test("rows in order are no times: a time larger than any sensor is")
  func rowMajor() throws {
    let frame = (0..<300).map { "33333 \($0 * 37 % 240) \($0 / 2) \($0 % 2)\n" }.joined()
    let reading = try Reading(Array(frame.utf8))
    #expect(reading.batch.times == [Int64](repeating: 33333, count: 300))
    #expect(reading.batch.y.last == 149)
    // With smaller times, neither is certain.
    let unclear = refusal(frame.replacing("33333 ", with: "333 "))
    #expect(unclear?.code == .ambiguous && unclear?.subject == .columns)
  }

  @Test("equal times in the last column")
  func burst() throws {
    let reading = try Reading(
      Array(
        "307\t201\t1\t57922807588\n568\t201\t1\t57922807588\n572\t205\t1\t57922807588\n247\t205\t0\t57922807588\n".utf8)
    )
    #expect(reading.batch.times == [Int64](repeating: 57_922_807_588, count: 4))
    #expect(reading.batch.x == [307, 568, 572, 247] && reading.batch.polarities == [1, 1, 1, 0])
  }

  @Test(
    "where several columns may be the time or the polarity, the text is refused and the columns settle it",
    arguments: [
      ("100 5 6 1\n200 6 7 0\n300 7 8 1\n", "0,1,2,3"), ("0.1 5 6 1 0\n0.2 6 7 0 0\n0.3 4 8 1 1\n", "0,1,2,3"),
      ("5 7 1 6\n5 8 0 7\n", "3,0,1,2"), ("1000000 3 4 1 9\n1000001 8 2 0 7\n1000002 5 3 1 9\n", "0,1,2,3"),
    ])
  func unclear(text: String, columns: String) throws {
    let error = refusal(text)
    #expect(error?.code == .ambiguous && error?.subject == .columns)
    #expect(
      try Reading(Array(text.utf8), options: .init(columns: columns)).batch.count == text.split(separator: "\n").count)
  }

  @Test("columns that are named make a text one of events, whatever it looks like")
  func optionsSuffice() throws {
    let text = "9 7 1 5 1000\n9 8 0 6 1250\n9 200 1 300 3000001\n"
    let reading = try Reading(Array(text.utf8), options: .init(columns: "4,3,1,2"))
    #expect(reading.batch == CSVTests.expected)
    #expect(reading.guessed[.columns] == nil)
    let named = "a;b;c;d;e\n" + text.replacing(" ", with: ";")
    #expect(try Reading(Array(named.utf8), options: .init(columns: "4,3,1,2")).batch == CSVTests.expected)
  }

  @Test("the sensor tells columns from rows")
  func sensor() throws {
    // Rows reach 300, columns 90: with a sensor of 100x400 the other way round than everybody writes them.
    let text = (0..<40).map { "\(100_000 + 90 * $0) \($0 * 31 % 301) \($0 * 7 % 90) \($0 % 2)\n" }.joined()
    let known = try Reading(Array(text.utf8), options: .init(geometry: SensorGeometry(width: 100, height: 400)))
    #expect(known.guessed[.columns] == "t=0 x=2 y=1 p=3")
    #expect(try Reading(Array(text.utf8)).guessed[.columns] == "t=0 x=1 y=2 p=3")
  }

  @Test("a live text is told by its first lines alone, a file by as many as it takes")
  func moreLines() throws {
    // The first 300 lines are one frame of row after row; those of the next frames settle it.
    let text = (0..<4000).map { "\(1000 + $0 / 1000) \($0 * 37 % 240) \($0 % 1000 / 8) \($0 * 7 % 2)\n" }.joined()
    var options = EventReadingOptions()
    options.isLive = true
    #expect(refusal(text, options)?.code == .ambiguous)
    // Rows fall in three of 4000 lines: not often enough.
    #expect(refusal(text)?.code == .ambiguous)
    let restless = (0..<4000).map {
      $0 < 400
        ? "\(1000 + $0) \($0 / 2) \($0 / 3) \($0 % 2)\n" : "\(1000 + $0) \($0 * 37 % 240) \($0 * 31 % 180) \($0 % 2)\n"
    }.joined()
    #expect(refusal(restless, options)?.code == .ambiguous)
    #expect(try Reading(Array(restless.utf8)).guessed[.columns] == "t=0 x=1 y=2 p=3")
  }
}
