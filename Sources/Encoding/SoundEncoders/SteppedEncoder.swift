import Numerics

/// Codes the samples of one step at a time.
public protocol StepCoder: Sendable {
  /// Number of inputs.
  var width: Int { get }
  /// What it has calculated so far; nil where nobody counts.
  var work: EncoderWork? { get }
  /// Steps of silence behind the end of a stream that still have something to say.
  var stepsToCome: Int { get }
  /// Appends the active inputs of the next step to a frame, ascending; the last step of a stream may be short.
  mutating func code(_ samples: Span<Float>, into frame: inout SpikeFrame)
}

extension StepCoder {
  public var work: EncoderWork? { nil }
  public var stepsToCome: Int { 0 }
}

/// Cuts a stream into steps of fixed length and lets a coder turn each into a frame as soon as it is complete.
public struct SteppedEncoder<Coder: StepCoder>: SoundEncoder {
  public private(set) var coder: Coder
  private let sampleRate: Int64
  private let stepMicroseconds: Int64
  private var waiting: [Float] = []
  private var received: Int64 = 0
  private var frame: SpikeFrame

  /// Throws ``EncoderError`` when a step would hold no sample.
  public init(_ coder: Coder, sampleRate: Int, stepMicroseconds: Int64) throws(EncoderError) {
    try EncoderError.require(
      stepMicroseconds * Int64(sampleRate) >= 1_000_000, "stepMicroseconds", stepMicroseconds, "at least one sample")
    self.coder = coder
    self.sampleRate = Int64(sampleRate)
    self.stepMicroseconds = stepMicroseconds
    frame = SpikeFrame(step: 0, startMicroseconds: 0, endMicroseconds: stepMicroseconds)
  }

  public var shape: [Int] { [coder.width] }
  /// None: a step is coded from what has been heard by its end.
  public var latencyMicroseconds: Int64 { 0 }
  public var work: EncoderWork? { coder.work }

  public mutating func push(_ samples: Span<Float>, emit: (SpikeFrame) -> Void) {
    var taken = 0
    while taken < samples.count {
      // The step ends before the first sample whose time is at or past its end.
      let stepEnd = (frame.endMicroseconds * sampleRate + 999_999) / 1_000_000
      let count = min(samples.count - taken, Int(stepEnd - received))
      for index in taken..<taken + count { waiting.append(samples[index].isFinite ? samples[index] : 0) }
      taken += count
      received += Int64(count)
      if received == stepEnd { complete(emit) }
    }
  }

  public mutating func finish(emit: (SpikeFrame) -> Void) {
    if !waiting.isEmpty { complete(emit) }
    let step = Int(stepMicroseconds * sampleRate / 1_000_000)
    while coder.stepsToCome > 0 {
      waiting.append(contentsOf: repeatElement(0, count: step))
      complete(emit)
    }
  }

  private mutating func complete(_ emit: (SpikeFrame) -> Void) {
    frame.channels.removeAll(keepingCapacity: true)
    frame.values.removeAll(keepingCapacity: true)
    // Taken out while the coder looks at them, and given back with their storage.
    var samples: [Float] = []
    swap(&samples, &waiting)
    coder.code(samples.span, into: &frame)
    samples.removeAll(keepingCapacity: true)
    swap(&samples, &waiting)
    emit(frame)
    frame.step += 1
    frame.startMicroseconds = frame.endMicroseconds
    frame.endMicroseconds += stepMicroseconds
  }
}
