import Audio
import EventFormats
import Events
import Glibc

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
  func openSound(sampleRate: Int) throws(AudioError) -> SoundFileReader {
    try SoundFileReader(
      SoundFileReader.location(path), options: options.sound, rate: sampleRate, assumesSamples: !isFile)
  }

  /// Opens it as events of a camera, the first at stream time 0.
  func openEvents(sensor: SensorGeometry) throws -> any EventReader {
    let source = try PeekedBytes(FileByteSource(path: path), count: SoundSignature.length)
    // An event format without a signature would otherwise make events of it.
    if let sound = SoundSignature(source.head) {
      throw InputError(
        source: name, problem: "is sound (\(sound.rawValue)); the model watches events of a camera",
        remedy: "give an event recording, or a model that listens")
    }
    var options = options.events
    options.timeOrigin = .firstEvent
    options.leavesStraysOut = true
    let reader: any EventReader
    do throws(EventFormatError) {
      reader = try openEventReader(source: source, options: options)
    } catch {
      guard error.code == .unrecognised else { throw error }
      throw InputError(
        source: name, problem: error.reason, remedy: "give an event recording; ganglion info FILE says what it knows")
    }
    if let found = reader.geometry, found != sensor {
      throw InputError(
        source: name, problem: "is from a sensor of \(found), the model expects \(sensor)",
        remedy: "use a model for this camera, or crop or downsample the recording to \(sensor)")
    }
    return reader
  }
}

/// Bytes of which the first have been looked at: they come again.
public struct PeekedBytes: ByteSource {
  private let source: FileByteSource
  private var left: ArraySlice<UInt8>
  /// The first bytes, as many as were asked for or all there are.
  public let head: [UInt8]
  /// Whether nothing follows them.
  public let isWhole: Bool

  /// Waits for the first bytes.
  public init(_ source: FileByteSource, count: Int) throws(EventFormatError) {
    var head: [UInt8] = []
    while head.count < count {
      var piece = [UInt8](repeating: 0, count: count - head.count)
      let got = try piece.withUnsafeMutableBufferPointer { bytes throws(EventFormatError) in
        try source.read(into: UnsafeMutableRawBufferPointer(bytes))
      }
      if got == 0 { break }
      head += piece[..<got]
    }
    self.source = source
    self.head = head
    left = head[...]
    isWhole = head.count < count
  }

  public var name: String { source.name }
  // The first bytes are taken already: a format that has to seek opens the path anew.
  public var path: String? { source.path }

  public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    if left.isEmpty { return try source.read(into: buffer) }
    let count = min(left.count, buffer.count)
    buffer.copyBytes(from: left.prefix(count))
    left = left.dropFirst(count)
    return count
  }
}
