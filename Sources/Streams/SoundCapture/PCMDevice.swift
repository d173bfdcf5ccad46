import Failures

/// What a capture device was opened as.
package struct CaptureFormat: Equatable, Sendable {
  /// In Hz.
  package var sampleRate: Int
  /// Channels before mixing.
  package var channels: Int
  /// Frames that the device hands over at once.
  package var periodFrames: Int
  /// Name of the sample format, as the library calls it.
  package var encoding: String
  /// The channel that is taken, counted from 0; nil where all are mixed.
  package var channel: Int?

  package init(sampleRate: Int, channels: Int, periodFrames: Int, encoding: String, channel: Int? = nil) {
    self.channel = channel
    self.sampleRate = sampleRate
    self.channels = channels
    self.periodFrames = periodFrames
    self.encoding = encoding
  }
}

extension CaptureFormat: CustomStringConvertible {
  /// On one line, for people.
  package var description: String {
    let use =
      switch (channels, channel) {
      case (1, _): "1 channel"
      case (_, let channel?): "channel \(channel) of \(channels)"
      case (_, nil): "\(channels) channels, all mixed"
      }
    return "\(sampleRate) Hz, \(use), \(encoding)"
  }
}

/// A PCM device as the kernel's interface has it: every call answers with a number, negative ones are `errno`.
///
/// ALSA is one; tests script another.
package protocol PCMDevice: AnyObject {
  /// Opens and sets it up, ready to start; the failure is the system's number.
  func open() -> Result<CaptureFormat, CaptureFailure>
  func close()
  /// Begins to capture.
  func start() -> Int
  /// Makes it ready to start again after an overrun.
  func prepare() -> Int
  /// Wakes it from a suspension; -EAGAIN while that lasts.
  func resume() -> Int
  /// Waits for a period: 1 when there is one, 0 when there was none in time.
  func wait(milliseconds: Int) -> Int
  /// Reads at most `frames` frames, mixed to mono, to the end of `samples`; how many there were.
  func read(frames: Int, into samples: inout [Float]) -> Int
  /// Frames that are captured and not read yet.
  func available() -> Int
  /// Mean square over the channels that were mixed at the last reading; nil where nothing is mixed.
  var unmixedPower: Float? { get }
}

extension PCMDevice {
  package var unmixedPower: Float? { nil }
}

/// A number of the system and what was done when it came.
package struct CaptureFailure: ReportedError, Equatable, Sendable {
  /// A positive `errno`.
  package var number: Int32
  package var action: String
  package var detail: String

  package init(number: Int32, action: String, detail: String) {
    self.number = number
    self.action = action
    self.detail = detail
  }

  package var kind: FailureKind { .unavailable }
  package var description: String { "cannot \(action): \(detail)" }
}
