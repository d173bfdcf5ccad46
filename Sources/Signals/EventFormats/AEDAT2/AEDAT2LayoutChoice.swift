import Events

/// Which layout the addresses of an AEDAT 1 or 2 recording have: by the chip that its header names, or, where it names
/// none, by what the first addresses can be.
struct AEDAT2LayoutChoice: Sendable {
  /// Bytes of data that are looked at.
  static let sampleLength = 64 * 1024
  /// Fewer events than this do not show how large the sensor is.
  private static let enoughEvents = 256

  private(set) var layout = AEDAT2Layout.dvs128
  private(set) var guesses: [ReadingGuess] = []

  /// - Throws: `ambiguous` where the addresses could be several cameras', and where the header names a chip that is not
  ///   known or that cannot have sent them.
  init(
    header: AEDATHeader, format: EventFormat, addresses: [UInt32], source: String, offset: Int64
  ) throws(EventFormatError) {
    func unclear(_ reason: String) -> EventFormatError {
      EventFormatError(
        .ambiguous, source: source, byteOffset: offset, reason: reason,
        remedy: "name the camera whose addresses these are",
        subject: .layout)
    }
    if let chip = header.chip {
      guard let known = AEDAT2Layout(chip: chip) else {
        throw unclear("the header names the chip \(chip), whose addresses are not known")
      }
      let (events, outside) = known.fit(addresses)
      if outside * 10 > events {
        throw unclear(
          "the header names the chip \(chip), but of the first \(events) addresses \(outside) lie outside its "
            + "\(known.geometry) pixels")
      }
      take(known, because: "the header names the chip \(chip)")
      return
    }
    if format == .aedat1 {
      take(.dvs128, because: "no chip is named, and an address of AEDAT 1.0 has the 16 bits of a DVS128")
      return
    }
    let needsMoreBits = addresses.contains { $0 & 0x7fff_0000 != 0 }
    guard needsMoreBits || header.isOfV2E else {
      take(.dvs128Top, because: "no chip is named, and no address needs more than 16 bits")
      return
    }
    let writer = header.isOfV2E ? "v2e wrote it, which names no chip" : "no chip is named"
    let events = addresses.filter { $0 & 0x8000_0400 == 0 }
    if events.isEmpty, header.isOfV2E {
      take(.davis346, because: "\(writer), and this is what it simulates unless told otherwise")
    } else if events.allSatisfy({ $0 & 0x3ff == 0 }) {
      try takeDavis(events, writer: writer, unclear: unclear)
    } else if header.isOfV2E, AEDAT2Layout.dvs640.fit(addresses).outside == 0 {
      take(.dvs640, because: "\(writer), and the addresses are no DAVIS's but fit \(AEDAT2Layout.dvs640.geometry)")
    } else {
      throw unclear("\(writer), and addresses of more than 16 bits rule a DVS128 out")
    }
  }

  /// Tells the DAVIS cameras apart, which share one layout, by where their events lie.
  private mutating func takeDavis(
    _ events: [UInt32], writer: String, unclear: (String) -> EventFormatError
  ) throws(EventFormatError) {
    let columns = 1 + Int(events.map { $0 >> 12 & 0x3ff }.max() ?? 0)
    let rows = 1 + Int(events.map { $0 >> 22 & 0x1ff }.max() ?? 0)
    let reach = "\(writer), the addresses are a DAVIS's, and the first \(events.count) reach \(columns)x\(rows)"
    func holds(_ layout: AEDAT2Layout) -> Bool {
      columns <= layout.geometry.width && rows <= layout.geometry.height
    }
    let small = AEDAT2Layout.davis240
    if !holds(small) {
      guard let layout = [AEDAT2Layout.davis346, .davis640].first(where: holds) else { throw unclear(reach) }
      take(layout, because: reach)
    } else if events.count >= Self.enoughEvents, columns * 10 > small.geometry.width * 9,
      rows * 10 > small.geometry.height * 9
    {
      take(small, because: reach)
    } else {
      throw unclear("\(reach): both \(small.geometry) and \(AEDAT2Layout.davis346.geometry) hold them")
    }
  }

  private mutating func take(_ layout: AEDAT2Layout, because reason: String) {
    self.layout = layout
    guesses = [
      ReadingGuess(.layout, "\(layout.rawValue), \(layout.geometry)", because: reason),
      ReadingGuess(
        .origin, layout.countsFromBottom ? "the bottom left, turned over" : "the top left",
        because: layout == .dvs128Top
          ? "no chip is named; recordings of jAER itself count rows from the bottom (layout dvs128)"
          : "this is how jAER counts the rows of this camera"),
    ]
  }
}

extension AEDAT2Layout {
  /// How many of some addresses are polarity events, and how many of those lie outside the sensor.
  func fit(_ addresses: [UInt32]) -> (events: Int, outside: Int) {
    let bits = bits
    var events = 0
    var outside = 0
    for address in addresses {
      let isSpecial = address & bits.special_mask != 0
      if isSpecial, address & bits.outside_mask == 0 { continue }
      events += 1
      let x = Int(address >> bits.x_shift & bits.x_mask)
      let y = Int(address >> bits.y_shift & bits.y_mask)
      if address & bits.outside_mask != 0 || x >= geometry.width || y >= geometry.height { outside += 1 }
    }
    return (events, outside)
  }
}

extension AEDATHeader {
  /// The chip that the header names.
  var chip: String? {
    lines.first { $0.key.lowercased() == "aechip" }.map(\.value).flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Whether the simulator v2e wrote the file.
  var isOfV2E: Bool {
    lines.contains { $0.key.utf8.contains("v2e".utf8) || $0.value.utf8.contains("v2e".utf8) }
  }
}
