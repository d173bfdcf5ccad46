import Events

/// A recording by name or on standard input, opened as what a model needs.
public struct RecordingInput: Sendable {
  /// Path of a file, or `-` for standard input.
  public let path: String
  /// How it is read where its content does not say.
  public var options: RecordingOptions

  public init(path: String, options: RecordingOptions = RecordingOptions()) {
    self.path = path
    self.options = options
  }

  /// Whether there is a file behind it rather than a pipe.
  public var isFile: Bool { path != "-" }
  /// What messages and results call it.
  public var name: String { isFile ? path : "standard input" }

  /// Opens it as sound; bytes on standard input without a known header are taken as 16-bit little-endian mono PCM at
  /// the given rate.
  package func openSound(
    sampleRate: Int, blocksPerSecond: Int, stop: StopSignal
  ) throws(FeedError) -> any StreamSource<SoundBlock> {
    SoundFeedSource(
      try feed(stop), options: options.sound, assumedRate: sampleRate, stop: stop, defects: .refuse,
      blocksPerSecond: blocksPerSecond)
  }

  /// Opens it as events of a camera, the first at stream time 0.
  package func openEvents(
    sensor: SensorGeometry, maximumEvents: Int, stop: StopSignal
  ) throws(FeedError) -> any StreamSource<EventBlock> {
    EventFeedSource(
      try feed(stop), sensors: [sensor], options: options, defects: .refuse, maximumEvents: maximumEvents)
  }

  private func feed(_ stop: StopSignal) throws(FeedError) -> ByteFeed {
    try ByteFeed(isFile ? .file : .standardInput, path: name, stop: stop)
  }
}
