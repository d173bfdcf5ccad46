/// A sample source at the rate somebody else needs, in blocks of about ten milliseconds.
public final class SoundStream {
  public let source: any SampleSource
  /// Rate of what comes out, in Hz.
  public let sampleRate: Int
  private let resampler: Resampler
  private let blockFrames: Int
  private var pending: AudioError?
  private var drained = false

  /// - Parameter sampleRate: rate of what comes out, in Hz.
  public init(_ source: any SampleSource, sampleRate: Int) throws(AudioError) {
    self.source = source
    self.sampleRate = sampleRate
    resampler = try Resampler(inputRate: source.sampleRate, outputRate: sampleRate, source: source.name)
    blockFrames = max(1, source.sampleRate / 100)
  }

  /// The next samples, possibly none yet; nil at the end.
  ///
  /// When the source fails, everything before the fault comes out first, then the failure is thrown.
  public func next() throws(AudioError) -> [Float]? {
    if drained {
      if let pending {
        self.pending = nil
        throw pending
      }
      return nil
    }
    var samples: [Float] = []
    do throws(AudioError) {
      samples = try source.read(count: blockFrames)
    } catch {
      pending = error
    }
    if samples.isEmpty {
      drained = true
      return try resampler.finish()
    }
    return try resampler.push(samples)
  }

  /// All samples of a recording at a rate in Hz: for training and for tests.
  public static func samples(ofFile path: String, sampleRate: Int) throws(AudioError) -> [Float] {
    let stream = try SoundStream(SoundFileReader(.path(path)), sampleRate: sampleRate)
    var samples: [Float] = []
    while let next = try stream.next() { samples += next }
    return samples
  }

  /// All samples of each channel of a sound, unmixed, at a rate in Hz.
  public static func channels(of reader: SoundFileReader, sampleRate: Int) throws(AudioError) -> [[Float]] {
    var resamplers: [Resampler] = []
    for _ in 0..<reader.channels {
      resamplers.append(
        try Resampler(inputRate: reader.sampleRate, outputRate: sampleRate, source: reader.name))
    }
    var sound = [[Float]](repeating: [], count: reader.channels)
    while true {
      let frames = try reader.readFrames(count: 4096)
      for channel in sound.indices {
        let own = stride(from: channel, to: frames.count, by: reader.channels).map { frames[$0] }
        sound[channel] += try frames.isEmpty ? resamplers[channel].finish() : resamplers[channel].push(own)
      }
      if frames.isEmpty { return sound }
    }
  }
}
