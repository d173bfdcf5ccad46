import Audio
import Events
import SoundCapture
import StreamSources
import WyomingService

/// What a source has to deliver for the models it feeds.
enum SourceDemand: Equatable, Sendable {
  /// The rate that suits the models best, in Hz.
  case sound(sampleRate: Int)
  /// The sensors its models were trained on, each once.
  case events([SensorGeometry])
}

extension SourceConfiguration {
  /// Opens it as sound. Blocks, and is called on the source's own thread.
  ///
  /// - Parameters:
  ///   - satellites: those whose sound can be had.
  ///   - resumeAt: stream time at which it begins, microseconds: where it failed before.
  func openSound(
    sampleRate: Int, satellites: SatelliteFeeds, stop: StopSignal, resumeAt: Int64
  ) throws -> any StreamSource<SoundBlock> {
    switch input {
    case .feed(let kind, let path):
      return SoundFeedSource(
        try ByteFeed(kind, path: path, stop: stop), options: reading.sound, assumedRate: sampleRate,
        skipsOld: beginsAtEnd, stop: stop, originMicroseconds: resumeAt)
    case .alsa(let device, let rate, let channels, let channel, let encoding):
      let settings = ALSADevice.Settings(
        device: device, sampleRate: rate ?? sampleRate, channels: channels, channel: channel, encoding: encoding,
        gain: reading.sound.gain)
      return CaptureSource(ALSADevice(settings), clocks: .init(stop: stop), seconds: seconds)
    case .satellite(let address):
      return SatelliteSource(of: address, from: satellites, stop: stop, originMicroseconds: resumeAt)
    case .udp: throw FeedError(path: id, reason: "carries events, its models listen to sound")
    }
  }

  /// Opens it as events.
  func openEvents(sensors: [SensorGeometry], stop: StopSignal, resumeAt: Int64) throws -> any StreamSource<EventBlock> {
    switch input {
    case .feed(let kind, let path):
      return EventFeedSource(
        try ByteFeed(kind, path: path, stop: stop), sensors: sensors, options: reading, skipsOld: beginsAtEnd,
        // What is there at once is one block, so that a busy camera makes no more of them than the models can wait for.
        originMicroseconds: resumeAt, maximumEvents: isPaced ? 1_024 : 16_384)
    case .udp(let host, let port, let format):
      return DatagramSource(
        host: host, port: port, format: format, sensors: sensors, options: reading, stop: stop,
        originMicroseconds: resumeAt)
    case .alsa, .satellite: throw FeedError(path: id, reason: "carries sound, its models watch events")
    }
  }
}
