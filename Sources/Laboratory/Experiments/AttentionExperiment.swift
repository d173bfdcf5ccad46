import Foundation
import Learning
import Numerics
import SpikingNetworks

/// What the spiking ConvLSTM with attention is compared with, all but the half ones at equal numbers of parameters.
public enum AttentionArm: String, CaseIterable, Sendable, Codable {
  /// SRNN-SCBAM: binary channel and spatial attention on the forget gate.
  case attention
  /// The same with soft attention, which cannot erase all at once: what binary attention could reach.
  case softAttention
  /// The same without attention.
  case plain
  /// Two convolutions with leaky neurons, and no recurrence.
  case feedForward
  /// Hidden state and cell at half the channels.
  case halfAttention
  case halfPlain
}

/// One of the two tasks the arms are compared on: recordings and the shape of the arms' networks.
public struct AttentionTask: Sendable {
  public var name: String
  public var classes: Int
  public var input: [Int]
  public var train: TrainingSet
  public var validation: TrainingSet
  public var test: TrainingSet
  /// Channels of the ConvLSTM, and of the two convolutions that have as many parameters.
  public var channels: Int
  public var convolutions: [Int]
  /// Bias with which forget gates begin: the longer memory has to last, the higher.
  public var forgetBias: Double
  public var epochs: Int
  public var rate: Double

  /// The network of an arm.
  public func network(_ arm: AttentionArm) -> NetworkDescription {
    // Events come channel by channel, spiketrum channels as rows of a map with the levels last.
    let isMap = input[2] > 3
    var layers: [LayerDescription] = isMap ? [.channelsLast] : []
    switch arm {
    case .attention, .softAttention, .halfAttention, .plain, .halfPlain:
      let attends = arm != .plain && arm != .halfPlain
      let isHalf = arm == .halfAttention || arm == .halfPlain
      layers.append(
        .convLSTM(
          .init(
            channels: isHalf ? channels / 2 : channels,
            attention: .init(kind: attends ? .both : .none, output: arm == .softAttention ? .soft : .binary),
            threshold: 0.3, forgetBias: forgetBias)))
    case .feedForward:
      for count in convolutions {
        layers += [.conv(.init(channels: count)), .batchNorm(.init()), .neurons(.init(decay: 0.5))]
      }
    }
    if isMap { layers.append(.pool(.init(kind: .sum, size: 2))) }
    layers += [.flatten, .dense(.init(units: classes, bias: true))]
    return NetworkDescription(input: input, layers: layers)
  }
}

/// What one arm did with one seed.
public struct AttentionResult: Sendable, Codable, Equatable {
  public var task: String
  public var arm: AttentionArm
  public var seed: UInt64
  /// Of the test part, and of the same with the frames of each recording in random order.
  public var accuracy: Double
  public var shuffledAccuracy: Double
  /// Mean of the channel and of the spatial attention over the test part.
  public var channelAttentionOn: Double?
  public var spatialAttentionOn: Double?
  public var parameters: Int
  /// Bytes of hidden state and cell, membranes included, that a stream keeps.
  public var stateBytes: Int
  public var epochs: Int
  /// Highest learning rate.
  public var rate: Double
  public var seconds: Double
}

extension AttentionTask {
  /// Trains an arm and tests the weights that validated best.
  public func run(
    _ arm: AttentionArm, seed: UInt64, threads: Int, progress: (_ epoch: EpochRecord) -> Void
  ) throws -> AttentionResult {
    let begin = Date()
    let network = try Network<Float>(network(arm), seed: seed)
    var optimiser = OptimiserDescription(rate: rate)
    optimiser.schedule = .oneCycle
    optimiser.warmUp = 0.2
    optimiser.clip = 1
    let options = TrainingOptions(epochs: epochs, batch: 16, seed: seed, optimiser: optimiser)
    let trainer = try Trainer(
      network: network, options: options, augmentation: SpikeAugmentation(), train: train, validation: validation,
      levels: 1, threads: threads, fingerprint: "")
    while !trainer.isFinished {
      if let record = try trainer.runEpoch(progress: { _, _, _ in true }) { progress(record) }
    }
    let runner = BatchRunner(try trainer.bestNetwork(), lanes: Lanes(threads: threads))
    let shares = Self.evaluate(runner, test)
    let summary = network.summary()
    return AttentionResult(
      task: name, arm: arm, seed: seed, accuracy: shares.accuracy,
      shuffledAccuracy: Self.evaluate(runner, test.shuffledInTime(seed: seed)).accuracy,
      channelAttentionOn: shares.attention["channelAttentionOn"],
      spatialAttentionOn: shares.attention["spatialAttentionOn"], parameters: summary.learned,
      stateBytes: summary.rows.filter { $0.kind == "convLSTM" || $0.kind == "neurons" }.reduce(0) {
        $0 + $1.stateBytes
      },
      epochs: epochs, rate: rate, seconds: Date().timeIntervalSince(begin))
  }

  /// Share of right classes, and the mean of each attention map that there is.
  static func evaluate(
    _ runner: BatchRunner<Float>, _ set: TrainingSet
  ) -> (accuracy: Double, attention: [String: Double]) {
    var right = 0
    var sums: [String: Double] = [:]
    for start in stride(from: 0, to: set.count, by: 50) {
      let range = start..<min(start + 50, set.count)
      runner.forward(range.map { set.variants[$0][0] }, training: false)
      let found = LossDescription().apply(runner, targets: Array(set.targets[range]))
      right += zip(found.classes, set.targets[range]).count { $0 == $1 }
      for layer in runner.layers.indices where runner.layers[layer].role == .cell {
        for (name, share) in runner.measurements(ofLayer: layer) {
          sums[name, default: 0] += share * Double(range.count)
        }
      }
    }
    return (Double(right) / Double(set.count), sums.mapValues { $0 / Double(set.count) })
  }
}
