import Foundation
import Numerics
import SpikingNetworks

/// A recording of one task, encoded.
public struct TaskSample: Sendable {
  /// What it may sound like: the recording itself first, then changed copies.
  public var variants: [SpikeSequence]
  /// Output that stands for its label.
  public var target: Int
  public var task: Int

  public init(variants: [SpikeSequence], target: Int, task: Int) {
    self.variants = variants
    self.target = target
    self.task = task
  }
}

/// One task after another into one network: a step of surrogate-gradient descent, then one of the local rule, and so on.
///
/// Statistics of normalisation stand still while weights are learnt. Not thread-safe.
public final class GatedLearner {
  /// How a task is learnt.
  public struct Settings: Sendable {
    public var epochs: Int
    public var batch: Int
    public var seed: UInt64
    public var optimiser: OptimiserDescription
    /// Of the weights of the context unit that speaks; none where nil.
    public var plasticity: ContextPlasticity?
    public var augmentation: SpikeAugmentation
    /// Inputs of one frequency channel of sound, 1 for events.
    public var levels: Int

    public init(epochs: Int, batch: Int = 16, seed: UInt64, optimiser: OptimiserDescription) {
      self.epochs = epochs
      self.batch = batch
      self.seed = seed
      self.optimiser = optimiser
      augmentation = SpikeAugmentation()
      levels = 1
    }
  }

  /// Elastic weight consolidation: what earlier tasks would rather keep (Kirkpatrick et al. 2017).
  public struct Elastic {
    public var weight: Float
    public var anchor: [Float]
    public var importance: [Float]

    public init(weight: Float, parameters: [Float]) {
      self.weight = weight
      anchor = parameters
      importance = [Float](repeating: 0, count: parameters.count)
    }
  }

  /// What a task is learnt and asked under, by its number.
  public struct Condition: Sendable {
    public var context: [Float]
    /// Outputs that compete; the others are left out of loss and answer.
    public var outputs: [Int]

    public init(context: [Float], outputs: [Int]) {
      self.context = context
      self.outputs = outputs
    }
  }

  /// A logit that no softmax notices.
  static let silence: Float = -10_000

  public let gates: GateMap
  public private(set) var network: Network<Float>
  public var elastic: Elastic?
  private let runner: BatchRunner<Float>
  private let loss = LossDescription()

  public init(_ network: Network<Float>, threads: Int) {
    self.network = network
    gates = GateMap(network)
    runner = BatchRunner(network, lanes: Lanes(threads: threads))
  }

  /// The parameters as they are now.
  public var parameters: [Float] {
    get { runner.parameters.array }
    set {
      runner.parameters.array = newValue
      network.parameters = newValue
    }
  }

  /// Measures the normalisations' statistics on samples of a task, of writable channels only.
  public func calibrate(_ samples: [TaskSample], _ conditions: [Condition], writable: [Bool], passes: Int = 30) {
    guard network.named.contains(where: { $0.specification.role == .statistic }), !samples.isEmpty else { return }
    let before = runner.parameters.array
    for pass in 0..<passes {
      let chosen = (0..<min(32, samples.count)).map { samples[(pass * 32 + $0) % samples.count] }
      runner.forward(
        chosen.map { $0.variants[pass % $0.variants.count] }, training: true, seed: UInt64(pass),
        contexts: contexts(chosen, conditions))
    }
    for index in before.indices where !writable[index] { runner.parameters.base[index] = before[index] }
    network.parameters = runner.parameters.array
  }

  /// Learns from samples; `progress` may stop it by returning false, which leaves the parameters as they were.
  ///
  /// - Parameters:
  ///   - conditions: of each task that occurs in the samples, by its number.
  ///   - writable: which parameters may change.
  ///   - row: context unit whose weights learn by the local rule.
  public func learn(
    _ samples: [TaskSample], _ conditions: [Condition], writable: [Bool], row: Int?, _ settings: Settings,
    progress: (_ done: Int, _ total: Int, _ loss: Double) -> Bool = { _, _, _ in true }
  ) throws(TrainingError) -> Bool {
    guard !samples.isEmpty else { throw .emptyPart(.train) }
    let before = runner.parameters.array
    var optimiser = Optimiser<Float>(settings.optimiser, for: network)
    let batches = (samples.count + settings.batch - 1) / settings.batch
    for epoch in 0..<settings.epochs {
      var order = Array(samples.indices)
      var shuffling = RandomStream(seed: settings.seed, purpose: "order", index: epoch)
      shuffling.shuffle(&order)
      var lossSum = 0.0
      for batch in 0..<batches {
        let range = batch * settings.batch..<min((batch + 1) * settings.batch, order.count)
        let chosen = order[range].map { samples[$0] }
        let sequences = order[range].map { sequence(samples[$0], index: $0, epoch: epoch, settings) }
        let outcome = differentiate(chosen, sequences, conditions, seed: UInt64(epoch * batches + batch))
        lossSum += outcome.lossSum
        hold(writable)
        let norm = optimiser.step(runner, of: settings.epochs * batches)
        guard norm.isFinite, outcome.lossSum.isFinite else {
          throw .diverged(epoch: epoch + 1, batch: batch + 1, rate: settings.optimiser.rate)
        }
        if let row, let plasticity = settings.plasticity { learnLocally(row, plasticity) }
      }
      guard progress(epoch + 1, settings.epochs, lossSum / Double(samples.count)) else {
        runner.parameters.array = before
        return false
      }
    }
    network.parameters = runner.parameters.array
    return true
  }

  private func sequence(_ sample: TaskSample, index: Int, epoch: Int, _ settings: Settings) -> SpikeSequence {
    var random = RandomStream(seed: settings.seed, purpose: "sample \(epoch)", index: index)
    let chosen = sample.variants[random.integer(below: sample.variants.count)]
    return settings.augmentation.apply(chosen, levels: settings.levels, random: &random).activePart() ?? chosen
  }

  private func contexts(_ samples: [TaskSample], _ conditions: [Condition]) -> [[Float]] {
    gates.contextCount > 0 ? samples.map { conditions[$0.task].context } : []
  }

  private func differentiate(
    _ samples: [TaskSample], _ sequences: [SpikeSequence], _ conditions: [Condition], seed: UInt64
  ) -> BatchOutcome {
    runner.forward(sequences, training: false, seed: seed, contexts: contexts(samples, conditions))
    leaveOut(samples.map { conditions[$0.task].outputs })
    let outcome = loss.apply(runner, targets: samples.map(\.target))
    runner.backward()
    return outcome
  }

  /// Takes outputs out of the competition: their gradient becomes zero.
  private func leaveOut(_ kept: [[Int]]) {
    for (sample, kept) in kept.enumerated() where kept.count < runner.outputCount {
      let isKept = (0..<runner.outputCount).map(kept.contains)
      let row = runner.layout.firstRow(of: sample)
      for step in row..<row + runner.layout.steps(of: sample) {
        for output in isKept.indices where !isKept[output] {
          runner.logits.base[step * runner.outputCount + output] = Self.silence
        }
      }
    }
  }

  /// Adds the pull of earlier tasks to the gradient, and takes out what must stay.
  private func hold(_ writable: [Bool]) {
    let gradient = runner.gradient.base
    if let elastic, elastic.weight > 0 {
      for index in elastic.anchor.indices {
        gradient[index] +=
          elastic.weight * elastic.importance[index] * (runner.parameters.base[index] - elastic.anchor[index])
      }
    }
    for index in writable.indices where !writable[index] { gradient[index] = 0 }
  }

  /// The rule on the synapses of the context unit that speaks; those of silent ones are left alone, so that the gates of
  /// earlier tasks stay.
  private func learnLocally(_ row: Int, _ plasticity: ContextPlasticity) {
    for site in gates.sites {
      let range = site.row(row)
      var weights = range.map { runner.parameters.base[$0] }
      plasticity.learn(&weights, context: [1], firstSpikes: firstSpikes(site))
      for (place, index) in range.enumerated() { runner.parameters.base[index] = weights[place] }
    }
  }

  /// Of each channel the step of its first spike in the first sample of the batch before.
  private func firstSpikes(_ site: GateMap.Site) -> [Int?] {
    let spikes = runner.output(ofLayer: site.neuronLayer).base
    let width = runner.layers[site.neuronLayer].outputWidth
    var first = [Int?](repeating: nil, count: site.channels)
    for step in 0..<runner.layout(ofLayer: site.neuronLayer).steps(of: 0) {
      for place in 0..<width where spikes[step * width + place] != 0 {
        let channel = place % site.channels
        if first[channel] == nil { first[channel] = step }
      }
    }
    return first
  }

  /// Mean logits of each sample, as they are: nothing is left out.
  public func logits(_ sequences: [SpikeSequence], context: [Float]) -> [[Float]] {
    var all: [[Float]] = []
    for start in stride(from: 0, to: sequences.count, by: 64) {
      let part = Array(sequences[start..<min(start + 64, sequences.count)])
      runner.forward(
        part, training: false,
        contexts: gates.contextCount > 0 ? [[Float]](repeating: context, count: part.count) : [])
      for sample in part.indices {
        let row = runner.layout.firstRow(of: sample)
        let steps = runner.layout.steps(of: sample)
        all.append(
          (0..<runner.outputCount).map { output in
            var sum: Float = 0
            for step in row..<row + steps { sum += runner.logits.base[step * runner.outputCount + output] }
            return sum / Float(steps)
          })
      }
    }
    return all
  }

  /// Of each sample the spikes a step of every gated channel, site after site.
  public func rates(_ sequences: [SpikeSequence], context: [Float]) -> [[Double]] {
    let count = gates.sites.reduce(0) { $0 + $1.channels }
    var all: [[Double]] = []
    for start in stride(from: 0, to: sequences.count, by: 64) {
      let part = Array(sequences[start..<min(start + 64, sequences.count)])
      runner.forward(part, training: false, contexts: [[Float]](repeating: context, count: part.count))
      for sample in part.indices {
        var rates = [Double](repeating: 0, count: count)
        var offset = 0
        for site in gates.sites {
          let spikes = runner.output(ofLayer: site.neuronLayer).base
          let width = runner.layers[site.neuronLayer].outputWidth
          let layout = runner.layout(ofLayer: site.neuronLayer)
          let (first, steps) = (layout.firstRow(of: sample), layout.steps(of: sample))
          let share = 1 / Double(steps * width / site.channels)
          for row in first..<first + steps {
            for unit in 0..<width where spikes[row * width + unit] != 0 {
              rates[offset + unit % site.channels] += Double(spikes[row * width + unit]) * share
            }
          }
          offset += site.channels
        }
        all.append(rates)
      }
    }
    return all
  }

  /// Adds to the importance of each parameter how much the loss of samples cares for it (the Fisher information's
  /// diagonal at the true labels), and holds on to the parameters as they are now.
  public func consolidate(_ samples: [TaskSample], _ conditions: [Condition]) {
    guard var elastic else { return }
    for sample in samples {
      _ = differentiate([sample], [sample.variants[0]], conditions, seed: 0)
      for index in elastic.importance.indices {
        let slope = runner.gradient.base[index]
        elastic.importance[index] += slope * slope / Float(samples.count)
      }
    }
    elastic.anchor = runner.parameters.array
    self.elastic = elastic
  }
}
