import Failures

/// One event of the Wyoming protocol, with those of its fields that a wake service asks for.
package struct WyomingEvent: Equatable, Sendable {
  /// Fields of any event. What is of the wrong kind counts as absent.
  package struct Fields: Equatable, Sendable {
    package var names: [String]?
    package var rate: Int?
    /// Bytes of a sample.
    package var width: Int?
    package var channels: Int?
    /// Milliseconds on a clock of the peer's own.
    package var timestamp: Int64?
    package var text: String?

    package init() {}

    /// The same with those fields that others have.
    func merging(_ others: Fields) -> Fields {
      var merged = others
      merged.names = others.names ?? names
      merged.rate = others.rate ?? rate
      merged.width = others.width ?? width
      merged.channels = others.channels ?? channels
      merged.timestamp = others.timestamp ?? timestamp
      merged.text = others.text ?? text
      return merged
    }
  }

  package var type: String
  package var fields: Fields
  package var payload: [UInt8]

  package init(type: String, fields: Fields = Fields(), payload: [UInt8] = []) {
    self.type = type
    self.fields = fields
    self.payload = payload
  }
}

/// Why a peer cannot be understood. Where one of its events ends is then unknown, so the connection is over.
package enum WyomingError: ReportedError, Equatable, Sendable {
  case longHeader(most: Int)
  /// It is no JSON object with a type.
  case badHeader
  case badLength(field: String, value: Int, most: Int)
  /// What should be more fields is no JSON object.
  case badData
  case badAudio(String)

  package var kind: FailureKind { .badInput }
  /// A word for programs.
  package var code: String {
    switch self {
    case .longHeader: "long-header"
    case .badHeader: "bad-header"
    case .badLength: "bad-length"
    case .badData: "bad-data"
    case .badAudio: "bad-audio"
    }
  }
  package var description: String {
    switch self {
    case .longHeader(let most): "the header of an event has more than \(most) bytes"
    case .badHeader: "the header of an event is no JSON object with a type and lengths"
    case .badLength(let field, let value, let most): "\(field) is \(value), allowed is 0 to \(most)"
    case .badData: "the data of an event are no JSON object"
    case .badAudio(let why): "the audio cannot be used: \(why)"
    }
  }
}
