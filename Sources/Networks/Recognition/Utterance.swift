/// One step of the stream, as the recogniser sees it.
struct StepTime: Codable, Equatable, Sendable {
  var start: Int64
  var end: Int64
  var isActive: Bool

  /// One step of both, that begins where the earlier one did.
  func joined(behind earlier: StepTime) -> StepTime {
    StepTime(start: earlier.start, end: end, isActive: isActive || earlier.isActive)
  }
}

/// A label at the highest score it has reached, and the stretch that score is the mean of.
struct Candidate: Codable, Equatable, Sendable {
  var label: Int
  var score: Double
  var start: Int64
  var end: Int64
  var scores: [Double]

  /// Becomes another. The scores are copied value by value: a shared list would be copied whole when it is written next.
  mutating func become(label: Int, score: Double, start: Int64, end: Int64, scores other: [Double]) {
    (self.label, self.score, self.start, self.end) = (label, score, start, end)
    for index in other.indices { scores[index] = other[index] }
  }
}

/// Steps in a row with the same leader above its threshold.
struct Run: Codable, Equatable, Sendable {
  var peak: Candidate
  var length: Int
}

/// Activity without a long silence in it, and what is known about it so far.
struct Utterance: Codable, Equatable, Sendable {
  private(set) var start: Int64
  var lastActiveEnd: Int64
  /// Steps up to the last active one that lie in the window.
  private(set) var window: LogitWindow
  /// Silent steps since then.
  private var waiting: LogitWindow
  var run: Run?
  var candidate: Candidate?
  var best: Candidate?
  var hasDecided = false
  /// When the candidate's start or rise was told last.
  var progressTold: Int64?

  init(start: Int64, width: Int, rows: Int) {
    self.start = start
    lastActiveEnd = start
    window = LogitWindow(width: width, rows: rows)
    waiting = LogitWindow(width: width, rows: rows)
  }

  /// Becomes a new one; the room of its windows is kept.
  mutating func restart(at start: Int64) {
    self.start = start
    lastActiveEnd = start
    window.removeAll()
    waiting.removeAll()
    run = nil
    candidate = nil
    best = nil
    hasDecided = false
    progressTold = nil
  }

  /// Whether it outgrew the window, so that its score slides.
  func isLong(windowMicroseconds: Int64) -> Bool { lastActiveEnd - start > windowMicroseconds }

  mutating func add(_ logits: [Float], at step: StepTime, windowMicroseconds: Int64) {
    guard step.isActive else {
      waiting.append(logits: logits, startMicroseconds: step.start, endMicroseconds: step.end)
      return
    }
    if waiting.count > 0 {
      window.append(waiting)
      waiting.removeAll()
    }
    window.append(logits: logits, startMicroseconds: step.start, endMicroseconds: step.end)
    window.drop(before: step.end - windowMicroseconds)
    lastActiveEnd = step.end
  }
}
