import Events

/// AEDAT 1.0 and 2.0: the address layout of one camera, 31 bits of time.
struct AEDAT2Encoder: EventEncoder {
  private let layout: AEDAT2Layout
  private let isFirstVersion: Bool

  init(_ options: EventWritingOptions, name: String) throws(EventFormatError) {
    isFirstVersion = options.format == .aedat1
    if let chosen = options.aedat2Layout {
      layout = chosen
    } else {
      let wanted = options.geometry ?? SensorGeometry(width: 128, height: 128)
      let fitting = [AEDAT2Layout.dvs128, .davis240, .davis346, .davis640, .dvs1280].first {
        wanted.width <= $0.geometry.width && wanted.height <= $0.geometry.height
      }
      guard let fitting else {
        throw EventFormatError(
          .cannotRepresent, source: name, reason: "no camera of \(options.format.title) has a sensor of \(wanted)",
          remedy: "crop or downsample, or choose AEDAT 4")
      }
      layout = fitting
    }
    if isFirstVersion, !layout.hasShortAddresses {
      throw EventFormatError(
        .cannotRepresent, source: name, reason: "AEDAT 1.0 has addresses of 16 bits, \(layout.rawValue) needs 32",
        remedy: "choose AEDAT 2 or 4")
    }
  }

  var limits: EventLimits {
    EventLimits(
      times: 0...(1 << 31) - 1, width: layout.geometry.width, height: layout.geometry.height, longestStepBack: 1 << 23)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(
      text: "#!AER-DAT\(isFirstVersion ? 1 : 2).0\r\n# This is a raw AE data file - do not edit\r\n"
        + "# Data format is int\(isFirstVersion ? 16 : 32) address, int32 timestamp "
        + "(\(isFirstVersion ? 6 : 8) bytes total), repeated for each event\r\n"
        + "# Timestamps tick is 1 us\r\n" + (layout.chipClass.map { "# AEChip: \($0)\r\n" } ?? "")
        + "#End Of ASCII Header\r\n")
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    let bits = layout.bits
    for index in range {
      let x = bits.x_last >= 0 ? UInt32(bits.x_last) - UInt32(batch.x[index]) : UInt32(batch.x[index])
      let y = bits.y_last >= 0 ? UInt32(bits.y_last) - UInt32(batch.y[index]) : UInt32(batch.y[index])
      let polarity = UInt32(batch.polarities[index]) ^ bits.polarity_inverted
      let address = x << bits.x_shift | y << bits.y_shift | polarity << bits.polarity_shift
      if isFirstVersion {
        output.append(big: UInt16(truncatingIfNeeded: address))
      } else {
        output.append(big: address)
      }
      output.append(big: UInt32(truncatingIfNeeded: batch.times[index]))
    }
  }
}
