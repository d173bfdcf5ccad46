import Events
import Failures

/// Why a video cannot be read.
package struct VideoError: ReportedError, Sendable, Equatable {
  package var source: String
  /// Byte at which it goes wrong; nil where it is not about a place.
  package var offset: Int64?
  package var reason: String
  package var kind: FailureKind

  package init(_ source: String, at offset: Int64? = nil, _ reason: String, kind: FailureKind = .badInput) {
    self.source = source
    self.offset = offset
    self.reason = reason
    self.kind = kind
  }

  package var description: String { "\(source)\(offset.map { ", byte \($0)" } ?? ""): \(reason)" }
}

/// Frames of a video one after another, as linear intensities.
package protocol FrameSource {
  var geometry: SensorGeometry { get }
  /// Stream time of the frame of a number, microseconds.
  func timeMicroseconds(ofFrame number: Int) -> Int64
  /// Reads the next frame: one value a pixel, 1 for white, row after row; false at the end.
  mutating func next(into image: inout [Float]) throws(VideoError) -> Bool
}

/// A rate of frames as a ratio of whole numbers, which videos give it in.
package struct FrameRate: Sendable, Equatable {
  package var frames: Int
  package var seconds: Int

  package init?(frames: Int, seconds: Int) {
    // Slower than a frame in 1,000 s is no video, and its times would soon not fit 64 bits.
    guard frames > 0, seconds > 0, frames <= 1_000_000_000, seconds <= 1_000_000_000, seconds <= 1_000 * frames else {
      return nil
    }
    self.frames = frames
    self.seconds = seconds
  }

  /// Reads `30`, `29.97` or `30000/1001`.
  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let frames = Int(parts[0]), let seconds = Int(parts[1]) {
      self.init(frames: frames, seconds: seconds)
    } else if parts.count == 1, let rate = Double(text), rate > 0.001, rate <= 1_000_000 {
      self.init(frames: Int((rate * 1_000).rounded()), seconds: 1_000)
    } else {
      return nil
    }
  }

  func timeMicroseconds(ofFrame number: Int) -> Int64 {
    let (high, low) = Int64(number).multipliedFullWidth(by: Int64(seconds) * 1_000_000)
    return Int64(frames).dividingFullWidth((high, low)).quotient
  }
}
