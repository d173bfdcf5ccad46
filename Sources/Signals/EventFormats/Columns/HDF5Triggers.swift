import CKernels
import Events

/// The external triggers of an HDF5 file, as Prophesee keeps them beside the events: records of polarity, time and channel.
struct HDF5Triggers: Sendable {
  static let path = "EXT_TRIGGER/events"
  private static let blockSize = 4096

  private let dataset: HDF5Dataset
  private let fields: [Int]
  private var position = 0
  /// Triggers that were read and not yet handed on, the next one last.
  private var waiting: [(time: Int64, channel: Int64, polarity: Int64)] = []

  /// The triggers of a file; nil where it has none.
  init?(_ file: HDF5File) throws(EventFormatError) {
    guard file.hasDataset(Self.path), let dataset = try file.dataset(Self.path), dataset.width == nil else {
      return nil
    }
    let fields = ["t", "id", "p"].compactMap { dataset.fieldNames.firstIndex(of: $0) }
    guard fields.count == 3, fields.allSatisfy({ dataset.types[$0].kind >= 0 && !dataset.types[$0].isFloatingPoint })
    else { return nil }
    self.dataset = dataset
    self.fields = fields
  }

  /// Hands on the triggers up to a time, as many as there is room for; returns whether those were all.
  mutating func take(upTo last: Int64, into report: inout ganglion_event_report) throws(EventFormatError) -> Bool {
    while true {
      if waiting.isEmpty {
        let range = position..<min(position + Self.blockSize, dataset.count)
        guard !range.isEmpty else { return true }
        let values = try dataset.read(rows: range, fields: fields)
        position = range.upperBound
        waiting = stride(from: 0, to: values.count, by: 3).reversed().map {
          (values[$0], values[$0 + 1], values[$0 + 2])
        }
      }
      guard let next = waiting.last, next.time <= last else { return true }
      guard report.add(trigger: next.time, channel: next.channel, isRising: next.polarity > 0) else { return false }
      waiting.removeLast()
    }
  }
}

extension ganglion_event_report {
  /// Adds a trigger found in Swift, as the kernels do; false where the table is full.
  fileprivate mutating func add(trigger time: Int64, channel: Int64, isRising: Bool) -> Bool {
    guard trigger_count < GANGLION_TRIGGER_CAPACITY else { return false }
    let slot = Int(trigger_count)
    trigger_count += 1
    withUnsafeMutableBytes(of: &trigger_times) { $0.storeBytes(of: time, toByteOffset: 8 * slot, as: Int64.self) }
    withUnsafeMutableBytes(of: &trigger_channels) { $0[slot] = UInt8(truncatingIfNeeded: channel) }
    withUnsafeMutableBytes(of: &trigger_rising) { $0[slot] = isRising ? 1 : 0 }
    return true
  }
}
