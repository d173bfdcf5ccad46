import ClassifierStreams
import ModelFiles
import Recognition

/// What a network answered in the last minutes, bounded, to decide on it again. A value.
package struct KeptSteps: Sendable {
  private enum Entry: Sendable {
    case step(DecisionTrial.Step)
    /// The stream was interrupted.
    case cut
  }

  private let microseconds: Int64
  private let most: Int
  private var entries: [Entry] = []
  private var head = 0
  private var values = 0

  /// - Parameters:
  ///   - seconds: stream time that is kept.
  ///   - most: numbers that the network answered, at most; a step counts as four more.
  package init(seconds: Int = 300, most: Int = 2_000_000) {
    microseconds = Int64(seconds) * 1_000_000
    self.most = most
  }

  /// Stream time of the steps that are there; nil where there are none.
  package var span: ClosedRange<Int64>? {
    var bounds: (first: Int64, last: Int64)?
    for entry in entries[head...] {
      if case .step(let step) = entry {
        bounds = (bounds?.first ?? step.startMicroseconds, step.endMicroseconds)
        break
      }
    }
    guard let first = bounds?.first else { return nil }
    for entry in entries[head...].reversed() {
      if case .step(let step) = entry { return first...max(first, step.endMicroseconds) }
    }
    return nil
  }

  package mutating func append(_ step: DecisionTrial.Step) {
    if case .step(let last)? = entries.last, last.endMicroseconds != step.startMicroseconds { cut() }
    // A stream that begins anew in an earlier time is another; after a cut a step may lie a little over the last.
    if let span, step.startMicroseconds < span.upperBound - 1_000_000 { removeAll() }
    entries.append(.step(step))
    values += 4 + (step.outputs?.count ?? 0)
    while head < entries.count - 1, isTooMuch(until: step.endMicroseconds) { removeFirst() }
    if head >= 1_024 && head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
  }

  package mutating func cut() { if head < entries.count { entries.append(.cut) } }

  package mutating func removeAll() { (entries, head, values) = ([], 0, 0) }

  private func isTooMuch(until end: Int64) -> Bool {
    guard case .step(let first) = entries[head] else { return true }
    return values > most || end - first.startMicroseconds > microseconds
  }

  private mutating func removeFirst() {
    if case .step(let step) = entries[head] { values -= 4 + (step.outputs?.count ?? 0) }
    entries[head] = .cut
    head += 1
  }

  /// What would have been decided under other settings; what is open at the end is left open.
  package func decisions(
    _ manifest: ModelManifest, _ decision: DecisionConfiguration
  ) throws(RecognitionError) -> [Decision] {
    var trial = try DecisionTrial(manifest, decision: decision)
    var decisions: [Decision] = []
    for entry in entries[head...] {
      switch entry {
      case .step(let step): try trial.take(step) { decisions.append($0) }
      case .cut: trial.finish { decisions.append($0) }
      }
    }
    return decisions
  }
}
