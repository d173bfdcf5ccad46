import Events

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
