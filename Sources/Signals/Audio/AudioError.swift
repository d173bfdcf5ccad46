import Failures

/// Why a sound could not be read, where, and what helps.
public struct AudioError: ReportedError, Equatable, Sendable {
  /// What went wrong; sizes and rates carry the offending value and its bound.
  public enum Reason: Equatable, Sendable {
    /// The file is missing, unreadable or a folder; the text is the system's.
    case cannotOpen(String)
    /// There is not one byte in it.
    case empty
    /// No sound format of libsndfile; the text says what it looks like, or what the library made of it.
    case unrecognised(String)
    /// Reading failed on the way; the text is the system's.
    case cannotRead(String)
    /// A container with sound in it that neither this program nor libsndfile can take out.
    case foreign(String)
    /// A file that is packed as a whole, whatever is in it: what it is, and what unpacks it.
    case packed(finding: String, remedy: String)
    /// What a pipe brings in this format has to be gathered in a file first, and that failed; the text is the system's.
    case cannotGather(format: String, String)
    /// A packed recording whose recorder never wrote how long it is.
    case unfinished(format: String)
    /// A channel that the recording does not have; both counted from 0.
    case noSuchChannel(Int, channels: Int)
    /// A recording in the middle of others has another number of channels, where each is to be kept apart.
    case channelsChange(from: Int, to: Int)
    /// A header without channels.
    case noChannels
    case tooManyChannels(Int, limit: Int)
    case sampleRate(Int, allowed: ClosedRange<Int>)
    /// A sample that is not a number, infinite or absurdly large.
    case badSample(Float, limit: Float)
    /// The header promises more than there is.
    case truncated(String)
    /// The decoder gave up; the text is the library's.
    case decoding(String)
    /// A header and then no sample at all.
    case noSamples
    /// `--raw` could not be understood.
    case rawFormat(String)
    /// The resampling library refused; the text is its own.
    case resampling(String)
  }

  /// File name, or `standard input`.
  public let source: String
  public let reason: Reason
  /// Number of the frame (one sample of every channel) at which it happened, if it happened inside the sound.
  public let frame: Int64?

  public init(source: String, reason: Reason, frame: Int64? = nil) {
    self.source = source
    self.reason = reason
    self.frame = frame
  }
}

extension AudioError {
  public var kind: FailureKind {
    switch reason {
    case .cannotOpen: .missing
    case .rawFormat: .usage
    default: .badInput
    }
  }

  /// One line: file, place, what is wrong; what to do.
  public var description: String {
    let place = frame.map { ", frame \($0)" } ?? ""
    return "\(source)\(place): \(problem); \(remedy)"
  }

  private var problem: String {
    switch reason {
    case .cannotOpen(let why): "cannot be opened (\(why))"
    case .empty: "is empty"
    case .unrecognised(let why): "is not a sound this program can read (\(why))"
    case .cannotRead(let why): "cannot be read further (\(why))"
    case .foreign(let format): "is \(format), which cannot be read"
    case .packed(let finding, _): finding
    case .cannotGather(let format, let why): "\(format) from a pipe has to be kept in a file first (\(why))"
    case .unfinished(let format): "is \(format) without a length: its recorder did not finish it"
    case .noSuchChannel(let channel, let channels): "has no channel \(channel), only \(channels) counted from 0"
    case .channelsChange(let before, let now): "goes over from \(before) to \(now) channels"
    case .noChannels: "has no channels"
    case .tooManyChannels(let count, let limit): "has \(count) channels, more than \(limit)"
    case .sampleRate(let rate, let allowed):
      "has a sample rate of \(rate) Hz, outside \(allowed.lowerBound) to \(allowed.upperBound) Hz"
    case .badSample(let value, let limit):
      value.isFinite ? "has a sample of \(value), beyond ±\(limit)" : "has a sample that is \(value)"
    case .truncated(let what): "is cut off (\(what))"
    case .decoding(let why): "cannot be decoded further (\(why))"
    case .noSamples: "has a header but no samples"
    case .rawFormat(let text): "'\(text)' is no raw format"
    case .resampling(let why): "cannot be resampled (\(why))"
    }
  }

  private var remedy: String {
    switch reason {
    case .cannotOpen: "check the path and its permissions"
    case .empty, .noSamples: "record or copy it again"
    case .unrecognised: "give WAV, FLAC, OGG, AU or another format of libsndfile, or describe headerless PCM with --raw"
    case .cannotRead: "results cover what came before"
    case .foreign: "convert it to WAV or FLAC first, with ffmpeg or sox: ffmpeg -i FILE -f wav - | ganglion run ... -"
    case .packed(_, let remedy): remedy
    case .cannotGather: "give the file by name, or make room where TMPDIR points"
    case .unfinished:
      "open it in the program that recorded it, or record plain samples, which are read without a length"
    case .noSuchChannel: "choose one that is there"
    case .channelsChange: "give the recordings one by one"
    case .noChannels, .tooManyChannels: "mix it down to mono or stereo first"
    case .sampleRate: "correct the header or resample it first"
    case .badSample: "repair the recording; samples are numbers around ±1"
    case .truncated: "results cover what is there; copy the file again for the rest"
    case .decoding: "results cover what came before; the file is damaged"
    case .rawFormat: "write ENCODING:RATE:CHANNELS, for example s16le:16000:1"
    case .resampling: "convert it to the model's sample rate first"
    }
  }
}
