import Audio
import EncoderList
import EventFormats
import Events
import ModelFiles
import Numerics
import SoundEncoders
import Spiketrum
import StreamSources

/// Turns recordings into the spike sequences a network learns from, by the encoders that run live.
public struct RecordingEncoder: Sendable {
  enum Kind: Sendable {
    case sound(any SoundEncoder, any SoundEncoding)
    case events(EventBinningConfiguration)
  }

  let kind: Kind
  /// How recordings are read where their content does not say.
  public var reading = RecordingOptions()
  /// Where to note what readers take for granted.
  public var notes: ReadingNotes?

  public init(sound encoding: any SoundEncoding) throws(EncoderError) {
    kind = .sound(try encoding.makeEncoder(), encoding)
  }

  public init(events: EventBinningConfiguration) {
    kind = .events(events)
  }

  /// The encoder of a model.
  public init(_ configuration: EncoderConfiguration) throws {
    switch configuration {
    case .sound(let encoding): try self.init(sound: encoding)
    case .events(let configuration): self.init(events: configuration)
    }
  }

  /// Extent of one step.
  public var shape: [Int] {
    switch kind {
    case .sound(_, let encoding): encoding.shape
    case .events(let configuration): configuration.shape
    }
  }

  /// What it perceives.
  var sense: Sense {
    switch kind {
    case .sound: .sound
    case .events: .events
    }
  }

  /// Inputs that belong to one frequency channel.
  public var levels: Int {
    switch kind {
    case .sound(_, let encoding): encoding.axes[1]
    case .events: 1
    }
  }

  /// The spikes of a recording, silent steps at both ends included.
  public func encodeWhole(_ recording: Recording) throws -> SpikeSequence { try encodeCounting(recording).sequence }

  /// The same, and what it calculated.
  func encodeCounting(_ recording: Recording) throws -> (sequence: SpikeSequence, work: EncoderWork?) {
    switch kind {
    case .sound(let encoder, let encoding):
      return encoder.encodeCounting(try samples(recording, sampleRate: encoding.sampleRate))
    case .events(let configuration):
      let binned = try bin(recording, configuration)
      if binned.cutAt != nil, recording.microseconds == nil {
        notes?.add(notices: ["is cut off within an event or packet"], of: recording.path)
      }
      return (binned.sequence, EncoderWork(kind: .eventBinning, integerAdditions: Double(binned.events)))
    }
  }

  /// The spikes of a recording of sound in noise, silent steps at both ends included; those of events as they are.
  ///
  /// - Parameter index: the recording's number, by which its noise is drawn.
  func encodeWhole(_ recording: Recording, in disturbance: SoundDisturbance, index: Int) throws -> SpikeSequence {
    guard case .sound(let encoder, let encoding) = kind else { return try encodeWhole(recording) }
    var samples = try samples(recording, sampleRate: encoding.sampleRate)
    disturbance.apply(to: &samples, index: index)
    return encoder.encode(samples)
  }

  /// The spikes from the first to the last active step of a recording; one silent step if there are none, so that
  /// recordings of silence can be learnt from too.
  public func encode(_ recording: Recording) throws -> SpikeSequence {
    Self.active(try encodeWhole(recording))
  }

  /// The recording and its variants, each encoded; a variant that fell silent is left out.
  public func encode(
    _ recording: Recording, augmentation: SoundAugmentation, noise: SoundNoise, seed: UInt64, index: Int
  ) throws -> [SpikeSequence] {
    try encodeTelling(recording, augmentation: augmentation, noise: noise, seed: seed, index: index).variants
  }

  /// The same with what came of it.
  func encodeTelling(
    _ recording: Recording, augmentation: SoundAugmentation, noise: SoundNoise, seed: UInt64, index: Int
  ) throws -> EncodedRecording {
    switch kind {
    case .events(let configuration):
      let (sequence, _, cutAt) = try bin(recording, configuration)
      return EncodedRecording(variants: [Self.active(sequence)], cutAt: cutAt)
    case .sound(let encoder, let encoding):
      let rate = encoding.sampleRate
      let samples = try self.samples(recording, sampleRate: rate)
      var encoded = EncodedRecording(variants: [Self.active(encoder.encode(samples))])
      for variant in 0..<augmentation.variants {
        var random = RandomStream(seed: seed, purpose: "variant \(variant)", index: index)
        let changed = try augmentation.apply(
          samples, sampleRate: rate, noise: noise, index: index, random: &random)
        let step = changed.lead * 1_000_000 / rate / Int(encoding.stepMicroseconds)
        if let sequence = encoder.encode(changed.samples).activePart(fromStep: step) {
          encoded.variants.append(sequence)
        } else {
          encoded.silentVariants += 1
        }
      }
      return encoded
    }
  }

  private func samples(_ recording: Recording, sampleRate: Int) throws -> [Float] {
    try Self.samples(recording, sampleRate: sampleRate, options: reading.sound, notes: notes)
  }

  package static func samples(
    _ recording: Recording, sampleRate: Int, options: SoundReadingOptions = SoundReadingOptions(),
    notes: ReadingNotes? = nil
  ) throws -> [Float] {
    let reader = try SoundFileReader(.path(recording.path), options: options, rate: sampleRate)
    defer { notes?.add(notices: reader.notices, of: recording.path) }
    return try SoundStream.samples(of: reader, sampleRate: sampleRate)
  }

  /// From the first to the last active step, or one silent step.
  package static func active(_ sequence: SpikeSequence) -> SpikeSequence {
    if let part = sequence.activePart() { return part }
    var silence = SpikeSequence(shape: sequence.shape)
    silence.append(channels: [], values: [])
    return silence
  }

  /// Opens a recording of events as it is encoded; nil for an encoder of sound.
  ///
  /// - Throws: also where its picture cannot be brought onto the encoder's sensor.
  func openEvents(_ path: String) throws -> (any EventReader)? { try openFiltered(path)?.reader }

  /// The same with what its events go through.
  private func openFiltered(_ path: String) throws -> (reader: any EventReader, intake: EventIntake)? {
    guard case .events(let configuration) = kind else { return nil }
    var options = reading.events
    // As when a recording is classified.
    options.leavesStraysOut = true
    var intake = EventIntake(models: [configuration.sensor], options: reading)
    let reader = try openEventReader(path: path, options: options)
    try intake.begin(camera: reader.geometry, source: path)
    guard reader.geometry == nil else { return (reader, intake) }
    options.geometry = configuration.sensor
    return (try openEventReader(path: path, options: options), intake)
  }

  /// The steps of a recording, the events in them, and the byte at which it is cut off within an event or packet, if it is.
  private func bin(
    _ recording: Recording, _ configuration: EventBinningConfiguration
  ) throws -> (sequence: SpikeSequence, events: Int64, cutAt: Int64?) {
    var sequence = SpikeSequence(shape: configuration.shape)
    guard var (reader, intake) = try openFiltered(recording.path) else { return (sequence, 0, nil) }
    defer {
      notes?.add(reader.guesses, of: recording.path)
      notes?.add(reader.accounting, of: recording.path)
      if let picture = intake.picture { notes?.add(notices: [picture], of: recording.path) }
      notes?.add(filtered: intake.figures)
    }
    var binner = try EventBinner(configuration, camera: intake.camera, fit: intake.fit)
    var batch = EventBatch()
    var more = true
    var events: Int64 = 0
    while more {
      batch.removeAll()
      more = try reader.read(into: &batch, maximum: 65_536)
      intake.apply(&batch)
      if let range = recording.microseconds {
        var kept = EventBatch()
        for index in 0..<batch.count where range.contains(batch.times[index]) { kept.append(batch[index]) }
        batch = kept
      }
      events += Int64(batch.count)
      try binner.push(batch) { sequence.append($0) }
    }
    binner.finish { sequence.append($0) }
    let outside = reader.accounting.violations[.addressOutOfRange]?.count ?? 0
    if outside > 0, outside * 10 > outside + reader.accounting.events {
      throw InputError(
        source: recording.path,
        problem: "\(outside) of its \(outside + reader.accounting.events) events lie outside a sensor of "
          + "\(reader.geometry ?? configuration.sensor)",
        remedy: "name the camera's size with sensor, and it is fitted")
    }
    return (sequence, events - binner.eventsOutside, reader.accounting.violations[.truncatedTail]?.firstByteOffset)
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
