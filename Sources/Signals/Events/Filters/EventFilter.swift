import CKernels
import Failures

/// Why a filter cannot be made.
public struct EventFilterError: ReportedError, Sendable, Equatable {
  public var filter: String
  public var reason: String
  public var kind: FailureKind { .usage }
  public var description: String { "filter \(filter): \(reason)" }

  public init(filter: String, reason: String) {
    self.filter = filter
    self.reason = reason
  }
}

/// One step that events go through, in stream order. What it delivers does not depend on how the stream is cut into
/// batches.
public protocol EventFilter: Sendable {
  /// Its name with its values, for reports.
  var name: String { get }
  /// Pixel array of what it delivers, nil when that is not known.
  var geometry: SensorGeometry? { get }
  /// Events it took out so far.
  var removed: Int64 { get }
  /// Events it added so far.
  var added: Int64 { get }
  /// What it has found out about the stream, for people; nil for nothing.
  var finding: String? { get }
  /// Why nothing is left of a stream that had events, where the filter was to cut a piece out; nil while there is
  /// something, or nothing came in.
  var emptiness: String? { get }
  /// Changes a batch in place.
  mutating func apply(_ batch: inout EventBatch)
}

extension EventFilter {
  public var added: Int64 { 0 }
  public var finding: String? { nil }
  public var emptiness: String? { nil }
}

extension EventBatch {
  /// Keeps the events for which `body` returns true; it may change them. Returns how many were taken out.
  mutating func retain(_ body: (inout Event) -> Bool) -> Int64 {
    let before = count
    withMutableColumns { columns in
      guard let times = columns.times, let x = columns.x, let y = columns.y, let polarities = columns.polarities else {
        return 0
      }
      var kept = 0
      for index in 0..<before {
        var event = Event(
          timeMicroseconds: times[index], x: x[index], y: y[index], polarity: polarities[index])
        guard body(&event) else { continue }
        times[kept] = event.timeMicroseconds
        x[kept] = event.x
        y[kept] = event.y
        polarities[kept] = event.polarity
        kept += 1
      }
      return kept
    }
    return Int64(before - count)
  }
}
