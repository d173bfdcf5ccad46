import Failures
import Learning
import Numerics
import Spiketrum

/// The encoders that are compared on spoken digits, each with 120 inputs in steps of 10 ms.
public enum EncoderArm: String, CaseIterable, Sendable, Codable {
  /// 40 kernels of 3 intensity levels.
  case spiketrum
  /// 60 gammatone channels, rises and falls.
  case sendOnDelta
  /// 120 gammatone channels each of these four.
  case integrateAndFire
  case latency
  case poisson
  case directCurrent
  /// 40 bands, as its usual window of 25 ms resolves no more; the other inputs stay silent.
  case logMel

  /// Whether it emits spikes, whose number can be asked for, and not currents.
  public var isSpiking: Bool { self != .logMel && self != .directCurrent }
}

/// An encoder with all its settings.
public enum SoundCode: Codable, Sendable, Equatable {
  case spiketrum(SpiketrumConfiguration)
  case baseline(BaselineEncoder, channels: Int)

  public static let sampleRate = 8000
  public static let stepMicroseconds: Int64 = 10_000
  public static let inputs = 120
  private static let lowestFrequency = 80.0
  private static let highestFrequency = 3700.0

  /// What makes the frames of any recording.
  func encoder() throws -> RecordingCoder { try RecordingCoder(self) }

  /// The three settings of an encoder that are tried out, at a rate of spikes a second over all inputs where there is
  /// one. What decides how many spikes there are is bisected until the clips have that rate, within a hundredth, or as close as it can be, within three.
  static func candidates(
    _ arm: EncoderArm, spikesPerSecond rate: Double, clips: [[Float]], threads: Int
  ) throws -> [SoundCode] {
    func matched(
      _ range: ClosedRange<Double>, isRising: Bool, channels: Int = inputs, _ make: (Double) -> BaselineEncoder
    ) throws -> SoundCode {
      try SoundCode.matched(range, isRising: isRising, rate: rate, clips: clips, threads: threads) {
        .baseline(make($0), channels: channels)
      }
    }
    switch arm {
    case .spiketrum:
      let references: [SpiketrumConfiguration.LevelReference] = [
        .runningPeak(decayDecibelsPerSecond: 20), .runningPeak(decayDecibelsPerSecond: 60), .absolute,
      ]
      return try references.map { reference in
        let configuration = SpiketrumConfiguration(
          sampleRate: sampleRate, channelCount: 40, lowestFrequency: lowestFrequency,
          highestFrequency: highestFrequency, spikesPerSecond: rate, silenceThreshold: 0.002,
          binMicroseconds: stepMicroseconds, levelEdges: [], levelReference: reference)
        return .spiketrum(
          try configuration.withStartingPrice(from: clips).withEvenLevels(3, from: clips))
      }
    case .sendOnDelta:
      return try [0.001, 0.003, 0.01].map { floor in
        try matched(0.05...60, isRising: false, channels: inputs / 2) { .sendOnDelta(decibels: $0, floor: floor) }
      }
    case .integrateAndFire:
      return try [5000, 20_000, 80_000].map { time in
        try matched(1...1e6, isRising: true) { .integrateAndFire(timeConstantMicroseconds: time, gain: $0) }
      }
    case .latency:
      return try [4, 6, 8].map { steps in
        try matched(1...150, isRising: true) { .latency(floorDecibels: -$0, windowSteps: steps) }
      }
    case .poisson:
      return try [-40.0, -60, -80].map { floor in
        try matched(0.01...8000, isRising: true) { .poisson(floorDecibels: floor, spikesPerSecond: $0, seed: 1) }
      }
    case .directCurrent:
      return [-40.0, -60, -80].map { .baseline(.directCurrent(floorDecibels: $0), channels: inputs) }
    case .logMel:
      return [-40.0, -60, -80].map {
        .baseline(.logMel(windowMicroseconds: 25_000, floorDecibels: $0), channels: 40)
      }
    }
  }

  /// Bisects a setting on a logarithmic scale.
  private static func matched(
    _ range: ClosedRange<Double>, isRising: Bool, rate: Double, clips: [[Float]], threads: Int,
    _ make: (Double) -> SoundCode
  ) throws -> SoundCode {
    var (low, high) = (range.lowerBound, range.upperBound)
    var closest: (code: SoundCode, found: Double)?
    for _ in 0..<20 {
      let middle = (low * high).squareRoot()
      let code = make(middle)
      let found = try code.encoder().spikesPerSecond(of: clips, threads: threads)
      if closest.map({ abs(found - rate) < abs($0.found - rate) }) ?? true { closest = (code, found) }
      if abs(found / rate - 1) < 0.01 { break }
      if (found < rate) == isRising { low = middle } else { high = middle }
    }
    // Counts of steep steps move by jumps, so not every rate can be had.
    guard let closest, abs(closest.found / rate - 1) < 0.03 else {
      throw ExperimentError(
        reason: "\(make(low)) comes to \(closest?.found ?? 0) spikes a second at best, not \(rate)")
    }
    return closest.code
  }

  static func parameters(channels: Int) -> GammatoneDictionary.Parameters {
    .init(
      sampleRate: sampleRate, channelCount: channels, lowestFrequency: lowestFrequency,
      highestFrequency: highestFrequency)
  }
}

/// Why an experiment cannot be made as it was asked for.
public struct ExperimentError: ReportedError, Equatable {
  public let reason: String
  public var kind: FailureKind { .usage }
  public var description: String { reason }

  public init(reason: String) {
    self.reason = reason
  }
}

/// Makes the frames of recordings, each as if it stood alone.
struct RecordingCoder: Sendable {
  private let code: SoundCode
  /// Built once, as its tables take a while.
  private let spiketrum: SpiketrumEncoder?

  init(_ code: SoundCode) throws {
    self.code = code
    spiketrum =
      if case .spiketrum(let configuration) = code { try SpiketrumEncoder(configuration) } else { nil }
  }

  /// The frames of samples from the first to the last active one, all of `SoundCode.inputs` inputs.
  /// - Parameter index: number of the recording, from which follows what is random about it.
  func encode(_ samples: [Float], index: Int) throws -> SpikeSequence {
    var narrow: SpikeSequence
    switch code {
    case .spiketrum: narrow = spiketrum?.encode(samples) ?? SpikeSequence(shape: [SoundCode.inputs])
    case .baseline(var encoder, let channels):
      var samples = samples
      if case .poisson(let floor, let rate, let seed) = encoder {
        let own = RandomStream(seed: seed, purpose: "poisson", index: index).state
        encoder = .poisson(floorDecibels: floor, spikesPerSecond: rate, seed: own)
      }
      if case .latency(_, let windowSteps) = encoder {
        // What the last windows held is told in the windows after them.
        let step = SoundCode.sampleRate * Int(SoundCode.stepMicroseconds) / 1_000_000
        samples += [Float](repeating: 0, count: 2 * windowSteps * step)
      }
      narrow = try encoder.make(
        SoundCode.parameters(channels: channels), stepMicroseconds: SoundCode.stepMicroseconds
      ).encode(samples)
    }
    narrow = RecordingEncoder.active(narrow)
    guard narrow.width != SoundCode.inputs else { return narrow }
    var wide = SpikeSequence(shape: [SoundCode.inputs])
    for step in 0..<narrow.steps {
      let range = narrow.range(ofStep: step)
      wide.append(channels: Array(narrow.channels[range]), values: Array(narrow.values[range]))
    }
    return wide
  }

  /// All of some clips, in order.
  func encode(_ clips: [[Float]], threads: Int) throws -> [SpikeSequence] {
    try encodeAll(clips, threads: threads, progress: { _, _ in }, { index, clip in try encode(clip, index: index) })
  }

  /// Spikes in all inputs together for each second of some clips.
  func spikesPerSecond(of clips: [[Float]], threads: Int) throws -> Double {
    SoundCode.spikesPerSecond(try encode(clips, threads: threads), of: clips)
  }
}

extension SoundCode {
  /// Spikes for each second of the clips they stand for.
  static func spikesPerSecond(_ sequences: [SpikeSequence], of clips: [[Float]]) -> Double {
    let spikes = sequences.reduce(0.0) { sum, sequence in sum + sequence.values.reduce(0.0) { $0 + Double($1) } }
    return spikes * Double(sampleRate) / Double(max(1, clips.reduce(0) { $0 + $1.count }))
  }
}
