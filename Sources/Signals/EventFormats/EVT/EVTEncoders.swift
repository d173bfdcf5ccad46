import Events

/// The text in front of a Prophesee RAW file.
func propheseeHeader(evt: String, format: String, geometry: SensorGeometry?, endianness: String? = nil) -> String {
  var text = "% evt \(evt)\n"
  let option = endianness.map { ";endianness=\($0)" } ?? ""
  if let endianness { text += "% endianness \(endianness)\n" }
  if let geometry {
    text += "% format \(format);height=\(geometry.height);width=\(geometry.width)\(option)\n% geometry \(geometry)\n"
  } else {
    text += "% format \(format)\(option)\n"
  }
  return text + "% end\n"
}

/// Words of high time for a counter of 28 bits over 6.
struct LongTime: Sendable {
  private var high: Int64 = -1

  /// The high bits when they have to be written before an event at a time, nil when they stand already.
  mutating func advance(to time: Int64) -> UInt32? {
    let next = time >> 6
    guard next != high else { return nil }
    high = next
    return UInt32(truncatingIfNeeded: next & 0x0fff_ffff)
  }
}

/// Prophesee EVT 2.0: times up to 2^34 us, sensors up to 2048x2048.
struct EVT2Encoder: EventEncoder {
  private let geometry: SensorGeometry?
  private var time = LongTime()

  init(_ options: EventWritingOptions) { geometry = options.geometry }

  var limits: EventLimits {
    EventLimits(
      times: 0...(1 << 34) - 1, width: 2048, height: 2048, allowsBackwards: false, triggerChannels: 32)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(text: propheseeHeader(evt: "2.0", format: "EVT2", geometry: geometry))
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    for index in range {
      let now = batch.times[index]
      if let high = time.advance(to: now) { output.append(little: 0x8000_0000 | high) }
      output.append(
        little: UInt32(batch.polarities[index]) << 28 | UInt32(now & 63) << 22 | UInt32(batch.x[index]) << 11
          | UInt32(batch.y[index]))
    }
  }

  mutating func encode(_ trigger: TriggerEvent, _ output: inout OutputBuffer) {
    if let high = time.advance(to: trigger.timeMicroseconds) { output.append(little: 0x8000_0000 | high) }
    output.append(
      little: 0xa000_0000 | UInt32(trigger.timeMicroseconds & 63) << 22 | UInt32(trigger.channel & 31) << 8
        | (trigger.isRising ? 1 : 0))
  }
}

/// Length of a run from a position on: same time, row and polarity, columns rising, within `window` columns from
/// `base`.
private func runEnd(_ batch: EventBatch, from start: Int, to end: Int, base: Int, window: Int) -> Int {
  var index = start + 1
  while index < end, batch.times[index] == batch.times[start], batch.y[index] == batch.y[start],
    batch.polarities[index] == batch.polarities[start], batch.x[index] > batch.x[index - 1],
    Int(batch.x[index]) < base + window
  {
    index += 1
  }
  return index
}

/// Prophesee EVT 2.1: masks of 32 columns from a multiple of 32 on.
struct EVT21Encoder: EventEncoder {
  private let geometry: SensorGeometry?
  private let isLegacy: Bool
  private var time = LongTime()

  init(_ options: EventWritingOptions) {
    geometry = options.geometry
    isLegacy = options.evt21IsLegacy
  }

  var limits: EventLimits {
    EventLimits(
      times: 0...(1 << 34) - 1, width: 2048, height: 2048, allowsBackwards: false, triggerChannels: 32)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(
      text: propheseeHeader(
        evt: "2.1", format: "EVT21", geometry: geometry, endianness: isLegacy ? "legacy" : "little"))
  }

  private func append(_ head: UInt32, _ rest: UInt32, _ output: inout OutputBuffer) {
    output.append(little: isLegacy ? UInt64(rest) << 32 | UInt64(head) : UInt64(head) << 32 | UInt64(rest))
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    var index = range.lowerBound
    while index < range.upperBound {
      let now = batch.times[index]
      if let high = time.advance(to: now) { append(0x8000_0000 | high, 0, &output) }
      let base = Int(batch.x[index]) & ~31
      let end = runEnd(batch, from: index, to: range.upperBound, base: base, window: 32)
      var mask: UInt32 = 0
      for position in index..<end { mask |= 1 << UInt32(Int(batch.x[position]) - base) }
      append(
        UInt32(batch.polarities[index]) << 28 | UInt32(now & 63) << 22 | UInt32(base) << 11
          | UInt32(batch.y[index]), mask, &output)
      index = end
    }
  }

  mutating func encode(_ trigger: TriggerEvent, _ output: inout OutputBuffer) {
    if let high = time.advance(to: trigger.timeMicroseconds) { append(0x8000_0000 | high, 0, &output) }
    append(
      0xa000_0000 | UInt32(trigger.timeMicroseconds & 63) << 22 | UInt32(trigger.channel & 31) << 8
        | (trigger.isRising ? 1 : 0), 0, &output)
  }
}

/// Prophesee EVT 3.0: words for what changes; the counter of 24 bits runs over every 16.8 s.
struct EVT3Encoder: EventEncoder {
  private let geometry: SensorGeometry?
  /// Time in steps of 4096 us as it stands, without the counter's overflow.
  private var high: Int64 = -1
  private var low: Int64 = -1
  private var row = -1

  init(_ options: EventWritingOptions) { geometry = options.geometry }

  var limits: EventLimits {
    EventLimits(
      times: 0...(1 << 34) - 1, width: 2048, height: 2048, allowsBackwards: false, triggerChannels: 16)
  }

  mutating func begin(_ output: inout OutputBuffer) {
    output.append(text: propheseeHeader(evt: "3.0", format: "EVT3", geometry: geometry))
  }

  private mutating func advance(to time: Int64, _ output: inout OutputBuffer) {
    let nextHigh = time >> 12
    if nextHigh != high {
      // A reader sees the counter run over only when it falls by more than half: long gaps get words between.
      if high < 0 {
        high = 0
        if nextHigh != 0 { output.append(little: UInt16(0x8000)) }
      }
      while nextHigh - high > 2047 {
        high += 2047
        output.append(little: UInt16(0x8000) | UInt16(high & 0xfff))
      }
      high = nextHigh
      output.append(little: UInt16(0x8000) | UInt16(nextHigh & 0xfff))
      low = -1
    }
    let nextLow = time & 0xfff
    if nextLow != low {
      output.append(little: UInt16(0x6000) | UInt16(nextLow))
      low = nextLow
    }
  }

  mutating func encode(_ batch: EventBatch, in range: Range<Int>, _ output: inout OutputBuffer) {
    var index = range.lowerBound
    while index < range.upperBound {
      advance(to: batch.times[index], &output)
      if Int(batch.y[index]) != row {
        row = Int(batch.y[index])
        output.append(little: UInt16(row))
      }
      let polarity = UInt16(batch.polarities[index]) << 11
      let base = Int(batch.x[index])
      let end = runEnd(batch, from: index, to: range.upperBound, base: base, window: 32)
      // A base and three masks are four words; the masks always come as 12, 12, 8, as readers expect.
      guard end - index > 4 else {
        output.append(little: UInt16(0x2000) | polarity | batch.x[index])
        index += 1
        continue
      }
      var mask: UInt32 = 0
      for position in index..<end { mask |= 1 << UInt32(Int(batch.x[position]) - base) }
      output.append(little: UInt16(0x3000) | polarity | UInt16(base))
      output.append(little: UInt16(0x4000) | UInt16(mask & 0xfff))
      output.append(little: UInt16(0x4000) | UInt16(mask >> 12 & 0xfff))
      output.append(little: UInt16(0x5000) | UInt16(mask >> 24))
      index = end
    }
  }

  mutating func encode(_ trigger: TriggerEvent, _ output: inout OutputBuffer) {
    advance(to: trigger.timeMicroseconds, &output)
    output.append(little: UInt16(0xa000) | UInt16(trigger.channel & 15) << 8 | (trigger.isRising ? 1 : 0))
  }
}
