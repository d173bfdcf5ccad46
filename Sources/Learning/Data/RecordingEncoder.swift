import Audio
import Dispatch
import EventFormats
import Events
import Foundation
import Pipelines
import Spiketrum
import Synchronization
import Tensors

/// Turns recordings into the spike sequences a network learns from, by the encoders that run live.
public struct RecordingEncoder: Sendable {
  enum Kind: Sendable {
    case spiketrum(SpiketrumEncoder)
    case events(EventBinningConfiguration)
  }

  let kind: Kind
  /// How recordings are read where their content does not say.
  public var reading = RecordingOptions()
  /// Where to note what readers take for granted.
  public var notes: ReadingNotes?

  public init(spiketrum: SpiketrumEncoder) {
    kind = .spiketrum(spiketrum)
  }

  public init(events: EventBinningConfiguration) {
    kind = .events(events)
  }

  /// The encoder of a model.
  public init(_ configuration: EncoderConfiguration) throws {
    switch configuration {
    case .spiketrum(let configuration): self.init(spiketrum: try SpiketrumEncoder(configuration))
    case .events(let configuration): self.init(events: configuration)
    }
  }

  /// Extent of one step.
  public var shape: [Int] {
    switch kind {
    case .spiketrum(let encoder): encoder.shape
    case .events(let configuration): configuration.shape
    }
  }

  /// Inputs that belong to one frequency channel.
  public var levels: Int {
    switch kind {
    case .spiketrum(let encoder): encoder.levels
    case .events: 1
    }
  }

  /// The spikes of a recording, silent steps at both ends included.
  public func encodeWhole(_ recording: Recording) throws -> SpikeSequence { try encodeCounting(recording).sequence }

  /// The same, and what it calculated.
  func encodeCounting(_ recording: Recording) throws -> (sequence: SpikeSequence, work: EncoderWork) {
    switch kind {
    case .spiketrum(let encoder):
      let encoded = encoder.encodeCounting(
        try samples(recording, sampleRate: encoder.configuration.sampleRate))
      return (encoded.sequence, EncoderWork(kind: .matchingPursuit, multiplications: Double(encoded.multiplications)))
    case .events(let configuration):
      let binned = try bin(recording, configuration)
      return (binned.sequence, EncoderWork(kind: .eventBinning, integerAdditions: Double(binned.events)))
    }
  }

  /// The spikes from the first to the last active step of a recording; one silent step if there are none, so that
  /// recordings of silence can be learnt from too.
  public func encode(_ recording: Recording) throws -> SpikeSequence {
    Self.active(try encodeWhole(recording))
  }

  /// The recording and its variants, each encoded; a variant that fell silent is left out.
  public func encode(
    _ recording: Recording, augmentation: SoundAugmentation, noise: [[Float]], seed: UInt64, index: Int
  ) throws -> [SpikeSequence] {
    guard case .spiketrum(let encoder) = kind, augmentation.variants > 0 else { return [try encode(recording)] }
    let rate = encoder.configuration.sampleRate
    let samples = try self.samples(recording, sampleRate: rate)
    var sequences = [Self.active(encoder.encode(samples))]
    for variant in 0..<augmentation.variants {
      var random = RandomStream(seed: seed, purpose: "variant \(variant)", index: index)
      let changed = try augmentation.apply(samples, sampleRate: rate, noise: noise, random: &random)
      let step = changed.lead * 1_000_000 / rate / Int(encoder.configuration.binMicroseconds)
      if let sequence = encoder.encode(changed.samples).activePart(fromStep: step) { sequences.append(sequence) }
    }
    return sequences
  }

  private func samples(_ recording: Recording, sampleRate: Int) throws -> [Float] {
    try Self.samples(recording, sampleRate: sampleRate, options: reading.sound, notes: notes)
  }

  static func samples(
    _ recording: Recording, sampleRate: Int, options: SoundReadingOptions = SoundReadingOptions(),
    notes: ReadingNotes? = nil
  ) throws -> [Float] {
    let reader = try SoundFileReader(.path(recording.path), options: options, rate: sampleRate)
    defer { notes?.add(notices: reader.notices, of: recording.path) }
    return try SoundStream.samples(of: reader, sampleRate: sampleRate)
  }

  /// From the first to the last active step, or one silent step.
  static func active(_ sequence: SpikeSequence) -> SpikeSequence {
    if let part = sequence.activePart() { return part }
    var silence = SpikeSequence(shape: sequence.shape)
    silence.append(channels: [], values: [])
    return silence
  }

  private func bin(
    _ recording: Recording, _ configuration: EventBinningConfiguration
  ) throws -> (sequence: SpikeSequence, events: Int64) {
    var options = reading.events
    options.geometry = options.geometry ?? configuration.sensor
    // As when a recording is classified.
    options.leavesStraysOut = true
    var reader = try openEventReader(
      source: FileByteSource(path: recording.path), options: options)
    defer { notes?.add(reader.guesses, of: recording.path) }
    var binner = try EventBinner(configuration)
    var sequence = SpikeSequence(shape: configuration.shape)
    var batch = EventBatch()
    var more = true
    var events: Int64 = 0
    while more {
      batch.removeAll()
      more = try reader.read(into: &batch, maximum: 65_536)
      if let range = recording.microseconds {
        var kept = EventBatch()
        for index in 0..<batch.count where range.contains(batch.times[index]) { kept.append(batch[index]) }
        batch = kept
      }
      events += Int64(batch.count)
      try binner.push(batch) { sequence.append($0) }
    }
    binner.finish { sequence.append($0) }
    return (sequence, events - binner.eventsOutside)
  }
}

extension SpikeSequence {
  /// From the first step with a spike, not before `start`, to the last one; nil if there is none: what an utterance
  /// consists of.
  public func activePart(fromStep start: Int = 0) -> SpikeSequence? {
    guard start < steps, let first = (start..<steps).first(where: { !range(ofStep: $0).isEmpty }),
      let last = (0..<steps).last(where: { !range(ofStep: $0).isEmpty })
    else { return nil }
    var part = SpikeSequence(shape: shape)
    for step in first...last {
      let range = range(ofStep: step)
      part.append(channels: Array(channels[range]), values: Array(values[range]))
    }
    return part
  }
}

/// Encodes many recordings, or what stands for them, on all cores, in order, with progress.
public func encodeAll<Input: Sendable, Result: Sendable>(
  _ recordings: [Input], threads: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void,
  _ encode: @escaping @Sendable (_ index: Int, _ recording: Input) throws -> Result
) throws -> [Result] {
  let shared = Mutex(EncodingProgress<Result>())
  DispatchQueue.concurrentPerform(iterations: threads) { _ in
    while true {
      let index = shared.withLock { shared -> Int? in
        guard shared.failure == nil, shared.next < recordings.count else { return nil }
        shared.next += 1
        return shared.next - 1
      }
      guard let index else { return }
      let result = Swift.Result { try encode(index, recordings[index]) }
      let done = shared.withLock { shared -> Int in
        switch result {
        case .success(let value): shared.results[index] = value
        case .failure(let error):
          // The first in order is reported, whichever thread met one first.
          if shared.failure.map({ index < $0.index }) ?? true { shared.failure = (index, error) }
        }
        return shared.results.count
      }
      progress(done, recordings.count)
    }
  }
  return try shared.withLock { shared in
    if let failure = shared.failure { throw failure.error }
    return recordings.indices.compactMap { shared.results[$0] }
  }
}

private struct EncodingProgress<Result: Sendable> {
  var results: [Int: Result] = [:]
  var failure: (index: Int, error: any Error)?
  var next = 0
}
