import Events

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
