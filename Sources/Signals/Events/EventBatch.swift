import CKernels

/// A run of events in stream order, as columns of one length, with the triggers that fell among them.
public struct EventBatch: Sendable, Equatable {
  /// Stream time of each event, microseconds.
  public private(set) var times: [Int64] = []
  /// Column of each event, from the left.
  public private(set) var x: [UInt16] = []
  /// Row of each event, from the top.
  public private(set) var y: [UInt16] = []
  /// 1 where it became brighter, 0 where it became darker.
  public private(set) var polarities: [UInt8] = []
  /// External triggers of the same stretch of time, in stream order.
  public var triggers: [TriggerEvent] = []

  public init() {}

  /// Makes a batch of whole columns; all four have the same length.
  public init(times: [Int64], x: [UInt16], y: [UInt16], polarities: [UInt8], triggers: [TriggerEvent] = []) {
    precondition(
      x.count == times.count && y.count == times.count && polarities.count == times.count,
      "the columns of an event batch have one length")
    self.times = times
    self.x = x
    self.y = y
    self.polarities = polarities
    self.triggers = triggers
  }

  /// Number of events.
  public var count: Int { times.count }
  /// Whether there are neither events nor triggers.
  public var isEmpty: Bool { times.isEmpty && triggers.isEmpty }

  /// The event at a position.
  public subscript(index: Int) -> Event {
    Event(timeMicroseconds: times[index], x: x[index], y: y[index], polarity: polarities[index])
  }

  /// Appends one event.
  public mutating func append(_ event: Event) {
    times.append(event.timeMicroseconds)
    x.append(event.x)
    y.append(event.y)
    polarities.append(event.polarity)
  }

  /// Appends all events and triggers of another batch.
  public mutating func append(contentsOf other: EventBatch) {
    append(contentsOf: other, in: 0..<other.count)
    triggers.append(contentsOf: other.triggers)
  }

  /// Appends the events at some positions of another batch, without its triggers.
  public mutating func append(contentsOf other: EventBatch, in range: Range<Int>) {
    times.append(contentsOf: other.times[range])
    x.append(contentsOf: other.x[range])
    y.append(contentsOf: other.y[range])
    polarities.append(contentsOf: other.polarities[range])
  }

  /// The events at some positions, without triggers.
  public func slice(_ range: Range<Int>) -> EventBatch {
    EventBatch(
      times: Array(times[range]), x: Array(x[range]), y: Array(y[range]), polarities: Array(polarities[range]))
  }

  /// Takes all events and triggers out and keeps the memory.
  public mutating func removeAll() {
    times.removeAll(keepingCapacity: true)
    x.removeAll(keepingCapacity: true)
    y.removeAll(keepingCapacity: true)
    polarities.removeAll(keepingCapacity: true)
    triggers.removeAll(keepingCapacity: true)
  }

  /// Keeps the first `count` events.
  public mutating func truncate(to count: Int) {
    let surplus = times.count - count
    guard surplus > 0 else { return }
    times.removeLast(surplus)
    x.removeLast(surplus)
    y.removeLast(surplus)
    polarities.removeLast(surplus)
  }

  /// Appends what `body` writes to fresh memory for `capacity` events; it returns how many it wrote.
  ///
  /// Nothing is initialised beforehand and nothing copied: this is how the decoders fill a batch.
  public mutating func append<Failure: Error>(
    capacity: Int, _ body: (ganglion_event_columns) throws(Failure) -> Int
  ) throws(Failure) {
    var failure: Failure?
    var written = 0
    times.append(addingCapacity: capacity) { times in
      x.append(addingCapacity: capacity) { x in
        y.append(addingCapacity: capacity) { y in
          polarities.append(addingCapacity: capacity) { polarities in
            times.withUnsafeMutableBufferPointer { timeBuffer, timeCount in
              x.withUnsafeMutableBufferPointer { xBuffer, xCount in
                y.withUnsafeMutableBufferPointer { yBuffer, yCount in
                  polarities.withUnsafeMutableBufferPointer { polarityBuffer, polarityCount in
                    do throws(Failure) {
                      written = try body(
                        ganglion_event_columns(
                          times: timeBuffer.baseAddress, x: xBuffer.baseAddress, y: yBuffer.baseAddress,
                          polarities: polarityBuffer.baseAddress, capacity: Int64(capacity)))
                    } catch {
                      failure = error
                    }
                    timeCount = written
                    xCount = written
                    yCount = written
                    polarityCount = written
                  }
                }
              }
            }
          }
        }
      }
    }
    if let failure { throw failure }
  }

  /// Gives the columns to `body` for changing in place; it returns how many of the events, from the front, to keep.
  public mutating func withMutableColumns(_ body: (ganglion_event_columns) -> Int) {
    let capacity = Int64(count)
    var kept = count
    times.withUnsafeMutableBufferPointer { times in
      x.withUnsafeMutableBufferPointer { x in
        y.withUnsafeMutableBufferPointer { y in
          polarities.withUnsafeMutableBufferPointer { polarities in
            kept = body(
              ganglion_event_columns(
                times: times.baseAddress, x: x.baseAddress, y: y.baseAddress, polarities: polarities.baseAddress,
                capacity: capacity))
          }
        }
      }
    }
    truncate(to: kept)
  }
}

/// One change of brightness at one pixel.
public struct Event: Sendable, Hashable {
  /// Stream time, microseconds.
  public var timeMicroseconds: Int64
  /// Column, from the left.
  public var x: UInt16
  /// Row, from the top.
  public var y: UInt16
  /// 1 where it became brighter, 0 where it became darker.
  public var polarity: UInt8

  public init(timeMicroseconds: Int64, x: UInt16, y: UInt16, polarity: UInt8) {
    self.timeMicroseconds = timeMicroseconds
    self.x = x
    self.y = y
    self.polarity = polarity
  }
}

extension EventBatch {
  /// Adds to the time of every event and trigger, microseconds; wraps where 64 bits do.
  public mutating func shiftTimes(by microseconds: Int64) {
    for index in times.indices { times[index] &+= microseconds }
    for index in triggers.indices { triggers[index].timeMicroseconds &+= microseconds }
  }
}
