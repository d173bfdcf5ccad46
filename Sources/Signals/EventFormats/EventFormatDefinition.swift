import Signatures

/// What the folder of a format says of it: how it is recognised, read and written.
protocol EventFormatDefinition: Sendable {
  /// What options call it.
  var name: String { get }
  /// How people call it.
  var title: String { get }
  /// Endings of names for which it is written, in lower case.
  var endings: [String] { get }

  /// Whether reading can begin only when all of a recording is there.
  var isReadWhole: Bool { get }
  /// Whether a library writes it, which has to be given a name.
  var isWrittenByName: Bool { get }

  /// What all versions of the format begin with: of those that are none of the formats here, nothing else is made.
  var family: Signature? { get }

  /// Whether the first bytes of a recording, 4096 or all of them, are signed as this format.
  func isSigned(_ beginning: [UInt8]) -> Bool

  /// Whether bytes that no format has signed look like this one, which has no signature.
  func isLike(_ beginning: [UInt8], _ options: EventReadingOptions) -> Bool

  /// Whether the bytes that are there of a live recording end within a header that this format could have.
  func isWithinHeader(_ bytes: [UInt8]) -> Bool

  /// Whether the bytes that are there of a live recording of this format suffice to open it.
  func isSettled(_ bytes: [UInt8], _ options: EventReadingOptions) -> Bool

  /// Why bytes that are no recording of any format cannot be read as this one, which they resemble.
  func refusal(of beginning: [UInt8], _ options: EventReadingOptions, source: String) -> EventFormatError?

  /// Reads a recording from its first byte.
  func reader(of input: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader

  /// Begins a recording.
  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter
}

extension EventFormatDefinition {
  var endings: [String] { [] }
  var isReadWhole: Bool { false }
  var isWrittenByName: Bool { false }
  var family: Signature? { nil }
  func isSigned(_ beginning: [UInt8]) -> Bool { false }
  func isLike(_ beginning: [UInt8], _ options: EventReadingOptions) -> Bool { false }
  func isWithinHeader(_ bytes: [UInt8]) -> Bool { false }
  func isSettled(_ bytes: [UInt8], _ options: EventReadingOptions) -> Bool { true }
  func refusal(of beginning: [UInt8], _ options: EventReadingOptions, source: String) -> EventFormatError? { nil }

  func writer(to sink: any ByteSink, _ options: EventWritingOptions) throws(EventFormatError) -> any EventWriter {
    throw EventFormatError(
      .cannotRepresent, source: sink.name, reason: "\(title) is read, not written",
      remedy: "write evt3, aedat4 or hdf5")
  }
}
