import ArgumentParser
import Audio
import EventFormats
import ModelFiles
import StreamSources

/// How a sound is read: the same options wherever one is.
struct SoundInputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Take the input as headerless PCM, for example s16le:16000:1 (encoding, rate, channels).",
      valueName: "encoding:rate:channels"))
  var raw: String?

  @Option(help: "The channel of a sound to listen to, counted from 0, instead of the mean of all.")
  var channel: Int?

  @Option(help: "Decibels by which a sound is made louder.")
  var gain: Double = 0

  func validate() throws {
    if let channel, !SoundReadingOptions.channels.contains(channel) {
      throw ValidationError("--channel is \(channel), allowed is \(RecordingOptions.Setting.channel.allowed)")
    }
    guard SoundReadingOptions.gains.contains(gain) else {
      throw ValidationError("--gain is \(gain), allowed is \(RecordingOptions.Setting.gain.allowed)")
    }
  }

  /// The same for the readers.
  var readingOptions: SoundReadingOptions { SoundReadingOptions(raw: raw, channel: channel, gain: gain) }
}

/// How recordings of either sense are read, for commands in which the model decides which sense it is.
struct RecordingInputOptions: ParsableArguments {
  @OptionGroup(title: "For recordings of events") var events: EventInputOptions
  @OptionGroup(title: "For recordings of events") var camera: CameraOption
  @OptionGroup(title: "For recordings of events") var fit: SensorFitOptions
  @OptionGroup(title: "For recordings of sound") var sound: SoundInputOptions

  /// The same for the readers.
  func readingOptions(for manifest: ModelManifest? = nil) throws -> RecordingOptions {
    try RecordingOptions(events, camera.stream, fit, sound, for: manifest)
  }
}

/// The same for a command to which `--stream` means something else.
struct ClipInputOptions: ParsableArguments {
  @OptionGroup(title: "For recordings of events") var events: EventInputOptions
  @OptionGroup(title: "For recordings of events") var camera: OtherCameraOption
  @OptionGroup(title: "For recordings of events") var fit: SensorFitOptions
  @OptionGroup(title: "For recordings of sound") var sound: SoundInputOptions

  /// The same for the readers.
  func readingOptions(for manifest: ModelManifest? = nil) throws -> RecordingOptions {
    try RecordingOptions(events, camera.stream, fit, sound, for: manifest)
  }
}

extension RecordingOptions {
  /// Refuses options that say nothing about what a model perceives.
  fileprivate init(
    _ events: EventInputOptions, _ stream: String?, _ fit: SensorFitOptions, _ sound: SoundInputOptions,
    for manifest: ModelManifest?
  ) throws {
    self.init(events: try events.readingOptions(), sound: sound.readingOptions)
    self.events.stream = stream
    self = try with(fit)
    guard let manifest else { return }
    switch manifest.sense {
    case .sound where self != RecordingOptions(sound: self.sound):
      throw ValidationError("options for recordings of events are given, but \(manifest.name) listens to sound")
    case .events where self.sound != SoundReadingOptions():
      throw ValidationError("--raw, --channel and --gain describe sound, but \(manifest.name) watches events")
    default: break
    }
  }
}
