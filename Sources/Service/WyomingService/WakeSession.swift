import ClassifierStreams
import StreamSources

/// What one satellite asks for and what it hears: events in, replies out, without sockets or clocks.
///
/// Every satellite has streams of its own, so what one hears means nothing to another.
package struct WakeSession {
  /// What comes of an event.
  package struct Outcome {
    /// Bytes for the satellite.
    package var replies: [UInt8] = []
    /// Words that were found in it.
    package var found: [String] = []
    /// The sound it held, for whoever else listens.
    package var block: SoundBlock?
  }

  private struct Listening {
    var stream: ClassifierStream<SoundSegments>
    /// Names of its words by label.
    var names: [String: String]
  }

  private let peer: String
  private let program: String
  /// The words that are listened for; nil for all.
  private var chosen: Set<String>?
  private var format: AudioFormat?
  private var listening: [Listening] = []
  /// Samples that came since the stream began.
  private var samples: Int64 = 0
  /// What the satellite's own clock said when the stream began, milliseconds.
  private var origin: Int64?
  private var hasFound = false

  /// - Parameters:
  ///   - peer: what messages call the satellite.
  ///   - program: with its version, for `info`.
  package init(peer: String, program: String) {
    self.peer = peer
    self.program = program
  }

  /// Whether sound is coming in.
  package var isStreaming: Bool { format != nil }

  /// Does what an event asks for.
  ///
  /// - Parameter words: those there are now; a stream that runs keeps those it began with.
  package mutating func take(_ event: WyomingEvent, words: WakeWords) throws -> Outcome {
    var outcome = Outcome()
    switch event.type {
    case "describe": outcome.replies = WyomingReply.info(words.words, program: program)
    case "ping": outcome.replies = WyomingReply.pong(event.fields.text)
    case "detect":
      // An empty list asks for nothing in particular, as none does.
      chosen = event.fields.names.flatMap { $0.isEmpty ? nil : Set($0) }
      if isStreaming { try begin(format, words) }
    case "audio-start":
      origin = event.fields.timestamp
      try begin(try AudioFormat(event.fields), words)
    case "audio-chunk": try hear(event, words, &outcome)
    case "audio-stop":
      guard isStreaming else { break }
      try finish(&outcome)
      if !hasFound { outcome.replies += WyomingReply.notDetected }
      hasFound = false
    // What is new in the protocol is meant for others.
    default: break
    }
    return outcome
  }

  private mutating func begin(_ format: AudioFormat?, _ words: WakeWords) throws {
    self.format = format
    (samples, hasFound) = (0, false)
    listening = try words.listeners.compactMap { listener in
      let wanted = listener.words.filter { chosen?.contains($0.name) ?? true }
      if wanted.isEmpty { return nil }
      return Listening(
        stream: try ClassifierStream(listener.model, source: peer),
        names: Dictionary(wanted.map { ($0.label, $0.name) }) { first, _ in first })
    }
  }

  private mutating func hear(_ event: WyomingEvent, _ words: WakeWords, _ outcome: inout Outcome) throws {
    let own = try AudioFormat(event.fields)
    if own != format {
      origin = event.fields.timestamp
      try begin(own, words)
    }
    if samples == 0, let time = event.fields.timestamp { origin = time }
    let block = SoundBlock(samples: try own.samples(event.payload), sampleRate: own.rate, startSample: samples)
    guard block.count > 0 else { return }
    samples = block.endSample
    outcome.block = block
    try work(&outcome) { stream, tell in
      try stream.process(.block(block, arrivedMicroseconds: 0), droppedBefore: 0, emit: tell)
    }
  }

  private mutating func finish(_ outcome: inout Outcome) throws {
    try work(&outcome) { stream, tell in try stream.finish(emit: tell) }
    format = nil
    listening = []
  }

  private mutating func work(
    _ outcome: inout Outcome,
    _ operation: (inout ClassifierStream<SoundSegments>, (StreamResult) -> Void) throws -> Void
  ) throws {
    for index in listening.indices {
      let names = listening[index].names
      var found: [(name: String, milliseconds: Int64)] = []
      try operation(&listening[index].stream) { result in
        guard case .decision(let decision, _) = result, decision.kind == .detection, let name = names[decision.label]
        else { return }
        found.append((name, decision.endMicroseconds / 1_000))
      }
      for (name, milliseconds) in found {
        hasFound = true
        outcome.found.append(name)
        let (time, isTooLate) = (origin ?? 0).addingReportingOverflow(milliseconds)
        outcome.replies += WyomingReply.detection(name, milliseconds: isTooLate ? milliseconds : time)
      }
    }
  }
}
