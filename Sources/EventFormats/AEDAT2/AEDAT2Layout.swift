import CKernels
import Events

/// How the address of an AEDAT 1 or 2 event is cut into column, row and polarity: it depends on the camera.
public enum AEDAT2Layout: String, Sendable, Codable, CaseIterable {
  /// 128x128, as jAER reads it: column mirrored, bit 0 set where it became darker.
  case dvs128
  /// 128x128, bits as they stand: column not mirrored, bit 0 set where it became brighter.
  case dvs128Plain = "dvs128-plain"
  /// DAVIS 240A, B, C: 240x180.
  case davis240
  /// DAVIS 346: 346x260.
  case davis346
  /// DAVIS 640: 640x480.
  case davis640

  public var geometry: SensorGeometry {
    switch self {
    case .dvs128, .dvs128Plain: SensorGeometry(width: 128, height: 128)
    case .davis240: SensorGeometry(width: 240, height: 180)
    case .davis346: SensorGeometry(width: 346, height: 260)
    case .davis640: SensorGeometry(width: 640, height: 480)
    }
  }

  /// The layout a header names, by its chip class.
  init?(header lines: [EventMetadata]) {
    let chips = lines.filter { $0.key.lowercased() == "aechip" }.map { Array($0.value.lowercased().utf8) }
    func names(_ part: String) -> Bool { chips.contains { $0.contains(part.utf8) } }
    if names("davis346") || names("davis_346") {
      self = .davis346
    } else if names("davis640") {
      self = .davis640
    } else if names("davis240") || names("sbret10") {
      self = .davis240
    } else if names("dvs128") || names("tmpdiff128") {
      self = .dvs128
    } else {
      return nil
    }
  }

  /// The same in bits.
  var bits: ganglion_aedat2_layout {
    let geometry = geometry
    switch self {
    case .dvs128:
      return ganglion_aedat2_layout(
        x_shift: 1, x_mask: 0x7f, y_shift: 8, y_mask: 0x7f, polarity_shift: 0, x_last: 127, y_last: -1,
        polarity_inverted: 1, special_mask: 0x8000, trigger_mask: 0x8000, trigger_value: 0x8000)
    case .dvs128Plain:
      return ganglion_aedat2_layout(
        x_shift: 1, x_mask: 0x7f, y_shift: 8, y_mask: 0x7f, polarity_shift: 0, x_last: -1, y_last: -1,
        polarity_inverted: 0, special_mask: 0x8000, trigger_mask: 0x8000, trigger_value: 0x8000)
    case .davis240, .davis346, .davis640:
      return ganglion_aedat2_layout(
        x_shift: 12, x_mask: 0x3ff, y_shift: 22, y_mask: 0x1ff, polarity_shift: 11,
        x_last: Int32(geometry.width - 1), y_last: -1, polarity_inverted: 0, special_mask: 0x8000_0400,
        trigger_mask: 0x8000_0400, trigger_value: 0x400)
    }
  }
}
