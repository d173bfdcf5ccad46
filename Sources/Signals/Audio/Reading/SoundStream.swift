/// A sample source at the rate somebody else needs, in blocks of about ten milliseconds.
public final class SoundStream {
  public let source: any SampleSource
  /// Rate of what comes out, in Hz.
  public let sampleRate: Int
  private var resampler: Resampler
  private var blockFrames: Int
  /// What went wrong first, to be thrown at the very end.
  private var failure: AudioError?
  private var isDrained = false
  private var hasEnded = false

  /// - Parameter sampleRate: rate of what comes out, in Hz.
  public init(_ source: any SampleSource, sampleRate: Int) throws(AudioError) {
    self.source = source
    self.sampleRate = sampleRate
    (resampler, blockFrames) = try Self.resampler(source, sampleRate)
  }

  private static func resampler(
    _ source: any SampleSource, _ sampleRate: Int
  ) throws(AudioError) -> (Resampler, Int) {
    let rate = source.sampleRate
    return (try Resampler(inputRate: rate, outputRate: sampleRate, source: source.name), max(1, rate / 100))
  }

  /// The next samples of the stretch, possibly none yet; nil at its end, where ``nextStretch()`` goes on.
  ///
  /// When the source fails, everything before the fault comes out first, and whatever recordings follow in it; then the
  /// failure is thrown.
  public func next() throws(AudioError) -> [Float]? {
    if isDrained { return nil }
    var samples: [Float] = []
    do throws(AudioError) {
      samples = try source.read(count: blockFrames)
    } catch {
      failure = failure ?? error
    }
    if samples.isEmpty {
      isDrained = true
      return try resampler.finish()
    }
    return try resampler.push(samples)
  }

  /// Goes on to the next recording in the source; false at the very end.
  public func nextStretch() throws(AudioError) -> Bool {
    if !hasEnded {
      do throws(AudioError) {
        if try source.nextStretch() {
          (resampler, blockFrames) = try Self.resampler(source, sampleRate)
          isDrained = false
          return true
        }
      } catch {
        failure = failure ?? error
      }
      (hasEnded, isDrained) = (true, true)
    }
    if let failure {
      self.failure = nil
      throw failure
    }
    return false
  }

  /// All samples of a sound at a rate in Hz, those of all its stretches one after another: for training and for tests.
  public static func samples(
    of source: any SampleSource, sampleRate: Int
  ) throws(AudioError) -> [Float] {
    let stream = try SoundStream(source, sampleRate: sampleRate)
    var samples: [Float] = []
    repeat {
      while let next = try stream.next() { samples += next }
    } while try stream.nextStretch()
    return samples
  }

  /// All samples of a file at a rate in Hz, as `samples(of:sampleRate:)`.
  public static func samples(
    ofFile path: String, sampleRate: Int, options: SoundReadingOptions = SoundReadingOptions()
  ) throws(AudioError) -> [Float] {
    try samples(of: SoundFileReader(.path(path), options: options, rate: sampleRate), sampleRate: sampleRate)
  }

  /// All samples of each channel of a sound, unmixed, at a rate in Hz.
  public static func channels(of reader: SoundFileReader, sampleRate: Int) throws(AudioError) -> [[Float]] {
    let channels = reader.channels
    var sound = [[Float]](repeating: [], count: channels)
    repeat {
      guard reader.channels == channels else {
        throw AudioError(source: reader.name, reason: .channelsChange(from: channels, to: reader.channels))
      }
      var resamplers: [Resampler] = []
      for _ in 0..<channels {
        resamplers.append(
          try Resampler(inputRate: reader.sampleRate, outputRate: sampleRate, source: reader.name))
      }
      var isOver = false
      while !isOver {
        let frames = try reader.readFrames(count: 4096)
        isOver = frames.isEmpty
        for channel in 0..<channels {
          let own = stride(from: channel, to: frames.count, by: channels).map { frames[$0] }
          sound[channel] += try isOver ? resamplers[channel].finish() : resamplers[channel].push(own)
        }
      }
    } while try reader.nextStretch()
    return sound
  }
}
