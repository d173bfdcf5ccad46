import Learning
import Numerics
import SpikingNetworks

/// Arms of the experiments on teachers that do not spike: what they know, and what converting them is worth.
public enum DistillationTrials {
  public static let experiment = "distillation"

  /// Units of two layers with taps over time; the same for both kinds of network.
  static func network(_ task: TrialTask, units: Int, isSpiking: Bool) -> NetworkDescription {
    let unit: LayerDescription = isSpiking ? .neurons(NeuronDescription(decay: 0.5)) : .relu
    return NetworkDescription(
      input: task.input,
      layers: [
        .dense(.init(units: units, taps: 3)), .batchNorm(.init()), unit, .dense(.init(units: units, taps: 3)),
        .batchNorm(.init()), unit, .dense(.init(units: task.classes, bias: true)),
      ])
  }

  /// - Parameter labelled: recordings of each class whose label the students know; all when nil.
  public static func arms(_ task: TrialTask, epochs: Int, labelled: Int?) -> [TrialArm] {
    let teacher = TrialArm(
      name: "teacher", network: network(task, units: 128, isSpiking: false), options: TrialArm.oneCycle(epochs: epochs),
      rates: [0.001, 0.002, 0.004])
    let student = TrialArm(
      name: "alone", network: network(task, units: 32, isSpiking: true), options: TrialArm.oneCycle(epochs: epochs),
      rates: [0.002, 0.004, 0.008])
    func taught(_ name: String, by teacher: String?, _ change: (inout DistillationOptions) -> Void) -> TrialArm {
      student.named(name) { arm in
        var options = DistillationOptions(weight: 0.5, temperature: 2)
        options.labelled = labelled
        change(&options)
        arm.options.distillation = options
        arm.teacher = teacher
      }
    }
    // Nothing but the recordings with labels, as many batches of them as the others have.
    let alone = student.named("alone") { arm in
      guard let labelled else { return }
      arm.recordingsOfClass = labelled
      arm.options.epochs *= max(1, task.train.count / (labelled * task.classes))
    }
    let features = [DistillationOptions.Pair(student: 5, teacher: 5)]
    return [
      teacher, alone,
      taught("answers", by: "teacher") { _ in },
      taught("answers, temperature 4", by: "teacher") { $0.temperature = 4 },
      taught("features", by: "teacher") {
        $0.features = features
        $0.weight = 0
        $0.featureWeight = 10
      },
      taught("answers and features", by: "teacher") {
        $0.features = features
        $0.featureWeight = 10
      },
      taught("attention over time", by: "teacher") {
        $0.attention = features
        $0.weight = 0
      },
      taught("joint", by: nil) { $0.joint = teacher.network },
      taught("teacher of the student's kind", by: "alone") { _ in },
      taught("shuffled teacher", by: "teacher") { _ in }.named("shuffled teacher") { $0.isTeacherShuffled = true },
      alone.named("label smoothing") { $0.options.loss.labelSmoothing = 0.1 },
    ]
  }

  /// Accuracy on the test part with spikes lost.
  public static func figures(_ network: Network<Float>, _ task: TrialTask) throws -> [String: Double] {
    var figures: [String: Double] = [:]
    for percent in [10, 30, 50] {
      figures["lost\(percent)"] = TrialTask.accuracy(
        network, task.test.losing(Double(percent) / 100, seed: 1), threads: 1)
    }
    return figures
  }
}

/// Arms of the experiment on conversion and layer-by-layer distillation, on still pictures.
public enum ConversionTrials {
  public static let experiment = "conversion"
  /// Steps a student sees a picture for, unless the experiment is told otherwise.
  public static let steps = 4
  /// Steps after which a converted network is asked.
  public static let lengths = [1, 2, 3, 4, 8, 16, 32, 64, 128, 256]

  static func network(_ task: TrialTask, widths: [Int], isSpiking: Bool) -> NetworkDescription {
    // As a converted network begins: what learns from it is no worse off for the beginning.
    let unit: LayerDescription =
      isSpiking ? .neurons(NeuronDescription(decay: 1, initialPotential: Conversion().initialPotential)) : .relu
    let input = task.input.count == 1 ? [task.input[0] / 3, 1, 3] : task.input
    var layers: [LayerDescription] = task.input.count == 1 ? [] : [.channelsLast]
    for (index, channels) in widths.enumerated() {
      layers += [.conv(.init(channels: channels, bias: true)), unit]
      if index < widths.count - 1, input[1] > 1 { layers.append(.pool(.init(kind: .average, size: 2))) }
    }
    layers += [.flatten, .dense(.init(units: task.classes, bias: true))]
    return NetworkDescription(input: input, layers: layers)
  }

  /// Layers of neurons, by their number.
  static func neurons(_ network: NetworkDescription) -> [Int] {
    network.layers.indices.filter { index in
      switch network.layers[index] {
      case .neurons, .relu: true
      default: false
      }
    }
  }

  public static func arms(_ task: TrialTask, epochs: Int) -> [TrialArm] {
    let options = TrialArm.oneCycle(epochs: epochs)
    let widths = [16, 32, 32]
    let teacher = TrialArm(
      name: "teacher", network: network(task, widths: widths, isSpiking: false), options: options,
      rates: [0.001, 0.002, 0.004])
    let student = TrialArm(
      name: "alone", network: network(task, widths: widths, isSpiking: true), options: options,
      rates: [0.0005, 0.001, 0.002])
    let layers = neurons(student.network)
    func taught(_ name: String, layers: [Int], weight: Double, widths other: [Int]? = nil) -> TrialArm {
      student.named(name) { arm in
        var distillation = DistillationOptions(weight: weight, temperature: 2)
        distillation.attentionWeight = 100
        distillation.attention = layers.map { .init(student: $0, teacher: $0) }
        arm.options.distillation = distillation
        arm.teacher = "teacher"
        if let other { arm.network = network(task, widths: other, isSpiking: true) } else { arm.beginning = "teacher" }
      }
    }
    let converted = student.named("converted") {
      $0.beginning = "teacher"
      $0.isUntrained = true
      $0.rates = [0]
    }
    return [
      teacher,
      converted, converted.named("converted, weakest form") { $0.conversion = .weakest },
      student,
      student.named("from the converted") { $0.beginning = "teacher" },
      taught("answers", layers: [], weight: 0.5),
      taught("attention, last layer", layers: layers.suffix(1), weight: 0),
      taught("attention, all layers", layers: layers, weight: 0),
      taught("attention, all layers, and answers", layers: layers, weight: 0.5),
      taught("narrower", layers: layers, weight: 0.5, widths: widths.map { $0 / 2 }),
      student.named("narrower, alone") { $0.network = network(task, widths: widths.map { $0 / 2 }, isSpiking: true) },
      // A fourth convolution behind the three, on what a third pool leaves; the first three are compared.
      taught("deeper", layers: layers, weight: 0.5, widths: widths + [32]),
      student.named("deeper, alone") { $0.network = network(task, widths: widths + [32], isSpiking: true) },
      taught("wider", layers: layers, weight: 0.5, widths: widths.map { $0 * 2 }),
      student.named("wider, alone") { $0.network = network(task, widths: widths.map { $0 * 2 }, isSpiking: true) },
    ]
  }

  /// Accuracy after so many steps of a still picture, `steps…`, for networks that spike.
  public static func figures(_ network: Network<Float>, _ task: TrialTask) throws -> [String: Double] {
    guard network.layers.contains(where: { $0.emitsSpikes && $0.kind == "neurons" }) else { return [:] }
    var figures: [String: Double] = [:]
    for length in lengths {
      let set = TrainingSet(
        variants: task.test.variants.map { [$0[0].shown(steps: length)] }, targets: task.test.targets)
      figures["steps\(length)"] = TrialTask.accuracy(network, set, threads: 1)
    }
    return figures
  }
}
