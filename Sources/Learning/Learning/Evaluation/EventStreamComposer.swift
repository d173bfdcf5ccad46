import Events
import Numerics

/// Makes a long recording of labelled clips of events, others and pauses: the same seed gives the same events.
///
/// Clips follow one another with pauses, each as often as any other of its kind, in random order. In the pauses, in which a camera
/// is never quite still, pixels fire at a rate of noise.
public struct EventStreamComposer: Sendable {
  /// A clip of a camera's events, in order of time.
  public struct Clip: Sendable {
    /// Nil for what bears no label.
    public var label: String?
    public var events: EventBatch

    public init(label: String?, events: EventBatch) {
      self.label = label
      self.events = events
    }

    /// From the first event to the last, microseconds.
    var microseconds: Int64 { (events.times.last ?? 0) - (events.times.first ?? 0) }
  }

  public var geometry: SensorGeometry
  public var seconds: Int
  /// Shortest and longest pause after a clip, seconds.
  public var pauseSeconds = 0.7...3.0
  /// Chance that a clip without a label comes next, where there is any.
  public var otherShare = 0.25
  /// Events a pixel and second in pauses, hertz.
  public var noiseRate = 0.1
  public var seed: UInt64 = 1

  public init(geometry: SensorGeometry, seconds: Int) {
    self.geometry = geometry
    self.seconds = seconds
  }

  /// Hands out the recording piece by piece, in order of time, and returns its labels.
  ///
  /// - Parameter emit: gets each clip and each pause.
  public func compose(_ clips: [Clip], emit: (EventBatch) throws -> Void) rethrows -> [LabelledWord] {
    var random = RandomStream(seed: seed, purpose: "event clips")
    let words = clips.indices.filter { clips[$0].label != nil }
    let others = clips.indices.filter { clips[$0].label == nil }
    var (wordDeck, otherDeck) = (Deck(count: words.count), Deck(count: others.count))
    var labels: [LabelledWord] = []
    let end = Int64(seconds) * 1_000_000
    var place: Int64 = 0
    while true {
      let pause = min(end, place + Int64(random.uniform(in: pauseSeconds) * 1e6))
      let noise = noise(place..<pause, &random)
      if noise.count > 0 { try emit(noise) }
      place = pause
      let isOther = random.uniform() < otherShare
      guard !clips.isEmpty, place < end else { return labels }
      let clip =
        !others.isEmpty && (isOther || words.isEmpty)
        ? clips[others[otherDeck.draw(&random)]] : clips[words[wordDeck.draw(&random)]]
      // What would reach beyond the end is not begun; noise fills the rest.
      guard clip.microseconds > 0, place + clip.microseconds <= end else {
        let rest = self.noise(place..<end, &random)
        if rest.count > 0 { try emit(rest) }
        return labels
      }
      var events = clip.events
      events.triggers.removeAll()
      events.shiftTimes(by: place - (events.times.first ?? 0))
      try emit(events)
      if let label = clip.label {
        labels.append(
          LabelledWord(label: label, startMicroseconds: place, endMicroseconds: place + clip.microseconds))
      }
      place += clip.microseconds + 1
    }
  }

  private func noise(_ range: Range<Int64>, _ random: inout RandomStream) -> EventBatch {
    let length = Double(range.upperBound - range.lowerBound)
    let mean = noiseRate * Double(geometry.pixelCount) * length / 1e6
    let count = max(0, Int((mean + mean.squareRoot() * random.normal()).rounded()))
    var batch = EventBatch()
    let times = (0..<count).map { _ in range.lowerBound + Int64(random.uniform() * length) }.sorted()
    for time in times {
      batch.append(
        Event(
          timeMicroseconds: time, x: UInt16(random.integer(below: geometry.width)),
          y: UInt16(random.integer(below: geometry.height)), polarity: random.uniform() < 0.5 ? 1 : 0))
    }
    return batch
  }
}
