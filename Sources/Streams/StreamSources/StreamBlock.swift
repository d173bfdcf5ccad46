import Events

/// Why a stretch of a stream is missing.
public enum LossReason: String, Equatable, Sendable {
  /// The device overran.
  case overrun = "xrun"
  /// What came after the source could not keep up.
  case overload
  /// The stream broke its own rules.
  case violation
  /// The device was away.
  case deviceLost = "device-lost"
  /// Somebody has muted the source.
  case muted
}

/// A piece of a live stream. Stream time counts from the first sample or event and includes what was lost.
public protocol StreamBlock: Sendable {
  /// Stream time of its beginning and end, microseconds.
  var startMicroseconds: Int64 { get }
  var endMicroseconds: Int64 { get }
  /// Why something is missing directly before it, if something is.
  var loss: LossReason? { get set }
  /// Wall clock at its end, microseconds since 1970; nil where the stream does not happen now.
  var wallMicroseconds: Int64? { get }
  /// Samples or events in it.
  var count: Int { get }
  /// How much there is to hear in it; nil for what is no sound.
  var loudness: Loudness? { get }
  /// What there is to hear in it; nothing in what is no sound.
  var samples: [Float] { get }
}

extension StreamBlock {
  public var loudness: Loudness? { nil }
  public var samples: [Float] { [] }
}

/// Mono samples at the source's own rate.
public struct SoundBlock: StreamBlock, Equatable {
  public var samples: [Float]
  /// In Hz.
  public var sampleRate: Int
  /// Position of its first sample in the stream, in samples, lost ones included.
  public var startSample: Int64
  /// Stream time of sample 0, microseconds: not zero after the rate has changed.
  public var originMicroseconds: Int64
  public var loss: LossReason?
  public var wallMicroseconds: Int64?
  /// Mean square over the channels that were mixed; nil where nothing was.
  public var unmixedPower: Float?

  public init(
    samples: [Float], sampleRate: Int, startSample: Int64, originMicroseconds: Int64 = 0, loss: LossReason? = nil,
    wallMicroseconds: Int64? = nil, unmixedPower: Float? = nil
  ) {
    self.unmixedPower = unmixedPower
    self.samples = samples
    self.sampleRate = sampleRate
    self.startSample = startSample
    self.originMicroseconds = originMicroseconds
    self.loss = loss
    self.wallMicroseconds = wallMicroseconds
  }

  public var count: Int { samples.count }
  public var loudness: Loudness? { Loudness(samples, unmixedPower: unmixedPower) }
  public var endSample: Int64 { startSample + Int64(samples.count) }
  public var startMicroseconds: Int64 { originMicroseconds + startSample * 1_000_000 / Int64(sampleRate) }
  public var endMicroseconds: Int64 { originMicroseconds + endSample * 1_000_000 / Int64(sampleRate) }
}

/// Events in stream order, never empty.
public struct EventBlock: StreamBlock, Equatable {
  public var events: EventBatch
  /// The sensor they are from, the same up to the next cut; nil for that of whoever takes them.
  public var camera: SensorGeometry?
  /// How its picture comes onto a model's sensor.
  public var fit: SensorFit
  public var loss: LossReason?
  public var wallMicroseconds: Int64?

  public init(
    events: EventBatch, camera: SensorGeometry? = nil, fit: SensorFit = SensorFit(), loss: LossReason? = nil,
    wallMicroseconds: Int64? = nil
  ) {
    precondition(events.count > 0, "a block of events has at least one")
    self.events = events
    self.camera = camera
    self.fit = fit
    self.loss = loss
    self.wallMicroseconds = wallMicroseconds
  }

  public var count: Int { events.count }
  public var startMicroseconds: Int64 { events.times[0] }
  public var endMicroseconds: Int64 { events.times[events.count - 1] }
}

/// What comes out of a source, one after another.
public enum Arrival<Block: StreamBlock>: Sendable {
  case block(Block)
  /// The stream is cut here: what is open is finished, and what comes next is a new beginning at its own stream time.
  case cut
  /// The device is away or stuck and is tried again; why, for people.
  case lost(String)
  /// It works again, or for the first time; what it was opened as, for people.
  case ready(String?)
  /// There is nothing under its name that could be read, and it is looked for again; why, for people. Told once for each
  /// reason.
  case absent(String)
  /// Nothing for a while; after `absent`, that there is something now.
  case quiet
  case end
}

extension Arrival: Equatable where Block: Equatable {}

/// Where the blocks of a stream come from. `next` blocks its thread until something comes or the source's `StopSignal` is
/// given.
public protocol StreamSource<Block>: AnyObject {
  associatedtype Block: StreamBlock
  func next() throws -> Arrival<Block>
  /// How often what arrived broke the rules of its format, by the rule's name; empty for sources without rules.
  var violations: [String: Int64] { get }
  /// What people should know of what is read now: what was taken for granted because the stream does not say it, and what
  /// is odd about it.
  var notices: [InputNotice] { get }
  /// How many events each filter took out so far, by its name; empty for sources without filters.
  var filtered: [String: Int64] { get }
  /// What becomes of a camera's picture; nil where it is that of the models.
  var picture: String? { get }
}

extension StreamSource {
  public var violations: [String: Int64] { [:] }
  public var notices: [InputNotice] { [] }
  public var filtered: [String: Int64] { [:] }
  public var picture: String? { nil }
}
