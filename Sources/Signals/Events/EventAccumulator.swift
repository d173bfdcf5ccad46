import CKernels
import Glibc

/// Counts events into the inputs of a network and hands the counts out as a sparse list.
struct EventAccumulator: Sendable {
  private let configuration: EventBinningConfiguration
  private var map: InputMap
  private let limit: UInt32
  /// One byte a bucket, so that the counts of a whole sensor stay in the cache; what goes beyond 255 is kept apart.
  private var counts: [UInt8] = []
  private var beyond: [UInt32] = []
  private var beyondCount: Int64 = 0
  /// Events of the sensor that the fit cuts off.
  private(set) var cut: Int64 = 0

  init(_ configuration: EventBinningConfiguration, placement: SensorPlacement) {
    self.configuration = configuration
    map = InputMap(placement, downsampling: configuration.downsampling)
    switch configuration.mode {
    case .binary: limit = 1
    case .counts: limit = configuration.maximumCount.map { UInt32(clamping: $0) } ?? .max
    }
    makeRoom()
  }

  /// Goes over to another place on the model's sensor; only while nothing is counted.
  mutating func use(_ placement: SensorPlacement) {
    map = InputMap(placement, downsampling: configuration.downsampling)
    makeRoom()
  }

  private mutating func makeRoom() {
    let size = (2 * map.plane + 7) / 8 * 8
    guard counts.count != size else { return }
    counts = [UInt8](repeating: 0, count: size)
    beyond = [UInt32](repeating: 0, count: size)
  }

  /// Counts the events at some positions; returns how many lay outside the sensor.
  mutating func add(_ batch: EventBatch, in range: Range<Int>) -> Int64 {
    batch.withColumns(range) { x, y, polarities, count in
      map.columns.withUnsafeBufferPointer { columns in
        map.rows.withUnsafeBufferPointer { rows in
          counts.withUnsafeMutableBufferPointer { counts in
            beyond.withUnsafeMutableBufferPointer { beyond in
              var inputs = ganglion_input_map(
                columns: columns.baseAddress, rows: rows.baseAddress, width: UInt32(columns.count),
                height: UInt32(rows.count), stride: UInt32(configuration.width), plane: UInt32(map.plane),
                shift: map.shift)
              return ganglion_accumulate_events(
                x, y, polarities, count, &inputs, counts.baseAddress, beyond.baseAddress, &beyondCount, &cut)
            }
          }
        }
      }
    }
  }

  /// Shows what was counted, one byte an input (255 for more), and starts from nothing.
  mutating func takeDense(_ body: (Span<UInt8>) -> Void) {
    precondition(!map.isWeighed, "whole frames are those of the model's own sensor")
    body(counts.span)
    clear()
  }

  private mutating func clear() {
    counts.withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { memset(base, 0, bytes.count) }
    }
    if beyondCount > 0 { beyond = [UInt32](repeating: 0, count: beyond.count) }
    beyondCount = 0
  }

  /// Hands out what was counted, ascending by input, and starts from nothing.
  mutating func take() -> (channels: [UInt32], values: [Float]) {
    if map.horizontal.isSpread || map.vertical.isSpread { return takeSpread() }
    var (channels, values) = takeCounts(limit: map.isWeighed ? .max : limit)
    guard map.isWeighed else { return (channels, values) }
    let width = map.horizontal.bucketCount
    var kept = 0
    for index in channels.indices {
      let place = Int(channels[index]) % map.plane
      let (column, row) = (place % width, place / width)
      let pixels = map.horizontal.sources[column].weights[0] * map.vertical.sources[row].weights[0]
      let merged = map.horizontal.merged[column] * map.vertical.merged[row]
      guard let value = limited(Double(values[index]) * pixels / merged) else { continue }
      (channels[kept], values[kept]) = (channels[index], value)
      kept += 1
    }
    channels.removeLast(channels.count - kept)
    values.removeLast(values.count - kept)
    return (channels, values)
  }

  /// What an input gets of so many events a pixel of its own; nil for nothing.
  private func limited(_ value: Double) -> Float? {
    switch configuration.mode {
    // Half an event is the least that is nearer to one than to none.
    case .binary: value >= 0.5 ? 1 : nil
    case .counts: Float(min(value, Double(limit)))
    }
  }

  /// Where the model is finer than the camera: each input gathers from the pixels under it.
  private mutating func takeSpread() -> (channels: [UInt32], values: [Float]) {
    var channels: [UInt32] = []
    var values: [Float] = []
    let (width, height) = (map.horizontal.sources.count, map.vertical.sources.count)
    for polarity in 0..<2 {
      for row in 0..<height {
        let down = map.vertical.sources[row]
        for column in 0..<width {
          let across = map.horizontal.sources[column]
          var sum = 0.0
          for (y, vertical) in down.weights.enumerated() {
            let start = polarity * map.plane + (down.first + y) * map.horizontal.bucketCount + across.first
            let merged = map.vertical.merged[down.first + y]
            for (x, horizontal) in across.weights.enumerated() where counts[start + x] > 0 {
              let count = Double(counts[start + x]) + Double(beyond[start + x])
              sum += count * (vertical * horizontal) / (merged * map.horizontal.merged[across.first + x])
            }
          }
          guard sum > 0, let value = limited(sum) else { continue }
          channels.append(UInt32((polarity * height + row) * width + column))
          values.append(value)
        }
      }
    }
    clear()
    return (channels, values)
  }

  private mutating func takeCounts(limit: UInt32) -> (channels: [UInt32], values: [Float]) {
    let active = counts.withUnsafeBufferPointer { ganglion_count_active($0.baseAddress, Int64($0.count)) }
    var channels: [UInt32] = []
    var values: [Float] = []
    channels.append(addingCapacity: Int(active) + 1) { channels in
      values.append(addingCapacity: Int(active) + 1) { values in
        channels.withUnsafeMutableBufferPointer { channelBuffer, channelCount in
          values.withUnsafeMutableBufferPointer { valueBuffer, valueCount in
            counts.withUnsafeMutableBufferPointer { counts in
              beyond.withUnsafeMutableBufferPointer { beyond in
                ganglion_take_counts(
                  counts.baseAddress, beyond.baseAddress, beyondCount, Int64(counts.count), limit,
                  channelBuffer.baseAddress, valueBuffer.baseAddress)
              }
            }
            channelCount = Int(active)
            valueCount = Int(active)
          }
        }
      }
    }
    beyondCount = 0
    return (channels, values)
  }
}

extension EventBatch {
  /// Gives the addresses and polarities of some events to a kernel.
  func withColumns<Result>(
    _ range: Range<Int>,
    _ body: (UnsafePointer<UInt16>?, UnsafePointer<UInt16>?, UnsafePointer<UInt8>?, Int64) -> Result
  ) -> Result {
    x[range].withUnsafeBufferPointer { x in
      y[range].withUnsafeBufferPointer { y in
        polarities[range].withUnsafeBufferPointer { polarities in
          body(x.baseAddress, y.baseAddress, polarities.baseAddress, Int64(range.count))
        }
      }
    }
  }

  /// Position of the first event at or after a time, from a position on; `count` when there is none.
  func firstIndex(atOrAfter time: Int64, from start: Int) -> Int {
    times.withUnsafeBufferPointer {
      Int(ganglion_first_at_or_after($0.baseAddress, Int64(start), Int64($0.count), time))
    }
  }

  /// Number of events of a stretch that are earlier than a time.
  func countEarlier(than time: Int64, in range: Range<Int>) -> Int64 {
    times.withUnsafeBufferPointer {
      ganglion_count_earlier($0.baseAddress, Int64(range.lowerBound), Int64(range.upperBound), time)
    }
  }
}
