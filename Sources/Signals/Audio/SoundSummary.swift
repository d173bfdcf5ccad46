/// What there is to say about a recording of sound: what it is, how long and how loud.
public struct SoundSummary: Encodable, Sendable {
  /// One channel, or what is listened to.
  public struct Level: Encodable, Sendable {
    /// Root mean square about the mean, and highest sample, decibels under full scale; nil where there is nothing.
    public var decibels: Double?
    public var peakDecibels: Double?
    /// Mean, in units of full scale.
    public var offset: Double

    init(_ level: SoundLevel) {
      decibels = level.decibels
      peakDecibels = level.peakDecibels
      offset = level.offset
    }
  }

  /// One of the recordings that follow one another in the same bytes.
  public struct Part: Encodable, Sendable {
    public var container: String
    public var encoding: String
    /// In Hz.
    public var sampleRate: Int
    public var frames: Int64
    public var seconds: Double
    /// Of each channel as it is.
    public var channels: [Level]
    /// Of what a model is given: the mean of all channels or the one that was asked for, with the gain asked for.
    public var heard: Level
  }

  public var source: String
  public var sense = "sound"
  public var recordings: [Part] = []
  /// What was taken for granted and what should be known, one line each.
  public var notices: [String] = []
  /// What is wrong with it; everything before that has been read.
  public var problem: String?

  /// Reads a sound to its end.
  ///
  /// - Returns: what was found, with the first failure on the way; nil where all went well.
  public static func read(
    _ reader: SoundFileReader, options: SoundReadingOptions
  ) -> (summary: SoundSummary, failure: AudioError?) {
    var summary = SoundSummary(source: reader.name)
    var failure: AudioError?
    var goesOn = true
    while goesOn {
      var channels = [SoundLevel](repeating: SoundLevel(), count: reader.channels)
      var heard = SoundLevel()
      do throws(AudioError) {
        while case let frames = try reader.readFrames(count: 4_096), !frames.isEmpty {
          measure(frames, &channels, &heard, options)
        }
      } catch {
        failure = failure ?? error
      }
      summary.recordings.append(
        Part(
          container: reader.container, encoding: reader.encoding, sampleRate: reader.sampleRate,
          frames: reader.framesRead, seconds: Double(reader.framesRead) / Double(reader.sampleRate),
          channels: channels.map(Level.init), heard: Level(heard)))
      do throws(AudioError) {
        goesOn = try reader.nextStretch()
      } catch {
        failure = failure ?? error
        goesOn = false
      }
    }
    summary.notices = reader.notices
    summary.problem = failure?.description
    for part in summary.recordings {
      if let advice = SoundLevel.advice(decibels: part.heard.decibels), !summary.notices.contains(advice) {
        summary.notices.append(advice)
      }
    }
    return (summary, failure)
  }

  private static func measure(
    _ frames: [Float], _ channels: inout [SoundLevel], _ heard: inout SoundLevel, _ options: SoundReadingOptions
  ) {
    let factor = options.factor
    let scale = 1 / Float(channels.count)
    let chosen = options.channel.flatMap { channels.indices.contains($0) ? $0 : nil }
    for begin in stride(from: 0, to: frames.count, by: channels.count) {
      var sum: Float = 0
      for channel in channels.indices {
        let sample = frames[begin + channel]
        channels[channel].add(sample)
        sum += sample
      }
      heard.add(factor * (chosen.map { frames[begin + $0] } ?? sum * scale))
    }
  }
}
