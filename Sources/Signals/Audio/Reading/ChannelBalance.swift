import Glibc

/// Whether the channels of a sound cancel one another when they are mixed: a microphone wired the wrong way round, or a
/// balanced line taken for stereo. Offsets of the channels are no sound and do not count. A value.
struct ChannelBalance {
  /// Channels that have nothing to do with one another keep one part in their number when they are averaged; a tenth of
  /// that is no accident.
  private static let share = 0.1
  /// Mean square below which there is nothing to tell, about -80 dB.
  private static let silence = 1e-8

  private let channels: Int
  private var frames: Int64 = 0
  /// Sums of each channel, and of squares: of the sum of all channels, and of all samples.
  private var sums: [Double]
  private var mixed = 0.0
  private var single = 0.0
  /// Mean square over the channels of the frames that were taken last; nil where there is one channel or no frame.
  private(set) var power: Float?

  init(channels: Int) {
    self.channels = channels
    sums = [Double](repeating: 0, count: channels)
  }

  /// Takes frames, one sample of each channel in turn, from the beginning of a list.
  mutating func take(_ samples: [Float], frames count: Int) {
    guard channels > 1, count > 0 else {
      power = nil
      return
    }
    let before = single
    samples.withUnsafeBufferPointer { samples in
      sums.withUnsafeMutableBufferPointer { sums in
        var begin = 0
        for _ in 0..<count {
          var sum: Float = 0
          for channel in 0..<channels {
            let sample = samples[begin + channel]
            sum += sample
            sums[channel] += Double(sample)
            single += Double(sample * sample)
          }
          mixed += Double(sum * sum)
          begin += channels
        }
      }
    }
    frames += Int64(count)
    power = Float((single - before) / Double(count * channels))
  }

  /// What to say; nil where all is well.
  var finding: String? {
    guard channels > 1, frames > 0 else { return nil }
    let (count, frames) = (Double(channels), Double(frames))
    let offsets = sums.map { $0 / frames }
    let level = (single / frames - offsets.reduce(0) { $0 + $1 * $1 }) / count
    let offset = offsets.reduce(0, +) / count
    let mean = mixed / (count * count * frames) - offset * offset
    guard level > Self.silence, mean < Self.share * level / count else { return nil }
    let lost =
      mean > level * 1e-9 ? "\(Int((10 * log10(level / mean)).rounded())) dB of it are lost" : "nothing of it is left"
    return
      "its \(channels) channels cancel one another where they are mixed, \(lost); set channel to listen to one of them"
  }
}
