import Numerics
import Recognition

/// How often a recogniser was right on long recordings: every labelled word is found or missed, and every detection that
/// belongs to none is a false accept.
///
/// A detection belongs to a word of its label when it ends between the word's start and `tolerance` after the word's
/// end, and each word has one at most: the first. A further one is a repeat, and a false accept too.
public struct StreamTally: Sendable, Equatable {
  /// A detection, as far as it matters here.
  public struct Detection: Sendable, Equatable {
    public var label: Int
    /// Stream time at which it ends, microseconds.
    public var endMicroseconds: Int64

    public init(label: Int, endMicroseconds: Int64) {
      self.label = label
      self.endMicroseconds = endMicroseconds
    }
  }

  /// The figures of one label, or of all of them together.
  public struct Counts: Sendable, Equatable {
    public var words = 0
    public var missed = 0
    public var falseAccepts = 0
    /// False accepts that say a word again which was found already.
    public var repeats = 0

    static func + (left: Self, right: Self) -> Self {
      Counts(
        words: left.words + right.words, missed: left.missed + right.missed,
        falseAccepts: left.falseAccepts + right.falseAccepts, repeats: left.repeats + right.repeats)
    }

    /// Share of the words that were missed.
    public var missedShare: Proportion { Proportion(right: missed, total: words) }
  }

  public private(set) var counts: [Counts]
  /// From each found word's end to the end of its detection, microseconds; negative where it was told before the end.
  public private(set) var delaysMicroseconds: [Int64] = []
  /// The same from each found word's start.
  public private(set) var delaysFromStartMicroseconds: [Int64] = []
  /// Stream time listened to.
  public private(set) var microseconds: Int64 = 0

  public init(labelCount: Int) {
    counts = [Counts](repeating: Counts(), count: labelCount)
  }

  /// The delay within which so large a share of the found words was told; nil where none was.
  ///
  /// - Parameter fromStart: counted from the words' starts instead of their ends.
  public func delay(share: Double, fromStart: Bool = false) -> Int64? {
    let sorted = (fromStart ? delaysFromStartMicroseconds : delaysMicroseconds).sorted()
    return sorted.isEmpty ? nil : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
  }

  public var total: Counts { counts.reduce(Counts(), +) }
  public var hours: Double { Double(microseconds) / 3.6e9 }

  /// A number of events as a rate; 0 where nothing was listened to.
  public func perHour(_ count: Int) -> Double { microseconds > 0 ? Double(count) / hours : 0 }

  /// Adds a recording.
  ///
  /// - Parameters:
  ///   - words: label and place, in order of their starts.
  ///   - detections: in the order in which they were told.
  public mutating func add(
    words: [(label: Int, startMicroseconds: Int64, endMicroseconds: Int64)], detections: [Detection],
    toleranceMicroseconds: Int64, microseconds: Int64
  ) {
    self.microseconds += microseconds
    for label in counts.indices {
      let mine = words.filter { $0.label == label }
      var isFound = [Bool](repeating: false, count: mine.count)
      // Words before it ended, with the tolerance, before everything that is still to come.
      var first = 0
      for detection in detections.filter({ $0.label == label }).sorted(by: { $0.endMicroseconds < $1.endMicroseconds })
      {
        let end = detection.endMicroseconds
        while first < mine.count && mine[first].endMicroseconds + toleranceMicroseconds < end { first += 1 }
        var candidate = first
        var isRepeat = false
        var isMatched = false
        while !isMatched && candidate < mine.count && mine[candidate].startMicroseconds <= end {
          if mine[candidate].endMicroseconds + toleranceMicroseconds >= end {
            if isFound[candidate] {
              isRepeat = true
            } else {
              isFound[candidate] = true
              delaysMicroseconds.append(end - mine[candidate].endMicroseconds)
              delaysFromStartMicroseconds.append(end - mine[candidate].startMicroseconds)
              isMatched = true
            }
          }
          candidate += 1
        }
        if !isMatched {
          counts[label].falseAccepts += 1
          if isRepeat { counts[label].repeats += 1 }
        }
      }
      counts[label].words += mine.count
      counts[label].missed += isFound.count { !$0 }
    }
  }

  /// These words and those of another stream, with the false accepts of a third: what a threshold gives where they are
  /// measured apart.
  package func joined(with words: StreamTally, falseAcceptsOf other: StreamTally) -> StreamTally {
    var joined = self
    for label in counts.indices {
      joined.counts[label].words += words.counts[label].words
      joined.counts[label].missed += words.counts[label].missed
      joined.counts[label].falseAccepts = other.counts[label].falseAccepts
      joined.counts[label].repeats = other.counts[label].repeats
    }
    joined.microseconds = other.microseconds
    return joined
  }
}
