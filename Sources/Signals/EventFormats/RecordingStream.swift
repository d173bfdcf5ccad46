import Events

/// One of several cameras or sources whose events a recording holds.
public struct RecordingStream: Sendable, Equatable, Codable {
  /// What `EventReadingOptions.stream` calls it.
  public var name: String
  /// What else the recording says of it, for people.
  public var details: String
  /// Pixel array, where the recording names it.
  public var sensor: SensorGeometry?
  /// Its events so far, also where another stream is read.
  public var events: Int64
  /// Whether its events are what the reader gives.
  public var isRead: Bool

  /// Its messages so far, for formats that are made of messages.
  public var messages: Int64?
  /// Whether it is one that events can be read of.
  public var holdsEvents: Bool

  /// A stream that a recording holds.
  public init(
    name: String, details: String, sensor: SensorGeometry?, events: Int64 = 0, messages: Int64? = nil,
    isRead: Bool = false, holdsEvents: Bool = true
  ) {
    self.name = name
    self.details = details
    self.sensor = sensor
    self.events = events
    self.isRead = isRead
    self.messages = messages
    self.holdsEvents = holdsEvents
  }
}

extension RecordingStream: CustomStringConvertible {
  public var description: String {
    ([name] + [sensor?.description, details.isEmpty ? nil : details].compactMap { $0 }).joined(separator: " ")
  }
}

/// A stream that can be chosen, with the names it goes by.
struct StreamCandidate: Sendable {
  var identifier: Int32
  /// The first is the one that is sure to be its own.
  var names: [String]
  var stream: RecordingStream
}

extension EventReadingOptions {
  /// Chooses one of several streams.
  ///
  /// - Throws: `ambiguous` where none is named and commands that use events must not guess, or where the name is that of
  ///   none or of several.
  func choose(
    among candidates: [StreamCandidate], source: String, guesses: inout [ReadingGuess]
  ) throws(EventFormatError) -> StreamCandidate? {
    let list = candidates.map { $0.stream.description }.joined(separator: ", ")
    func unclear(_ reason: String) -> EventFormatError {
      EventFormatError(.ambiguous, source: source, reason: reason, remedy: "name one", subject: .stream)
    }
    if let stream {
      let exact = candidates.filter { $0.names.first == stream }
      let found = exact.isEmpty ? candidates.filter { $0.names.contains(stream) } : exact
      guard found.count == 1 else {
        throw unclear("\(found.isEmpty ? "no stream" : "more than one stream") goes by the name '\(stream)': \(list)")
      }
      return found[0]
    }
    guard candidates.count > 1 else { return candidates.first }
    guard surveysStreams else { throw unclear("holds the events of \(candidates.count) streams: \(list)") }
    guesses.append(
      ReadingGuess(
        .stream, candidates[0].names[0],
        because: "the first of \(candidates.count); whoever uses the events has to name one"))
    return candidates[0]
  }

  /// Refuses the name of a stream where a format has only one, which has no name.
  func refuseStream(of source: String) throws(EventFormatError) {
    guard let stream else { return }
    throw EventFormatError(
      .unsupported, source: source,
      reason: "is of a format that holds one stream without a name, '\(stream)' is asked for",
      remedy: "name none")
  }
}
