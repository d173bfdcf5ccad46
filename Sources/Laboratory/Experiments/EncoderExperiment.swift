import Foundation
import Learning
import Numerics
import SpikingNetworks

/// Which settings of an encoder were taken, and what was tried.
public struct EncoderChoice: Sendable, Codable, Equatable {
  public var arm: EncoderArm
  /// Spikes a second that were asked for; nil for currents.
  public var spikesPerSecond: Double?
  public var tried: [SoundCode]
  /// Best validation accuracy of a network with each of them.
  public var validationAccuracies: [Double]
  public var seed: UInt64
  public var epochs: Int

  /// The first of those that validated best.
  public var code: SoundCode {
    get throws {
      guard let best = validationAccuracies.max(), let index = validationAccuracies.firstIndex(of: best),
        tried.indices.contains(index)
      else { throw ExperimentError(reason: "no setting of \(arm.rawValue) was tried") }
      return tried[index]
    }
  }
}

/// What a network learnt from one encoder with one seed, and what it still knows when sound or spikes are disturbed.
public struct EncoderResult: Sendable, Codable, Equatable {
  /// Test accuracy under one disturbance.
  public struct Point: Sendable, Codable, Equatable {
    public var disturbance: EncoderDisturbance
    public var strength: Double
    public var accuracy: Double
    /// Spikes a second that came, where the encoder heard a disturbed sound.
    public var spikesPerSecond: Double?
  }

  public var arm: EncoderArm
  /// Spikes a second that were asked for; nil for currents.
  public var spikesPerSecond: Double?
  public var seed: UInt64
  public var code: SoundCode
  /// Spikes a second of the test part as it was recorded, all inputs together; of currents, their sum.
  public var measuredSpikesPerSecond: Double
  public var accuracy: Double
  public var points: [Point]
  /// After each epoch.
  public var validationAccuracies: [Double]
  public var parameters: Int
  /// Spikes a neuron and step of each spiking layer, on the validation part.
  public var firingRates: [Double]
  public var seconds: Double
}

/// The spoken digits (FSDD, official split) as sound: every clip at 8 kHz, scaled to a peak of 1.
public struct EncoderTask: Sendable {
  let train: [[Float]]
  let validation: [[Float]]
  let test: [[Float]]
  private let trainTargets: [Int]
  private let validationTargets: [Int]
  private let testTargets: [Int]
  private let classes: Int
  public let threads: Int

  public init(folder: String, threads: Int) throws {
    let split = try DataSet(DataDescription(layout: .fsdd), folder: folder, recipeFolder: folder).split()
    func clips(_ recordings: [Recording]) throws -> [[Float]] {
      try encodeAll(
        recordings, threads: threads, progress: { _, _ in },
        { _, recording in
          EncoderDisturbance.scaled(try RecordingEncoder.samples(recording, sampleRate: SoundCode.sampleRate))
        })
    }
    for part in DataPart.allCases where split[part].isEmpty {
      throw DataError.empty(folder: folder, layout: "fsdd", expected: "takes 0 to 10 of the spoken digits")
    }
    self.init(
      train: try clips(split.train), trainTargets: split.train.map(\.label), validation: try clips(split.validation),
      validationTargets: split.validation.map(\.label), test: try clips(split.test),
      testTargets: split.test.map(\.label), classes: split.labels.count, threads: threads)
  }

  init(
    train: [[Float]], trainTargets: [Int], validation: [[Float]], validationTargets: [Int], test: [[Float]],
    testTargets: [Int], classes: Int, threads: Int
  ) {
    self.train = train
    self.trainTargets = trainTargets
    self.validation = validation
    self.validationTargets = validationTargets
    self.test = test
    self.testTargets = testTargets
    self.classes = classes
    self.threads = threads
  }

  /// The network of all encoders: two layers of leaky neurons with delays, and a read-out.
  static func network(classes: Int) -> NetworkDescription {
    NetworkDescription(
      input: [SoundCode.inputs],
      layers: [
        .dense(.init(units: 64, taps: 5)), .batchNorm(.init()),
        .neurons(.init(decay: 0.5, learnedDecay: .neuron)),
        .dense(.init(units: 64, taps: 5, dilation: 2)), .batchNorm(.init()),
        .neurons(.init(decay: 0.5, learnedDecay: .neuron)),
        .dense(.init(units: classes, bias: true)),
      ])
  }

  private func trained(
    _ train: TrainingSet, _ validation: TrainingSet, seed: UInt64, epochs: Int, progress: (EpochRecord) -> Void
  ) throws -> Trainer {
    var optimiser = OptimiserDescription(rate: 0.003)
    optimiser.schedule = .oneCycle
    optimiser.warmUp = 0.15
    optimiser.weightDecay = 0.001
    optimiser.clip = 5
    var options = TrainingOptions(epochs: epochs, batch: 32, seed: seed, optimiser: optimiser)
    options.averaging = 0.99
    options.loss.labelSmoothing = 0.05
    let trainer = try Trainer(
      network: try Network<Float>(Self.network(classes: classes), seed: seed), options: options,
      augmentation: SpikeAugmentation(), train: train, validation: validation, levels: 1, threads: threads,
      fingerprint: "")
    while !trainer.isFinished {
      if let record = try trainer.runEpoch(progress: { _, _, _ in true }) { progress(record) }
    }
    return trainer
  }

  private func encoded(_ clips: [[Float]], _ targets: [Int], _ coder: RecordingCoder) throws -> TrainingSet {
    TrainingSet(variants: try coder.encode(clips, threads: threads).map { [$0] }, targets: targets)
  }

  /// Every so many clips of the training part, so that there are about 60 from all speakers and digits.
  private var calibrationClips: [[Float]] {
    let stride = max(1, train.count / 60)
    return train.indices.filter { $0 % stride == stride / 2 }.map { train[$0] }
  }

  /// Tries three settings of an encoder, a network with each, and keeps what it takes to choose: the validation part
  /// decides, so that no encoder suffers from settings that happen to suit another.
  public func choose(
    _ arm: EncoderArm, spikesPerSecond: Double?, seed: UInt64, epochs: Int
  ) throws -> EncoderChoice {
    let codes = try SoundCode.candidates(
      arm, spikesPerSecond: spikesPerSecond ?? 0, clips: calibrationClips, threads: threads)
    let accuracies = try codes.map { code in
      let coder = try code.encoder()
      let trainer = try trained(
        encoded(train, trainTargets, coder), encoded(validation, validationTargets, coder), seed: seed,
        epochs: epochs, progress: { _ in })
      return trainer.state.history.map(\.validationAccuracy).max() ?? 0
    }
    return EncoderChoice(
      arm: arm, spikesPerSecond: spikesPerSecond, tried: codes, validationAccuracies: accuracies, seed: seed,
      epochs: epochs)
  }

  /// All parts as one encoder hears them, the test part also with every disturbance of sound: made once for all seeds.
  public func hear(_ arm: EncoderArm, _ code: SoundCode, spikesPerSecond: Double?) throws -> HeardTask {
    let coder = try code.encoder()
    var disturbed: [HeardTask.Disturbed] = []
    for disturbance in EncoderDisturbance.allCases where disturbance.isOfSound {
      for strength in disturbance.strengths {
        let clips = test.indices.map { disturbance.apply(strength, to: test[$0], index: $0) }
        let set = try encoded(clips, testTargets, coder)
        disturbed.append(
          .init(
            disturbance: disturbance, strength: strength, set: set,
            spikesPerSecond: SoundCode.spikesPerSecond(set.variants.map { $0[0] }, of: clips)))
      }
    }
    let clean = try encoded(test, testTargets, coder)
    return HeardTask(
      task: self, arm: arm, code: code, spikesPerSecond: spikesPerSecond,
      train: try encoded(train, trainTargets, coder), validation: try encoded(validation, validationTargets, coder),
      test: clean, measured: SoundCode.spikesPerSecond(clean.variants.map { $0[0] }, of: test), disturbed: disturbed)
  }

  /// The parts of the task in one encoder's spikes.
  public struct HeardTask: Sendable {
    struct Disturbed: Sendable {
      var disturbance: EncoderDisturbance
      var strength: Double
      var set: TrainingSet
      var spikesPerSecond: Double
    }

    let task: EncoderTask
    let arm: EncoderArm
    let code: SoundCode
    let spikesPerSecond: Double?
    let train: TrainingSet
    let validation: TrainingSet
    let test: TrainingSet
    let measured: Double
    let disturbed: [Disturbed]

    /// Trains a network and tests the weights that validated best, as recorded and under every disturbance.
    public func run(seed: UInt64, epochs: Int, progress: (EpochRecord) -> Void) throws -> EncoderResult {
      let begin = Date()
      let trainer = try task.trained(train, validation, seed: seed, epochs: epochs, progress: progress)
      let best = try trainer.bestNetwork()
      let runner = BatchRunner(best, lanes: Lanes(threads: task.threads))
      func accuracy(_ set: TrainingSet) -> Double { AttentionTask.evaluate(runner, set).accuracy }
      var points: [EncoderResult.Point] = []
      for disturbance in EncoderDisturbance.allCases where !disturbance.isOfSound {
        guard arm.isSpiking || disturbance == .loss else { continue }
        for strength in disturbance.strengths {
          points.append(
            .init(
              disturbance: disturbance, strength: strength,
              accuracy: accuracy(spikes(disturbance, strength, seed: seed))))
        }
      }
      for part in disturbed {
        points.append(
          .init(
            disturbance: part.disturbance, strength: part.strength, accuracy: accuracy(part.set),
            spikesPerSecond: part.spikesPerSecond))
      }
      let history = trainer.state.history
      return EncoderResult(
        arm: arm, spikesPerSecond: spikesPerSecond, seed: seed, code: code, measuredSpikesPerSecond: measured,
        accuracy: accuracy(test), points: points, validationAccuracies: history.map(\.validationAccuracy),
        parameters: best.parameters.count, firingRates: history[trainer.state.bestEpoch - 1].firingRates,
        seconds: Date().timeIntervalSince(begin))
    }

    /// The test part with its spikes disturbed, anew for each seed.
    private func spikes(_ disturbance: EncoderDisturbance, _ strength: Double, seed: UInt64) -> TrainingSet {
      var set = test
      for index in set.variants.indices {
        var random = RandomStream(seed: seed, purpose: "\(disturbance.rawValue) \(strength)", index: index)
        set.variants[index] = set.variants[index].map { sequence in
          if disturbance == .loss { return sequence.losing(strength, random: &random) }
          let moved = sequence.jittered(
            bySteps: strength * 1000 / Double(SoundCode.stepMicroseconds), random: &random)
          if case .spiketrum(let configuration) = code { return moved.clipped(at: configuration.countClip) }
          return moved
        }
      }
      return set
    }
  }
}
