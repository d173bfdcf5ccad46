import EventFormats
import Events
import Testing

/// Numbers as texts hold them.
@Suite struct TextNumberTests {
  private func times(_ text: String, _ unit: EventTimeUnit) throws -> [Int64] {
    try Reading(Array(text.utf8), options: .init(columns: "0,1,2,3", timeUnit: unit), pieceSize: 5).batch.times
  }

  @Test(
    "seconds are rounded to the nearest microsecond, halves to the even one",
    arguments: [
      ("6.899999999999999667e-05", 69), ("0.00006899999999999999667", 69), ("0.0000685", 68), ("0.0000695", 70),
      ("0.00006850000000001", 69), ("1.5e+00", 1_500_000), ("15E-1", 1_500_000),
      ("1504645177.4210861", 1_504_645_177_421_086),
      ("-0.0000011", -1), ("-0.0000019", -2), ("1e-9", 0), ("0.0000005", 0), ("0.0000015", 2), (".25", 250_000),
      ("3", 3_000_000),
      ("9.99999999e-1", 1_000_000), ("123456789012345678901234567890e-29", 1_234_568),
    ])
  func seconds(text: String, microseconds: Int64) throws {
    #expect(try times("\(text) 1 2 1\n", .seconds) == [microseconds])
    // With blanks around the fields it is read by the careful way, the other by the quick one.
    #expect(try times(" \(text)  1 2 1 \n", .seconds) == [microseconds])
  }

  @Test(
    "nanoseconds are rounded, too",
    arguments: [
      ("1468939993068567499", 1_468_939_993_068_567), ("1468939993068567500", 1_468_939_993_068_568),
      ("1468939993068566500", 1_468_939_993_068_566), ("1499", 1), ("1501", 2), ("-1501", -2), ("1.5e3", 2),
      ("2500.1", 3),
    ])
  func nanoseconds(text: String, microseconds: Int64) throws {
    #expect(try times("\(text) 1 2 1\n", .nanoseconds) == [microseconds])
    #expect(try times(" \(text)  1 2 1 \n", .nanoseconds) == [microseconds])
  }

  @Test("columns of numpy.savetxt")
  func savetxt() throws {
    let text = """
      7.200000000000000000e+01 9.700000000000000000e+01 6.900000000000000000e+01 0.000000000000000000e+00
      1.500000000000000000e+01 6.300000000000000000e+01 2.000000000000000000e+02 1.000000000000000000e+00
      8.300000000000000000e+01 4.800000000000000000e+01 4.420000000000000000e+02 0.000000000000000000e+00
      6.200000000000000000e+01 3.000000000000000000e+00 4.910000000000000000e+02 1.000000000000000000e+00
      7.700000000000000000e+01 9.700000000000000000e+01 7.130000000000000000e+02 0.000000000000000000e+00

      """
    let reading = try Reading(Array(text.utf8))
    #expect(
      reading.batch
        == EventBatch(
          times: [69, 200, 442, 491, 713], x: [72, 15, 83, 62, 77], y: [97, 63, 48, 3, 97], polarities: [0, 1, 0, 1, 0])
    )
    #expect(reading.guessed == [.columns: "t=2 x=0 y=1 p=3", .timeUnit: "us"])
  }

  @Test("a pixel with a fraction is none")
  func fractionalPixels() throws {
    let reading = try Reading(Array("t,x,y,p\n100,5.5,6,1\n200,6.0,7,0\n".utf8))
    #expect(reading.batch.x == [6])
    #expect(reading.accounting.violations[.malformedLine] == .init(count: 1, firstByteOffset: 8))
  }

  @Test(
    "a text of which nothing can be read is an error, whatever is to be done about broken rules",
    arguments: [EventStrictness.report, .stop, .ignore])
  func nothing(strictness: EventStrictness) throws {
    let text = "t,x,y,polarity\n100,10,20,+\n200,10,20,-\n"
    let reading = try Reading(Array(text.utf8), options: .init(strictness: strictness))
    #expect(reading.error?.code == .violation && reading.error?.byteOffset == 15)
    // A header alone is a recording without events.
    #expect(try Reading(Array("t,x,y,polarity\n".utf8)).error == nil)
  }
}
