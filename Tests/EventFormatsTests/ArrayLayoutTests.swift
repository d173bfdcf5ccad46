import EventFormats
import Events
import Testing

/// How arrays hold events: which axis, which column, which unit.
@Suite struct ArrayLayoutTests {
  static let events = randomEvents(
    count: 500, seed: 12, geometry: SensorGeometry(width: 346, height: 260), maximumStep: 300)

  private func check(_ file: [UInt8], _ expected: [ReadingSubject: String], _ options: EventReadingOptions = .init())
    throws
  {
    for pieceSize in [Int.max, 700] {
      let reading = try Reading(file, options: options, pieceSize: pieceSize)
      #expect(reading.batch == Self.events)
      #expect(reading.guessed == expected)
      #expect(reading.accounting.bytesRead == Int64(file.count))
      #expect(reading.accounting.violations.isEmpty)
    }
  }

  @Test func rowsOfAnyOrder() throws {
    let (t, x, y, p) = Self.events.real
    try check(
      npyFile("'<f8'", shape: "(500, 4)", bytes(rows([t, x, y, p]))), [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "s"])
    try check(
      npyFile("'<f4'", shape: "(500, 4)", bytes(rows([x, y, t, p]).map { Float($0) })),
      [.columns: "t=2 x=0 y=1 p=3", .timeUnit: "s"])
    let whole = Self.events.columns(of: UInt32.self)
    try check(
      npyFile("'<u4'", shape: "(500, 4)", bytes(rows([whole.x, whole.y, whole.p, whole.t]))),
      [.columns: "t=3 x=0 y=1 p=2", .timeUnit: "us"])
  }

  @Test func columnsOneAfterTheOther() throws {
    let (t, x, y, p) = Self.events.columns(of: Int64.self)
    let layout = "4 columns, one after the other"
    try check(
      npyFile("'<i8'", shape: "(4, 500)", bytes(t + x + y + p)),
      [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "us", .layout: layout])
    try check(
      npyFile("'<i8'", shape: "(4, 500)", bytes(x + y + p + t)),
      [.columns: "t=3 x=0 y=1 p=2", .timeUnit: "us", .layout: layout])
    try check(
      npyFile("'<i8'", shape: "(500, 4)", isFortran: true, bytes(t + x + y + p)),
      [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "us"])
    try check(
      npyFile("'<i8'", shape: "(4, 500)", isFortran: true, bytes(rows([t, x, y, p]))),
      [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "us", .layout: "rows of 4"])
    try check(
      npyFile("'<i8'", shape: "(5, 500)", bytes(t + t + x + y + p)),
      [.timeUnit: "us", .layout: "5 columns, one after the other"],
      .init(columns: "1,2,3,4"))
  }

  @Test func whatTheValuesDoNotSettleIsRefused() throws {
    let square = npyFile("'<i8'", shape: "(4, 4)", bytes([Int64]([9000, 1, 1, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0])))
    #expect(refusal(square)?.code == .ambiguous)
    let rising = npyFile("'<i8'", shape: "(3, 4)", bytes([Int64]([100, 5, 6, 1, 200, 6, 7, 0, 300, 7, 8, 1])))
    #expect(refusal(rising)?.subject == .columns)
    let named = try Reading(rising, options: .init(columns: "0,1,2,3"))
    #expect(named.batch.times == [100, 200, 300] && named.guessed == [.timeUnit: "us"])
    let quaternions = npyFile(
      "'<f8'", shape: "(3, 4)", bytes([0.5, 0.1, 0.2, 1.0, 0.4, 0.3, 0.1, 0.0, 0.2, 0.3, 0.4, 1.0]))
    #expect(refusal(quaternions)?.code == .unsupported)
  }

  @Test func aLiveArrayMustComeInRows() throws {
    let (t, x, y, p) = Self.events.columns(of: Int64.self)
    var options = EventReadingOptions()
    options.isLive = true
    #expect(refusal(npyFile("'<i8'", shape: "(4, 500)", bytes(t + x + y + p)), options)?.code == .unsupported)
    #expect(refusal(npyFile("'<i8'", shape: "(500, 4)", bytes(rows([t, x, y, p]))), options) == nil)
  }

  /// Records of a time and 16-bit pixels, and a byte of polarity.
  private func records<Time: BitwiseCopyable>(_ name: String, _ type: String, _ time: (Int64) -> Time) -> [UInt8] {
    let array = (0..<Self.events.count).flatMap { index in
      let event = Self.events[index]
      return bytes([time(event.timeMicroseconds)]) + bytes([event.x]) + bytes([event.y]) + [event.polarity]
    }
    return npyFile(
      "[('\(name)', '\(type)'), ('x', '<u2'), ('y', '<u2'), ('p', '|b1')]", shape: "(500,)", array)
  }

  @Test func theUnitOfAFieldIsToldByItsNameItsValuesOrTheOptions() throws {
    try check(records("t", "<f8") { Double($0) }, [.timeUnit: "us"])
    try check(records("t", "<f8") { Double($0) / 1e6 }, [.timeUnit: "s"])
    try check(records("t_ms", "<f8") { Double($0) / 1e3 }, [:])
    try check(records("timestamp_ns", "<i8") { $0 * 1000 }, [:])
    var options = EventReadingOptions()
    options.timeUnit = .milliseconds
    try check(records("t", "<f8") { Double($0) / 1e3 }, [:], options)
    #expect(refusal(records("t", "<i8") { $0 * 1000 })?.subject == .timeUnit)
  }

  @Test func fieldsThatAreArraysAreCountedAndPairsArePixels() throws {
    let array = (0..<Self.events.count).flatMap { index in
      let event = Self.events[index]
      return [UInt8](repeating: 7, count: 12) + bytes([event.timeMicroseconds]) + bytes([event.x, event.y]) + [
        event.polarity
      ]
    }
    try check(
      npyFile(
        "[('m', '<f4', (3,)), ('t', '<i8'), ('xy', '<u2', (2,)), ('p', 'u1')]".replacing("'u1'", with: "'|u1'"),
        shape: "(500,)", array), [.timeUnit: "us"])
  }

  @Test func arraysOfNPZ() throws {
    let (t, x, y, p) = Self.events.real
    let table = npyFile("'<f8'", shape: "(500, 4)", bytes(rows([t, x, y, p])))
    let meta = npyFile("'|O'", shape: "()", [0x80, 4])
    let matrix = npyFile("'<f8'", shape: "(3, 3)", bytes([Double](repeating: 0.5, count: 9)))
    try check(
      zipFile([("meta.npy", meta), ("K.npy", matrix), ("events.npy", table)]),
      [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "s", .group: "events.npy"])
    try check(
      zipFile([
        ("dataset_events_t.npy", npyFile("'<f8'", shape: "(500,)", bytes(t))),
        ("dataset_events_xy.npy", npyFile("'<f8'", shape: "(500, 2)", bytes(rows([x, y])))),
        ("dataset_events_p.npy", npyFile("'<f8'", shape: "(500,)", bytes(p))),
      ]), [.timeUnit: "s"])
    let two = zipFile([("left.npy", table), ("right.npy", table)])
    let error = refusal(two)
    #expect(error?.code == .ambiguous && error?.subject == .group && error?.reason.contains("left, right") == true)
    var options = EventReadingOptions()
    options.group = "right"
    try check(two, [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "s"], options)
  }

  @Test(
    "nanoseconds are rounded, halves to the even one",
    arguments: [(499, 0), (500, 0), (1_500, 2), (2_500, 2), (2_501, 3), (-500, 0), (-1_500, -2), (-2_501, -3)])
  func nanoseconds(time: Int64, microseconds: Int64) throws {
    let options = EventReadingOptions(columns: "0,1,2,3", timeUnit: .nanoseconds)
    let whole = npyFile("'<i8'", shape: "(1, 4)", bytes([time, 1, 2, 1]))
    #expect(try Reading(whole, options: options).batch.times == [microseconds])
    let real = npyFile("'<f8'", shape: "(1, 4)", bytes([Double(time), 1, 2, 1]))
    #expect(try Reading(real, options: options).batch.times == [microseconds])
  }

  @Test func arraysWithoutOneEventInThemAreErrors() throws {
    let array = bytes(rows([[100, 200, 300], [70000, 70001, 70002], [1, 2, 3], [1, 0, 1]] as [[Int64]]))
    let reading = try Reading(npyFile("'<i8'", shape: "(3, 4)", array), options: .init(columns: "0,1,2,3"))
    #expect(reading.error?.code == .violation)
    #expect(try Reading(npyFile("'<i8'", shape: "(0, 4)", []), options: .init(columns: "0,1,2,3")).error == nil)
  }
}
