import Events

/// Prophesee DAT: 32 bits of time.
struct DATEncoder: EventEncoder {
  private let geometry: SensorGeometry?
  private let isFirstVersion: Bool

  init(_ options: EventWritingOptions) {
    geometry = options.geometry
    isFirstVersion = options.format == .dat1
  }

  var limits: EventLimits {
    EventLimits(
      times: 0...(1 << 32) - 1, width: isFirstVersion ? 512 : 16384, height: isFirstVersion ? 256 : 16384,
      allowsBackwards: true, longestStepBack: 1 << 23)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(text: "% Data file containing CD events.\n% Version \(isFirstVersion ? 1 : 2)\n")
    if let geometry { output.append(text: "% Height \(geometry.height)\n% Width \(geometry.width)\n") }
    output.append(contentsOf: [12, 8])
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    let (yShift, polarityShift): (UInt32, UInt32) = isFirstVersion ? (9, 17) : (14, 28)
    for index in range {
      output.append(little: UInt32(truncatingIfNeeded: batch.times[index]))
      output.append(
        little: UInt32(batch.x[index]) | UInt32(batch.y[index]) << yShift
          | UInt32(batch.polarities[index]) << polarityShift)
    }
  }
}
