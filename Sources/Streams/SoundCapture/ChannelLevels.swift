/// How loud each channel of a device is, before they are mixed.
package struct ChannelLevels: Equatable, Sendable {
  private var squares: [Double]
  private var peaks: [Float]
  package private(set) var frames = 0

  package init(count: Int) {
    squares = [Double](repeating: 0, count: count)
    peaks = [Float](repeating: 0, count: count)
  }

  package var count: Int { squares.count }

  @inline(__always)
  mutating func add(_ sample: Float, channel: Int) {
    squares[channel] += Double(sample * sample)
    peaks[channel] = max(peaks[channel], sample.magnitude)
  }

  mutating func advance(frames count: Int) { frames += count }

  /// Mean square of a channel; 0 before anything came.
  package func power(of channel: Int) -> Double { frames == 0 ? 0 : squares[channel] / Double(frames) }

  /// The largest magnitude of a channel.
  package func peak(of channel: Int) -> Float { peaks[channel] }
}
