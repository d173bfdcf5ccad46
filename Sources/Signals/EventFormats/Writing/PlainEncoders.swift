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

/// AEDAT 3.1: packets of polarity events, special events for triggers; a new packet when 31 bits of time run over.
struct AEDAT3Encoder: EventEncoder {
  static let packetEvents = 4096
  private let geometry: SensorGeometry?

  init(_ options: EventWritingOptions) { geometry = options.geometry }

  var limits: EventLimits {
    EventLimits(times: 0...(1 << 62), width: 32768, height: 32768, triggerChannels: 1)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    let source =
      switch geometry {
      case SensorGeometry(width: 128, height: 128): "DVS128"
      case SensorGeometry(width: 240, height: 180): "DAVIS240"
      case SensorGeometry(width: 346, height: 260): "DAVIS346"
      case SensorGeometry(width: 640, height: 480): "DAVIS640"
      default: "Processor"
      }
    output.append(
      text: "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: \(source)\r\n#Start-Time: 1970-01-01 00:00:00 (TZ+0000)\r\n"
        + "#!END-HEADER\r\n")
  }

  private func header(type: UInt16, overflow: Int64, count: Int, _ output: inout OutputBuffer) {
    output.append(little: type)
    output.append(little: UInt16(1))
    for value in [8, 4, UInt32(truncatingIfNeeded: overflow), UInt32(count), UInt32(count), UInt32(count)] {
      output.append(little: value)
    }
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    var index = range.lowerBound
    while index < range.upperBound {
      let overflow = batch.times[index] >> 31
      var end = index + 1
      while end < range.upperBound, end - index < Self.packetEvents, batch.times[end] >> 31 == overflow { end += 1 }
      header(type: 1, overflow: overflow, count: end - index, &output)
      for position in index..<end {
        output.append(
          little: UInt32(batch.x[position]) << 17 | UInt32(batch.y[position]) << 2
            | UInt32(batch.polarities[position]) << 1 | 1)
        output.append(little: UInt32(truncatingIfNeeded: batch.times[position] & 0x7fff_ffff))
      }
      index = end
    }
  }

  mutating func encode(_ trigger: TriggerEvent, _ output: inout OutputBuffer) {
    header(type: 0, overflow: trigger.timeMicroseconds >> 31, count: 1, &output)
    output.append(little: UInt32(trigger.isRising ? 2 : 3) << 1 | 1)
    output.append(little: UInt32(truncatingIfNeeded: trigger.timeMicroseconds & 0x7fff_ffff))
  }
}

/// Event Stream 2 of type DVS: time as steps of up to 126 us.
struct EventStreamEncoder: EventEncoder {
  private let geometry: SensorGeometry
  private var time: Int64 = 0

  init(_ options: EventWritingOptions, name: String) throws(EventFormatError) {
    guard let geometry = options.geometry, geometry.width <= 65535, geometry.height <= 65535 else {
      throw EventFormatError(
        .cannotRepresent, source: name,
        reason: "an Event Stream begins with the sensor's size, which this recording does not name",
        remedy: "name it with --sensor")
    }
    self.geometry = geometry
  }

  var limits: EventLimits {
    // A minute of silence is half a megabyte of filling; a first time of years would fill the disk.
    EventLimits(
      times: 0...3_600_000_000_000, width: geometry.width, height: geometry.height, allowsBackwards: false,
      longestStep: 3_600_000_000)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(text: "Event Stream")
    output.append(contentsOf: [2, 0, 0, 1])
    output.append(little: UInt16(geometry.width))
    output.append(little: UInt16(geometry.height))
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    for index in range {
      var step = batch.times[index] - time
      while step > 126 {
        output.append(0xff)
        step -= 127
      }
      time = batch.times[index]
      output.append(UInt8(step) << 1 | batch.polarities[index])
      output.append(little: batch.x[index])
      output.append(little: UInt16(geometry.height - 1) - batch.y[index])
    }
  }
}

/// Five bytes an event: sensors up to 256x240, 23 bits of time.
struct NMNISTEncoder: EventEncoder {
  var limits: EventLimits {
    EventLimits(times: 0...(1 << 23) - 1, width: 256, height: 240, longestStepBack: 1 << 21)
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    for index in range {
      output.append(UInt8(batch.x[index]))
      output.append(UInt8(batch.y[index]))
      let word = UInt32(batch.polarities[index]) << 23 | UInt32(batch.times[index])
      output.append(contentsOf: [UInt8(word >> 16), UInt8(word >> 8 & 0xff), UInt8(word & 0xff)])
    }
  }
}

/// Text with a header line and one event a line, time in microseconds.
struct CSVEncoder: EventEncoder {
  let separator: String
  var limits: EventLimits { EventLimits() }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(text: ["t", "x", "y", "p"].joined(separator: separator) + "\n")
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    for index in range {
      output.append(
        text: "\(batch.times[index])\(separator)\(batch.x[index])\(separator)\(batch.y[index])\(separator)"
          + "\(batch.polarities[index])\n")
    }
  }
}
