import Foundation
import Learning
import Numerics
import SpikingNetworks

/// A network of 25 inputs, two context units, 100 leaky neurons and one linear read-out that learns two tasks trial by
/// trial: a step of gradient descent on the reward, then one of the local rule.
///
/// Loss of a trial: `−reward · sigmoid(y)`, where `y` is the read-out's mean over the steps, or, of neurons that fire once,
/// its sum weighted by `exp(−t / 5)`.
struct ContextLearner {
  static let hidden = 100
  static let steps = 10
  /// Trials of each task; the second of two blocks is as long.
  static let episodes = 200
  /// Layers of the network: synapses, context, neurons, read-out.
  private static let contextLayer = 1
  private static let neuronLayer = 2

  let arm: ContextArm
  /// Distance between a context unit's two values.
  private let scale: Float
  private let task = ContextTask(steps: steps)
  private let runner: BatchRunner<Float>
  private let contextRange: Range<Int>
  private let weightCount: Int
  private let readWeights: [Float]
  /// Weight of elastic consolidation, and what it holds on to.
  private let elasticity: Float
  private var anchor: [Float] = []
  private var importance: [Float] = []
  private var sluggish: [Float] = [0, 0]
  private var random: RandomStream

  static func description(isSingleSpike: Bool) -> NetworkDescription {
    NetworkDescription(
      input: [ContextTask.count],
      layers: [
        .dense(.init(units: hidden, bias: true)), .context(.init(units: 2)),
        .neurons(
          .init(
            decay: 0.5, reset: .hard, surrogate: .triangle, surrogateWidth: 0.5,
            refractorySteps: isSingleSpike ? steps : 0)),
        .dense(.init(units: 1)),
      ])
  }

  init(arm: ContextArm, seed: UInt64, scale: Double, elasticity: Double = 0) throws {
    self.arm = arm
    self.scale = Float(scale * arm.strength)
    self.elasticity = Float(elasticity)
    random = RandomStream(seed: seed, purpose: "context experiment")
    var network = try Network<Float>(Self.description(isSingleSpike: arm.isSingleSpike), seed: seed)
    var context = 0..<0
    var weights = 0
    for (name, specification, range) in network.named {
      switch name {
      case "layers.0.weight":
        weights = range.count
        for index in range { network.parameters[index] = Float(0.05 * random.normal()) }
      case "layers.0.bias":
        for index in range { network.parameters[index] = 0.4 }
      case "layers.1.weight":
        context = range
        guard arm == .manual else { continue }
        for index in range {
          let (unit, neuron) = (index - range.lowerBound).quotientAndRemainder(dividingBy: Self.hidden)
          network.parameters[index] = Float((unit == neuron % 2 ? 1 : -1) * 0.5.squareRoot())
        }
      default:
        for index in range {
          network.parameters[index] = Float(random.normal() / Double(specification.shape[0]).squareRoot())
        }
      }
    }
    contextRange = context
    weightCount = weights
    runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    readWeights = (0..<Self.steps).map {
      arm.isSingleSpike ? Float(exp(-Double($0) / 5)) : 1 / Float(Self.steps)
    }
  }

  /// Contexts lie half a scale above and below zero; while only the first task is known, nothing speaks for the second.
  private func cue(_ task: Int, knowsBoth: Bool) -> [Float] {
    var cue: [Float] = [-0.5, -0.5]
    cue[task] = 0.5
    // Whoever sets the gates by hand knows both.
    if !knowsBoth, arm != .manual { cue[1] = 0 }
    return cue.map { $0 * scale }
  }

  /// Gradients of the parameters for one item, before the local rule.
  private func differentiate(_ stimulus: Int, task: Int, context: [Float]) {
    runner.forward([self.task.stimuli[stimulus]], training: true, contexts: [context])
    var sum: Float = 0
    for step in 0..<Self.steps { sum += readWeights[step] * runner.logits.base[step] }
    let squashed = 1 / (1 + exp(-Double(sum)))
    let slope = Float(-ContextTask.reward(stimulus, task: task) * squashed * (1 - squashed))
    for step in 0..<Self.steps { runner.logitGradient.base[step] = slope * readWeights[step] }
    runner.backward()
  }

  private mutating func learn(_ stimulus: Int, task: Int, knowsBoth: Bool) {
    let cue = cue(task, knowsBoth: knowsBoth)
    for unit in cue.indices { sluggish[unit] += arm.sluggishness * (cue[unit] - sluggish[unit]) }
    differentiate(stimulus, task: task, context: sluggish)
    let rate: Float = 0.03
    // Fixed are the neurons' bias and, where gating is by hand, the weights of the context.
    for index in 0..<runner.parameters.count {
      if (weightCount..<weightCount + Self.hidden).contains(index) { continue }
      if arm == .manual, contextRange.contains(index) { continue }
      var slope = runner.gradient.base[index]
      if !anchor.isEmpty { slope += elasticity * importance[index] * (runner.parameters.base[index] - anchor[index]) }
      runner.parameters.base[index] -= rate * slope
    }
    guard let plasticity = arm.plasticity else { return }
    var weights = contextRange.map { runner.parameters.base[$0] }
    plasticity.learn(&weights, context: sluggish, firstSpikes: firstSpikes)
    for (place, index) in contextRange.enumerated() { runner.parameters.base[index] = weights[place] }
  }

  /// Of each hidden neuron the step of its first spike in the trial before.
  private var firstSpikes: [Int?] {
    let spikes = runner.output(ofLayer: Self.neuronLayer).base
    return (0..<Self.hidden).map { neuron in
      (0..<Self.steps).first { spikes[$0 * Self.hidden + neuron] != 0 }
    }
  }

  /// Learns both tasks as the arm says; calls `progress` after each episode with the accuracies of both.
  mutating func learnBoth(_ progress: (_ episode: Int, _ first: Double, _ second: Double) -> Void) {
    let blocks = arm.isInterleaved ? [[0, 1]] : [[0], [1]]
    var episode = 0
    for (index, tasks) in blocks.enumerated() {
      if index == 1, arm == .elastic { consolidate() }
      for _ in 0..<Self.episodes {
        var items = tasks.flatMap { task in (0..<ContextTask.count).map { (stimulus: $0, task: task) } }
        random.shuffle(&items)
        for item in items {
          learn(item.stimulus, task: item.task, knowsBoth: tasks.count > 1 || index > 0)
          guard index == 1, arm == .replay else { continue }
          learn(random.integer(below: ContextTask.count), task: 0, knowsBoth: true)
        }
        episode += 1
        let responses = responses()
        progress(episode, responses.accuracy(0), responses.accuracy(1))
      }
    }
  }

  /// Elastic weight consolidation: how much the first task's loss cares for each parameter (Kirkpatrick et al. 2017).
  private mutating func consolidate() {
    importance = [Float](repeating: 0, count: runner.parameters.count)
    for stimulus in 0..<ContextTask.count {
      differentiate(stimulus, task: 0, context: cue(0, knowsBoth: false))
      for index in importance.indices {
        importance[index] += runner.gradient.base[index] * runner.gradient.base[index] / Float(ContextTask.count)
      }
    }
    anchor = runner.parameters.array
  }

  /// What the network does with every item of both tasks, each in its context.
  func responses() -> ContextResponses {
    var responses = ContextResponses(readOut: [], rates: [])
    for task in 0..<2 {
      let context = cue(task, knowsBoth: true)
      runner.forward(
        self.task.stimuli, training: false, contexts: [[Float]](repeating: context, count: ContextTask.count))
      let spikes = runner.output(ofLayer: Self.neuronLayer).base
      for stimulus in 0..<ContextTask.count {
        let row = stimulus * Self.steps
        responses.readOut.append(
          (0..<Self.steps).reduce(0) { $0 + Double(readWeights[$1] * runner.logits.base[row + $1]) })
        responses.rates.append(
          (0..<Self.hidden).map { neuron in
            (0..<Self.steps).reduce(0) { $0 + Double(spikes[(row + $1) * Self.hidden + neuron]) } / Double(Self.steps)
          })
      }
    }
    return responses
  }
}
