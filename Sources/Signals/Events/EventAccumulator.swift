import CKernels
import Glibc

/// Counts events into the inputs of a network and hands the counts out as a sparse list.
struct EventAccumulator: Sendable {
  private let configuration: EventBinningConfiguration
  /// Flat input of each sensor column and row: a table instead of a division for each event.
  private let columns: [UInt32]
  private let rows: [UInt32]
  private let plane: UInt32
  private let limit: UInt32
  /// Power of two of the downsampling, negative when it is none.
  private let shift: Int32
  /// One byte an input, so that the counts of a whole sensor stay in the cache; what goes beyond 255 is kept apart.
  private var counts: [UInt8]
  private var beyond: [UInt32]
  private var beyondCount: Int64 = 0

  init(_ configuration: EventBinningConfiguration) {
    self.configuration = configuration
    columns = (0..<configuration.sensor.width).map { UInt32($0 / configuration.downsampling) }
    rows = (0..<configuration.sensor.height).map { UInt32($0 / configuration.downsampling * configuration.width) }
    plane = UInt32(configuration.width * configuration.height)
    let factor = configuration.downsampling
    shift = factor & (factor - 1) == 0 ? Int32(factor.trailingZeroBitCount) : -1
    switch configuration.mode {
    case .binary: limit = 1
    case .counts: limit = configuration.maximumCount.map { UInt32(clamping: $0) } ?? .max
    }
    let inputs = Int(2 * plane)
    counts = [UInt8](repeating: 0, count: (inputs + 7) / 8 * 8)
    beyond = [UInt32](repeating: 0, count: counts.count)
  }

  /// Counts the events at some positions; returns how many lay outside the sensor.
  mutating func add(_ batch: EventBatch, in range: Range<Int>) -> Int64 {
    batch.withColumns(range) { x, y, polarities, count in
      columns.withUnsafeBufferPointer { columns in
        rows.withUnsafeBufferPointer { rows in
          counts.withUnsafeMutableBufferPointer { counts in
            beyond.withUnsafeMutableBufferPointer { beyond in
              var map = ganglion_input_map(
                columns: columns.baseAddress, rows: rows.baseAddress, width: UInt32(columns.count),
                height: UInt32(rows.count), stride: UInt32(configuration.width), plane: plane, shift: shift)
              return ganglion_accumulate_events(
                x, y, polarities, count, &map, counts.baseAddress, beyond.baseAddress, &beyondCount)
            }
          }
        }
      }
    }
  }

  /// Shows what was counted, one byte an input (255 for more), and starts from nothing.
  mutating func takeDense(_ body: (Span<UInt8>) -> Void) {
    body(counts.span)
    counts.withUnsafeMutableBytes { bytes in
      if let base = bytes.baseAddress { memset(base, 0, bytes.count) }
    }
    if beyondCount > 0 { beyond = [UInt32](repeating: 0, count: beyond.count) }
    beyondCount = 0
  }

  /// Hands out what was counted, ascending by input, and starts from nothing.
  mutating func take() -> (channels: [UInt32], values: [Float]) {
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
