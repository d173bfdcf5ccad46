import EventFormats
import Events
import Testing

/// What stands in front of the rows of a text, and how programs write it.
@Suite struct TextHeaderTests {
  static let expected = EventBatch(times: [100, 200], x: [5, 6], y: [6, 7], polarities: [1, 0])

  @Test(
    "names as programs write them",
    arguments: [
      "\u{FEFF}t,x,y,p\r\n100,5,6,1\r\n200,6,7,0\r\n",
      "\"t\",\"x\",\"y\",\"p\"\n100,5,6,1\n200,6,7,0\n",
      "\"\",\"t\",\"x\",\"y\",\"p\"\n\"1\",\"100\",\"5\",\"6\",\"1\"\n\"2\",\"200\",\"6\",\"7\",\"0\"\n",
      // R: a name in front of every row, none above them.
      "t x y p\n1 100 5 6 1\n2 200 6 7 0\n",
      "\"t\" \"x\" \"y\" \"p\"\n\"1\" 100 5 6 1\n\"2\" 200 6 7 0\n",
      // pandas with its index.
      ",timestamp,x,y,polarity\n0,100,5,6,True\n1,200,6,7,False\n",
      // A separator at the end of every line.
      "timestamp, x, y, polarity, \n100, 5, 6, 1, \n200, 6, 7, 0, \n",
      "\n\n \nx;y;pol;ts\n5;6;1;100\n6;7;-1;200\n",
      "Timestamp (us)\tX\tY\tPolarity\n100\t5\t6\t1\n200\t6\t7\t0\n",
      "t|x|y|p\n100|5|6|1\n200|6|7|0\n",
      "event_time,row,col,is,on\n100,6,5,x,1\n200,7,6,x,0\n".replacing("event_time", with: "event_t"),
      // Names in a comment.
      "# timestamp x y polarity\n100 5 6 1\n200 6 7 0\n",
      "% t, x, y, p\n100,5,6,1\n200,6,7,0\n",
      "# dvs-events: one a line:  timestamp(us) x y polarity(0=off,1=on)\n100 5 6 1\n200 6 7 0\n",
      "# Format is x, y, time (int us), polarity (0=off, 1=on), noise\n5 6 100 1 0\n6 7 200 0 1\n",
    ])
  func names(text: String) throws {
    let reading = try Reading(Array(text.utf8), pieceSize: 3)
    #expect(reading.batch == Self.expected)
    #expect(reading.accounting.violations.isEmpty)
    #expect(reading.guessed[.columns] == nil)
  }

  @Test(
    "the sensor's size in front of the rows",
    arguments: [
      "240 180\n0.000100 5 6 1\n0.000200 6 7 0\n", "%geometry:240,180\n5,6,1,1000000\n6,7,0,1000100\n",
      "# geometry 240x180\n100 5 6 1\n200 6 5 0\n300 1 7 0\n", "# Width 240\n# Height 180\nt,x,y,p\n100,5,6,1\n",
      "t,x@240,y@180,on\n100,5,6,1\n",
    ])
  func sensor(text: String) throws {
    let reading = try Reading(Array(text.utf8))
    #expect(reading.geometry == SensorGeometry(width: 240, height: 180))
    #expect(reading.batch.x.first == 5 && reading.batch.y.first == 6)
    #expect(reading.accounting.violations.isEmpty)
  }

  @Test("comments in the middle are counted, more of them than a first look reaches are passed over")
  func comments() throws {
    let rows = "100 5 6 1\n# ten\n\n% more\n200 6 7 0\n"
    let text = (0..<300).map { "# line \($0) of what a program has to say\n" }.joined() + "# t x y p\n" + rows
    let reading = try Reading(Array(text.utf8))
    #expect(reading.batch == Self.expected)
    #expect(reading.accounting.skipped == [.other: 2])
    #expect(reading.accounting.headerBytes == Int64(text.utf8.count - rows.utf8.count))
  }

  @Test(
    "names that do not go with the rows are refused",
    arguments: [
      ("t,x,y,p\n100,5,6,1,7,9\n200,6,7,0,7,9\n", ReadingSubject.columns), ("t,ts,x,y,p\n1,100,5,6,1\n", .columns),
      ("x,y,ts.secs,ts.nsecs,polarity\n5,6,1,100,1\n6,7,1,200,0\n", .columns),
    ])
  func mismatch(text: String, subject: ReadingSubject) {
    let error = refusal(text)
    #expect(error?.code == .ambiguous && error?.subject == subject)
  }

  @Test("text of sixteen bits is told how it can be read")
  func wideText() {
    let bytes: [UInt8] = [0xFF, 0xFE] + "t,x,y,p\n1,2,3,1\n".utf8.flatMap { [$0, 0] }
    #expect(refusal(bytes)?.remedy.contains("UTF-8") == true)
  }
}
