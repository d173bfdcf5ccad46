import EventFormats
import Events
import Testing

/// Which camera the addresses of AEDAT 1 and 2 are taken to be of, and which way up its picture is.
@Suite struct AEDAT2LayoutTests {
  private static func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * UInt32($0)) & 0xff) } }

  private static func recording(_ header: [String], _ addresses: [UInt32], version: Int = 2) -> [UInt8] {
    Array((["#!AER-DAT\(version).0"] + header).map { $0 + "\r\n" }.joined().utf8)
      + addresses.enumerated().flatMap { index, address in
        big(address).suffix(version == 1 ? 2 : 4) + big(UInt32(100 * index))
      }
  }

  /// A pixel of a picture as jAER's files number it: columns from the right, rows from the bottom.
  private static func davis(_ x: Int, _ y: Int, _ size: (Int, Int), on: Bool = true) -> UInt32 {
    UInt32(size.1 - 1 - y) << 22 | UInt32(size.0 - 1 - x) << 12 | (on ? 1 << 11 : 0)
  }

  static let chips: [(String, UInt32, SensorGeometry)] = [
    ("eu.seebetter.ini.chips.davis.Davis346B", davis(3, 7, (346, 260)), SensorGeometry(width: 346, height: 260)),
    ("eu.seebetter.ini.chips.davis.Davis346redColor", davis(3, 7, (346, 260)), SensorGeometry(width: 346, height: 260)),
    ("eu.seebetter.ini.chips.davis.DAVIS240A", davis(3, 7, (240, 180)), SensorGeometry(width: 240, height: 180)),
    ("eu.seebetter.ini.chips.davis.DAVIS240B", davis(3, 7, (240, 180)), SensorGeometry(width: 240, height: 180)),
    ("DAVIS240C", davis(3, 7, (240, 180)), SensorGeometry(width: 240, height: 180)),
    ("eu.seebetter.ini.chips.davis.Davis640", davis(3, 7, (640, 480)), SensorGeometry(width: 640, height: 480)),
    (
      "eu.seebetter.ini.chips.davis.Davis208PixelParade", davis(3, 7, (208, 192)),
      SensorGeometry(width: 208, height: 192)
    ),
    ("eu.seebetter.ini.chips.davis.Davis128", davis(3, 7, (128, 128)), SensorGeometry(width: 128, height: 128)),
    ("ch.unizh.ini.jaer.chip.retina.DVS128", 120 << 8 | 124 << 1, SensorGeometry(width: 128, height: 128)),
    ("ch.unizh.ini.caviar.chip.retina.Tmpdiff128", 120 << 8 | 124 << 1, SensorGeometry(width: 128, height: 128)),
    ("ch.unizh.ini.jaer.chip.retina.DVS640", 472 << 11 | 636 << 1 | 1, SensorGeometry(width: 640, height: 480)),
    (
      "ch.unizh.ini.jaer.chip.retina.DVS1280x720SD", 712 << 12 | 1276 << 1 | 1, SensorGeometry(width: 1280, height: 720)
    ),
    // Its columns are not mirrored and its rows count from the top.
    ("ch.unizh.ini.jaer.chip.retina.DVXplorer", 7 << 22 | 3 << 12 | 1 << 11, SensorGeometry(width: 640, height: 480)),
  ]

  @Test(arguments: chips)
  func theChipThatTheHeaderNamesSaysWhereAPixelIs(chip: String, address: UInt32, sensor: SensorGeometry) throws {
    let reading = try Reading(Self.recording(["# AEChip: \(chip)"], [address, address]))
    #expect(reading.batch.x == [3, 3] && reading.batch.y == [7, 7] && reading.batch.polarities == [1, 1])
    #expect(reading.geometry == sensor)
    #expect(reading.guesses.map(\.subject) == [.layout, .origin])
    #expect(reading.guesses.first?.reason.contains(chip) == true)
  }

  @Test(arguments: [
    "ch.unizh.ini.jaer.chip.retina.ATIS304", "es.us.atc.jaer.chips.Unheard", "Prophese Gen 3.1 (VGA)",
    "eu.seebetter.ini.chips.davis.CDAVIS",
    // Addresses of two cameras in one stream.
    "ch.unizh.ini.jaer.chip.stereopsis.DVS128StereoPair", "ch.unizh.ini.jaer.chip.stereopsis.Davis240CStereoPair",
  ])
  func aChipThatIsNotKnownIsNamedAndRefusedUnlessTheLayoutIsGiven(chip: String) throws {
    let bytes = Self.recording(["# AEChip: \(chip)"], [Self.davis(3, 7, (240, 180))])
    let error = #expect(throws: EventFormatError.self) { try Reading(bytes) }
    #expect(error?.code == .ambiguous && error?.subject == .layout && error?.reason.contains(chip) == true)
    var options = EventReadingOptions()
    options.aedat2Layout = .davis240
    let reading = try Reading(bytes, options: options)
    #expect(reading.batch.x == [3] && reading.batch.y == [7])
    #expect(reading.guesses.isEmpty)
  }

  @Test func addressesThatTheNamedChipCannotSendAreRefused() throws {
    // Half of a DAVIS's addresses have the bit that is an external trigger of a DVS128.
    let addresses = (0..<300).map { Self.davis($0 % 346, $0 % 260, (346, 260), on: $0 % 2 == 0) }
    for chip in ["ch.unizh.ini.jaer.chip.retina.DVS128", "DAVIS240C"] {
      let error = #expect(throws: EventFormatError.self) {
        try Reading(Self.recording(["# AEChip: \(chip)"], addresses))
      }
      #expect(error?.code == .ambiguous && error?.subject == .layout && error?.reason.contains(chip) == true)
    }
  }

  private static let v2e = [
    "# This is a raw AE data file created by AEDat2Output in v2e (see https://github.com/SensorsINI/v2e)",
    "# Timestamps tick is 1 us", "# Creation time: 10:00AM January 01 2024",
  ]

  /// Events all over a sensor, the corners among them.
  private static func scattered(_ count: Int, _ size: (Int, Int)) -> [(x: Int, y: Int)] {
    [(0, 0), (size.0 - 1, size.1 - 1)] + (2..<count).map { ($0 * 7919 % size.0, $0 * 104_729 % size.1) }
  }

  @Test(arguments: [(346, 260), (240, 180)])
  func aFileOfV2EIsADAVISOfTheSizeThatItsEventsReach(size: (Int, Int)) throws {
    let pixels = Self.scattered(300, size)
    let bytes = Self.recording(Self.v2e, pixels.map { Self.davis($0.x, $0.y, size, on: $0.x % 2 == 0) })
    for pieceSize in [Int.max, 977] {
      let reading = try Reading(bytes, pieceSize: pieceSize)
      #expect(reading.geometry == SensorGeometry(width: size.0, height: size.1))
      #expect(reading.batch.x == pixels.map { UInt16($0.x) } && reading.batch.y == pixels.map { UInt16($0.y) })
      #expect(reading.batch.polarities == pixels.map { $0.x % 2 == 0 ? 1 : 0 })
      #expect(reading.batch.triggers.isEmpty)
    }
  }

  @Test func aFileOfV2EOf640x480HasItsOwnAddresses() throws {
    let pixels = Self.scattered(300, (640, 480))
    let reading = try Reading(
      Self.recording(Self.v2e, pixels.map { UInt32(479 - $0.y) << 11 | UInt32(639 - $0.x) << 1 | 1 }))
    #expect(reading.geometry == SensorGeometry(width: 640, height: 480))
    #expect(reading.batch.x == pixels.map { UInt16($0.x) } && reading.batch.y == pixels.map { UInt16($0.y) })
  }

  @Test func eventsThatTwoSensorsHoldAreRefused() throws {
    // An object in the middle: a smaller or a larger camera, and columns are mirrored at its edge.
    let addresses = (0..<300).map { Self.davis(100 + $0 % 20, 80 + $0 % 17, (240, 180)) }
    let error = #expect(throws: EventFormatError.self) { try Reading(Self.recording(Self.v2e, addresses)) }
    #expect(error?.code == .ambiguous && error?.subject == .layout)
    #expect(error?.reason.contains("240x180") == true && error?.reason.contains("346x260") == true)
  }

  @Test func withoutAChipAddressesOfMoreThan16BitsAreNoDVS128s() throws {
    let small: [UInt32] = (0..<50).map { UInt32($0) << 8 | UInt32(127 - $0) << 1 | UInt32($0 % 2) }
    let plain = try Reading(Self.recording([], small))
    #expect(plain.geometry == SensorGeometry(width: 128, height: 128))
    #expect(plain.batch.x == (0..<50).map { UInt16($0) } && plain.batch.y == (0..<50).map { UInt16($0) })
    #expect(plain.guesses.first?.value.contains("dvs128") == true)
    let davis = try Reading(
      Self.recording([], Self.scattered(300, (346, 260)).map { Self.davis($0.x, $0.y, (346, 260)) }))
    #expect(davis.geometry == SensorGeometry(width: 346, height: 260))
    let other = #expect(throws: EventFormatError.self) { try Reading(Self.recording([], [0x000f_1235, 0x0003_0001])) }
    #expect(other?.code == .ambiguous && other?.subject == .layout)
  }

  @Test func aSingleAddressOutsideADVS128IsCountedAndLeftOut() throws {
    var addresses = [UInt32](repeating: 9 << 8 | 8 << 1, count: 20_000)
    addresses[15_000] |= 1 << 20
    let bytes = Self.recording(["# AEChip: DVS128"], addresses)
    let reading = try Reading(bytes)
    #expect(reading.batch.count == 19_999)
    let place = Int64(bytes.count - 8 * 5_000)
    #expect(reading.accounting.violations == [.addressOutOfRange: .init(count: 1, firstByteOffset: place)])
  }

  @Test func theRowsOfAEDAT1AreJAERs() throws {
    let reading = try Reading(Self.recording([], [120 << 8 | 124 << 1 | 1, 0x8000], version: 1))
    #expect(reading.batch.x == [3] && reading.batch.y == [7] && reading.batch.polarities == [0])
    #expect(reading.batch.triggers.map(\.timeMicroseconds) == [100])
    #expect(reading.guesses.map(\.subject) == [.layout, .origin])
  }

  @Test(arguments: AEDAT2Layout.allCases)
  func everyLayoutIsWrittenAsItIsRead(layout: AEDAT2Layout) throws {
    let batch = randomEvents(count: 3_000, seed: 3, geometry: layout.geometry, maximumStep: 60)
    let bytes = try written([batch], Target(format: .aedat2, name: "") { $0.aedat2Layout = layout }, layout.geometry)
    var options = EventReadingOptions()
    options.aedat2Layout = layout
    #expect(try Reading(bytes, options: options).batch == batch)
    // The header names the chip of all but the two that are not jAER's.
    if layout != .dvs128Plain {
      let reading = try Reading(bytes)
      #expect(reading.batch == batch)
      #expect(reading.guesses.first?.value.hasPrefix(layout.rawValue) == true)
    }
  }

  @Test func theEndOfTheHeaderIsFoundInWhateverLetters() throws {
    // Without the end, the first event, which begins with a hash sign, would be taken for another line.
    let event = Self.big(0x2341_2020)
    let data = event + Self.big(0x2020_200a) + event + Self.big(0x2020_2010)
    for end in ["#End Of ASCII Header", "# End of ASCII Header", "# End Of Header", "#!END-HEADER"] {
      let reading = try Reading(Self.recording(["# AEChip: DAVIS240C", end], []) + data)
      #expect(reading.batch.times == [0x2020_200a, 0x2020_2010] && reading.batch.x == [221, 221])
    }
    #expect(try Reading(Self.recording(["# AEChip: DAVIS240C"], []) + data).batch.count == 1)
  }
}
