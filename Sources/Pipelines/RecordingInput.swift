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
  func openSound(sampleRate: Int) throws(AudioError) -> any SampleSource {
    let headerless: SoundFileReader.Headerless
    if let raw = options.sound.raw {
      headerless = .force(try RawFormat(parsing: raw, defaultSampleRate: sampleRate))
    } else if isFile {
      headerless = .refuse
    } else {
      headerless = .assume(try RawFormat(encoding: .s16le, sampleRate: sampleRate, channels: 1))
    }
    let location: SoundFileReader.Location =
      isFile ? .path(path) : .descriptor(STDIN_FILENO, name: name)
    return try SoundFileReader(location, headerless: headerless, resemblance: Self.resemblance)
  }

  /// Names what is certainly no sound, by its first bytes.
  private static func resemblance(_ head: [UInt8]) -> String? {
    if head.starts(with: "#!AER-DAT".utf8) { return "an AEDAT event recording; the model listens to sound" }
    if head.starts(with: "% ".utf8) { return "a Prophesee event recording; the model listens to sound" }
    if head.starts(with: "Event Stream".utf8) { return "an event recording; the model listens to sound" }
    if head.dropFirst(8).starts(with: "{\"".utf8) { return "a model file" }
    if head.starts(with: [0x89, 0x50, 0x4E, 0x47]) || head.starts(with: [0xFF, 0xD8]) { return "a picture" }
    if head.starts(with: [0x1F, 0x8B]) || head.starts(with: [0x50, 0x4B, 3, 4]) { return "a compressed archive" }
    return nil
  }

  /// Opens it as events of a camera, the first at stream time 0.
  func openEvents(sensor: SensorGeometry) throws -> any EventReader {
    let source = try HeadCheckedBytes(FileByteSource(path: path))
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

/// Bytes that turned out not to be sound: an event format without a signature would otherwise make events of it.
private struct HeadCheckedBytes: ByteSource {
  private var source: FileByteSource
  private var head: ArraySlice<UInt8>

  init(_ source: FileByteSource) throws {
    self.source = source
    var head: [UInt8] = []
    while head.count < SoundSignature.length {
      var piece = [UInt8](repeating: 0, count: SoundSignature.length - head.count)
      let count = try piece.withUnsafeMutableBytes { bytes throws(EventFormatError) in try source.read(into: bytes) }
      if count == 0 { break }
      head += piece[..<count]
    }
    if let sound = SoundSignature(head) {
      throw InputError(
        source: source.name, problem: "is sound (\(sound.rawValue)); the model watches events of a camera",
        remedy: "give an event recording, or a model that listens")
    }
    self.head = head[...]
  }

  var name: String { source.name }
  // The first bytes are taken already: a format that has to seek opens the path anew.
  var path: String? { source.path }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    if head.isEmpty { return try source.read(into: buffer) }
    let count = min(head.count, buffer.count)
    buffer.copyBytes(from: head.prefix(count))
    head = head.dropFirst(count)
    return count
  }
}
