import Events

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
