import Events

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
