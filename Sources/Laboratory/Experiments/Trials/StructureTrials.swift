import Learning
import Numerics
import SpikingNetworks

/// Arms of the experiment on sparse training and on teachers of sparse networks.
public enum StructureTrials {
  public static let experiment = "structure"
  public static let densities = [10, 5, 2]

  private static func options(epochs: Int, _ task: TrialTask) -> TrainingOptions {
    var optimiser = OptimiserDescription(rate: 0.001)
    optimiser.schedule = .cosine
    optimiser.clip = 5
    var options = TrainingOptions(epochs: epochs, batch: 32, optimiser: optimiser)
    if task.input.count == 1 { options.beginning = BeginningOptions(firingRate: 0.1) }
    return options
  }

  /// Two layers of leaky neurons for sound, three convolutions for events; `width` scales the layers.
  static func network(_ task: TrialTask, width: Double = 1) -> NetworkDescription {
    func wide(_ units: Int) -> Int { max(4, Int((Double(units) * width).rounded())) }
    if task.input.count == 1 {
      let neurons = NeuronDescription(decay: 0.8)
      return NetworkDescription(
        input: task.input,
        layers: [
          .dense(.init(units: wide(256))), .neurons(neurons), .dense(.init(units: wide(128))), .neurons(neurons),
          .dense(.init(units: task.classes, bias: true)),
        ])
    }
    return ChannelTrials.network(task, widths: [wide(16), wide(32), wide(32)])
  }

  public static func arms(_ task: TrialTask, epochs: Int) -> [TrialArm] {
    let dense = TrialArm(
      name: "dense", network: network(task), options: options(epochs: epochs, task), rates: [0.001, 0.002, 0.004])
    var arms = [dense]
    func sparse(_ name: String, _ percent: Int, _ growth: StructureOptions.Growth) -> TrialArm {
      dense.named("\(name) \(percent) %") { arm in
        arm.options.structure = StructureOptions(density: Double(percent) / 100, growth: growth)
        arm.rates = [0.004, 0.008, 0.016]
      }
    }
    for percent in task.input.count == 1 ? densities : [10] {
      arms += [
        sparse("static", percent, .none), sparse("random growth", percent, .random),
        sparse("gradient growth", percent, .gradient), sparse("momentum growth", percent, .momentum),
      ]
    }
    // The same in blocks of neighbours, which fill the vectors of a step.
    for (name, growth) in [
      ("static", StructureOptions.Growth.none), ("random growth", .random), ("gradient growth", .gradient),
    ] {
      arms.append(
        sparse("\(name), in blocks of 8", 10, growth).named("\(name), in blocks of 8 10 %") {
          $0.options.structure?.block = 8
        })
    }
    arms.append(
      sparse("gradient growth, gradient pruning", 10, .gradient).named("gradient growth and pruning 10 %") {
        $0.options.structure?.pruning = .gradient
      })
    // Teachers of the sparse network: a smaller full one, a small sparse one, the network itself, none but the labels.
    let student = sparse("gradient growth", 10, .gradient)
    arms.append(
      dense.named("small full teacher") { $0.network = network(task, width: 0.25) })
    arms.append(
      student.named("small sparse teacher") { arm in
        arm.network = network(task, width: 0.5)
        arm.options.structure?.density = 0.2
      })
    func taught(_ name: String, _ teacher: String?, _ change: (inout TrialArm) -> Void = { _ in }) -> TrialArm {
      student.named(name) { arm in
        arm.options.distillation = DistillationOptions(weight: 0.3, temperature: 4)
        arm.teacher = teacher
        change(&arm)
      }
    }
    arms += [
      taught("10 %, small full teacher", "small full teacher"),
      taught("10 %, small sparse teacher", "small sparse teacher"),
      taught("10 %, full teacher", "dense"),
      taught("10 %, taught by itself", "gradient growth 10 %"),
      taught("10 %, virtual teacher", nil) { $0.options.distillation?.virtual = 0.99 },
      taught("10 %, shuffled teacher", "small full teacher") { $0.isTeacherShuffled = true },
      student.named("10 %, label smoothing") { $0.options.loss.labelSmoothing = 0.1 },
    ]
    return arms
  }

  /// Weights that are not zero, and their share of all.
  public static func figures(_ network: Network<Float>, _ task: TrialTask) throws -> [String: Double] {
    let weights = network.named.filter { $0.specification.role == .weight }
    let all = weights.reduce(0) { $0 + $1.range.count }
    let present = weights.reduce(0) { sum, weight in sum + weight.range.count { network.parameters[$0] != 0 } }
    return [
      "density": Double(present) / Double(max(all, 1)), "weights": Double(present),
      "stepMicroseconds": task.stepMicroseconds(network.sparse()),
    ]
  }
}
