import CKernels
import Events

/// How the address of an AEDAT 1 or 2 event is cut into column, row and polarity: it depends on the camera.
///
/// jAER, which these files come from, counts rows from the bottom and most columns from the right; both are turned over
/// so that row 0 is at the top and column 0 on the left.
public enum AEDAT2Layout: String, Sendable, Codable, CaseIterable {
  /// 128x128, as jAER reads it: column mirrored, rows from the bottom, bit 0 set where it became darker.
  case dvs128
  /// The same with rows from the top, as converters write it.
  case dvs128Top = "dvs128-top"
  /// 128x128, bits as they stand: column not mirrored, rows from the top, bit 0 set where it became brighter.
  case dvs128Plain = "dvs128-plain"
  /// DAVIS 128: 128x128.
  case davis128
  /// DAVIS 208 (PixelParade): 208x192.
  case davis208
  /// DAVIS 240A, B, C and DVS 240: 240x180.
  case davis240
  /// DAVIS 346: 346x260.
  case davis346
  /// DAVIS 640: 640x480.
  case davis640
  /// 640x480, for recordings of other cameras brought into jAER.
  case dvs640
  /// 1280x720, for recordings of other cameras brought into jAER.
  case dvs1280
  /// DVXplorer: 640x480, rows from the top, columns not mirrored.
  case dvxplorer

  /// Pixel array of the camera.
  public var geometry: SensorGeometry {
    switch self {
    case .dvs128, .dvs128Top, .dvs128Plain, .davis128: SensorGeometry(width: 128, height: 128)
    case .davis208: SensorGeometry(width: 208, height: 192)
    case .davis240: SensorGeometry(width: 240, height: 180)
    case .davis346: SensorGeometry(width: 346, height: 260)
    case .davis640, .dvs640, .dvxplorer: SensorGeometry(width: 640, height: 480)
    case .dvs1280: SensorGeometry(width: 1280, height: 720)
    }
  }

  /// Whether an address has no more than 16 bits.
  var hasShortAddresses: Bool {
    switch self {
    case .dvs128, .dvs128Top, .dvs128Plain: true
    default: false
    }
  }

  /// Whether the addresses count rows from the bottom.
  var countsFromBottom: Bool {
    switch self {
    case .dvs128Top, .dvs128Plain, .dvxplorer: false
    default: true
    }
  }

  /// jAER's class of the chip, which headers name; nil for a layout that jAER does not have.
  var chipClass: String? {
    switch self {
    case .dvs128Top, .dvs128Plain: nil
    case .dvs128: "ch.unizh.ini.jaer.chip.retina.DVS128"
    case .davis128: "eu.seebetter.ini.chips.davis.Davis128"
    case .davis208: "eu.seebetter.ini.chips.davis.Davis208PixelParade"
    case .davis240: "eu.seebetter.ini.chips.davis.DAVIS240C"
    case .davis346: "eu.seebetter.ini.chips.davis.Davis346B"
    case .davis640: "eu.seebetter.ini.chips.davis.Davis640"
    case .dvs640: "ch.unizh.ini.jaer.chip.retina.DVS640"
    case .dvs1280: "ch.unizh.ini.jaer.chip.retina.DVS1280x720SD"
    case .dvxplorer: "ch.unizh.ini.jaer.chip.retina.DVXplorer"
    }
  }

  /// The layout of a chip by the name of its class, with or without the package; nil for one that is not known, and for
  /// pairs of chips, whose addresses say which of the two it was.
  init?(chip name: String) {
    let last = name.split(separator: ".").last.map(String.init) ?? name
    let chip = last.lowercased().filter { $0.isLetter || $0.isNumber }
    guard !chip.utf8.contains("stereo".utf8) else { return nil }
    let exact: [String: AEDAT2Layout] = [
      "dvs128": .dvs128, "tmpdiff128": .dvs128, "dvs640": .dvs640, "dvs1280x720sd": .dvs1280,
    ]
    let families: [(String, AEDAT2Layout)] = [
      ("davis128", .davis128), ("davis208", .davis208), ("davis192pixelparade", .davis208), ("davis240", .davis240),
      ("dvs240", .davis240), ("sbret10", .davis240), ("davis346", .davis346), ("davis640", .davis640),
      ("hdavis640", .davis640), ("dvxplorer", .dvxplorer),
    ]
    guard let found = exact[chip] ?? families.first(where: { chip.hasPrefix($0.0) })?.1 else { return nil }
    self = found
  }

  /// The same in bits.
  var bits: ganglion_aedat2_layout {
    let geometry = geometry
    let lastRow = countsFromBottom ? Int32(geometry.height - 1) : -1
    let lastColumn = Int32(geometry.width - 1)
    switch self {
    case .dvs128, .dvs128Top:
      return ganglion_aedat2_layout(
        x_shift: 1, x_mask: 0x7f, y_shift: 8, y_mask: 0x7f, polarity_shift: 0, x_last: lastColumn, y_last: lastRow,
        polarity_inverted: 1, special_mask: 0x8000_8000, trigger_mask: 0x8000, trigger_value: 0x8000,
        outside_mask: 0x7fff_0000)
    case .dvs128Plain:
      return ganglion_aedat2_layout(
        x_shift: 1, x_mask: 0x7f, y_shift: 8, y_mask: 0x7f, polarity_shift: 0, x_last: -1, y_last: -1,
        polarity_inverted: 0, special_mask: 0x8000_8000, trigger_mask: 0x8000, trigger_value: 0x8000,
        outside_mask: 0x7fff_0000)
    case .davis128, .davis208, .davis240, .davis346, .davis640, .dvxplorer:
      return ganglion_aedat2_layout(
        x_shift: 12, x_mask: 0x3ff, y_shift: 22, y_mask: 0x1ff, polarity_shift: 11,
        x_last: self == .dvxplorer ? -1 : lastColumn, y_last: lastRow, polarity_inverted: 0, special_mask: 0x8000_0400,
        trigger_mask: 0x8000_0400, trigger_value: 0x400, outside_mask: 0)
    case .dvs640:
      return ganglion_aedat2_layout(
        x_shift: 1, x_mask: 0x3ff, y_shift: 11, y_mask: 0x3ff, polarity_shift: 0, x_last: lastColumn, y_last: lastRow,
        polarity_inverted: 0, special_mask: 0x8000_0000, trigger_mask: 0x8000_0000, trigger_value: 1,
        outside_mask: 0x7fe0_0000)
    case .dvs1280:
      return ganglion_aedat2_layout(
        x_shift: 1, x_mask: 0x7ff, y_shift: 12, y_mask: 0x3ff, polarity_shift: 0, x_last: lastColumn, y_last: lastRow,
        polarity_inverted: 0, special_mask: 0x8000_0000, trigger_mask: 0x8000_0000, trigger_value: 1,
        outside_mask: 0x7fc0_0000)
    }
  }
}
