import Failures
import Foundation
import Numerics
import SpikingNetworks

/// A teacher beside a student in training; see `DistillationOptions`.
final class Distiller {
  let options: DistillationOptions
  private let teacher: BatchRunner<Float>?
  private let classes: Int
  /// Of a teacher that learns along.
  private var teacherOptimiser: Optimiser<Float>?
  private var matches: [FeatureMatch] = []
  /// Whether each sample gets the answers given to another: a control.
  private let isShuffled: Bool
  private let rate: Double
  /// Gradients by a student's layer's output, of the batch's mean loss.
  private var gradients: [Int: Buffer<Float>] = [:]

  /// - Parameters:
  ///   - teacher: the network that teaches; nil for a virtual teacher.
  ///   - rate: learning rate of what learns along.
  /// - Throws: `DistillationError` where the two networks cannot be compared.
  init(
    _ options: DistillationOptions, teacher network: Network<Float>?, student: Network<Float>,
    optimiser: OptimiserDescription, lanes: Lanes, seed: UInt64, isShuffled: Bool = false
  ) throws(DistillationError) {
    self.options = options
    self.isShuffled = isShuffled
    rate = optimiser.rate
    classes = student.outputCount
    guard let network else {
      teacher = nil
      return
    }
    guard network.inputWidth == student.inputWidth else {
      throw .input(student: student.inputShape, teacher: network.inputShape)
    }
    guard network.outputCount == student.outputCount else {
      throw .classes(student: student.outputCount, teacher: network.outputCount)
    }
    teacher = BatchRunner(network, lanes: lanes, keepsOutputs: true)
    if options.joint != nil { teacherOptimiser = Optimiser(optimiser, for: network) }
    for (isFeature, pair) in options.features.map({ (true, $0) }) + options.attention.map({ (false, $0) }) {
      guard student.layers.indices.contains(pair.student) else { throw .layer(pair.student, of: "student") }
      guard network.layers.indices.contains(pair.teacher) else { throw .layer(pair.teacher, of: "teacher") }
      let mine = student.layers[pair.student].outputShape
      let theirs = network.layers[pair.teacher].outputShape
      guard mine.dropLast() == theirs.dropLast() else {
        throw .shapes(student: mine, teacher: theirs, layer: pair.student, teacherLayer: pair.teacher)
      }
      if isFeature {
        matches.append(
          FeatureMatch(
            student: mine.last ?? 1, teacher: theirs.last ?? 1, seed: seed, index: matches.count))
      }
    }
  }

  /// Whether the student's layers have to keep what left them.
  var looksInside: Bool { options.looksInside }

  /// Everything here that learns: of a teacher that learns along its parameters and moments, then the matrices.
  var memory: [Float] {
    var values: [Float] = []
    if let teacher, let optimiser = teacherOptimiser {
      values += teacher.parameters.array + optimiser.first + optimiser.second + [Float(optimiser.steps)]
    }
    for match in matches { values += match.memory }
    return values
  }

  /// Goes on with what a run had.
  func resume(_ values: [Float]) throws(DistillationError) {
    guard values.count == memory.count else { throw .otherRun }
    var rest = values[...]
    if let teacher, var optimiser = teacherOptimiser {
      let count = teacher.parameters.count
      teacher.parameters.array = Array(rest.prefix(count))
      optimiser.first = Array(rest.dropFirst(count).prefix(count))
      optimiser.second = Array(rest.dropFirst(2 * count).prefix(count))
      optimiser.steps = Int(rest[rest.startIndex + 3 * count])
      teacherOptimiser = optimiser
      rest = rest.dropFirst(3 * count + 1)
    }
    for index in matches.indices {
      let count = matches[index].memory.count
      matches[index].memory = Array(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
  }

  /// Weight of the labels' own loss for each sample of a batch.
  func labelWeight(isLabelled: Bool) -> Double { isLabelled ? 1 - options.weight : 0 }

  /// Adds the teacher's part to the batch's loss and to the gradients of its logits and layers.
  ///
  /// - Parameters:
  ///   - runner: the student behind its forward pass, with the labels' gradient in `logitGradient`.
  ///   - isLabelled: of each sample whether its label counts.
  /// - Returns: the sum of the samples' losses that the teacher adds.
  func teach(
    _ runner: BatchRunner<Float>, _ sequences: [SpikeSequence], targets: [Int], isLabelled: [Bool], of total: Int,
    seed: UInt64
  ) -> Double {
    let answers = answers(sequences, targets: targets, of: total, seed: seed)
    var lossSum = 0.0
    let share = 1 / Double(sequences.count)
    for sample in sequences.indices {
      let row = runner.layout.firstRow(of: sample)
      let steps = runner.layout.steps(of: sample)
      var mean = [Double](repeating: 0, count: classes)
      let weight = Float(labelWeight(isLabelled: isLabelled[sample]))
      for place in row * classes..<(row + steps) * classes {
        mean[place % classes] += Double(runner.logits.base[place]) / Double(steps)
        runner.logitGradient.base[place] *= weight
      }
      let answer = answers[isShuffled ? (sample + 1) % sequences.count : sample]
      let found = SoftTargets.loss(student: mean, teacher: answer, temperature: options.temperature)
      lossSum += options.weight * found.loss
      for place in row * classes..<(row + steps) * classes {
        runner.logitGradient.base[place] += Float(
          options.weight * found.gradient[place % classes] * share / Double(steps))
      }
    }
    lossSum += compareLayers(runner)
    return lossSum
  }

  /// The teacher's mean logits for each sample.
  private func answers(
    _ sequences: [SpikeSequence], targets: [Int], of total: Int, seed: UInt64
  ) -> [[Double]] {
    guard let teacher else {
      return targets.map { SoftTargets.virtual(options.virtual ?? 0.99, target: $0, of: classes) }
    }
    teacher.forward(sequences, training: teacherOptimiser != nil, seed: seed)
    let answers = sequences.indices.map { sample in
      let rows =
        teacher.layout.firstRow(of: sample)..<teacher.layout.firstRow(of: sample) + teacher.layout.steps(of: sample)
      return (0..<classes).map { label in
        rows.reduce(0.0) { $0 + Double(teacher.logits.base[$1 * classes + label]) } / Double(rows.count)
      }
    }
    if var optimiser = teacherOptimiser {
      _ = LossDescription().apply(teacher, targets: targets)
      teacher.backward()
      _ = optimiser.step(teacher, of: total)
      teacherOptimiser = optimiser
    }
    return answers
  }

  private func compareLayers(_ runner: BatchRunner<Float>) -> Double {
    guard let teacher, looksInside else { return 0 }
    gradients = [:]
    var lossSum = 0.0
    for (index, pair) in options.features.enumerated() {
      let mine = activity(runner, pair.student)
      let theirs = activity(teacher, pair.teacher)
      let found = matches[index].match(mine, theirs, weight: options.featureWeight, rate: rate)
      lossSum += found.loss
      for (sample, gradient) in found.gradients.enumerated() {
        add(gradient, of: runner, layer: pair.student, sample: sample)
      }
    }
    for pair in options.attention {
      let mine = maps(runner, pair.student)
      let theirs = maps(teacher, pair.teacher)
      for sample in mine.indices {
        let width = runner.layers[pair.student].outputShape.last ?? 1
        let found = AttentionMatch.loss(
          student: mine[sample], teacher: theirs[sample], places: mine[sample].count / width, channels: width,
          teacherChannels: teacher.layers[pair.teacher].outputShape.last ?? 1, weight: options.attentionWeight)
        lossSum += found.loss
        add(found.gradient, of: runner, layer: pair.student, sample: sample)
      }
    }
    let gradients = gradients
    runner.addToOutputGradient = { layer, target in
      guard let gradient = gradients[layer] else { return }
      for place in 0..<gradient.count { target.base[place] += gradient.base[place] }
    }
    return lossSum
  }

  private func activity(_ runner: BatchRunner<Float>, _ layer: Int) -> MeanActivity {
    MeanActivity(
      runner.output(ofLayer: layer), shape: runner.layers[layer].outputShape,
      layout: runner.layout(ofLayer: layer))
  }

  /// What attention compares of each sample: the mean map over the steps, or of a layer without places every step.
  private func maps(_ runner: BatchRunner<Float>, _ layer: Int) -> [[Float]] {
    guard runner.layers[layer].outputShape.count == 1 else { return activity(runner, layer).values }
    let width = runner.layers[layer].outputWidth
    let values = runner.output(ofLayer: layer).base
    let layout = runner.layout(ofLayer: layer)
    return (0..<layout.samples).map { sample in
      let begin = layout.firstRow(of: sample) * width
      return (begin..<begin + layout.steps(of: sample) * width).map { values[$0] }
    }
  }

  /// Adds a gradient by a sample's mean activity, shared by its steps, or by what it did step by step.
  private func add(_ part: [Float], of runner: BatchRunner<Float>, layer: Int, sample: Int) {
    let width = runner.layers[layer].outputWidth
    let layout = runner.layout(ofLayer: layer)
    let buffer = gradients[layer] ?? Buffer<Float>()
    if gradients[layer] == nil {
      buffer.resize(to: layout.rows * width)
      buffer.fill(0)
      gradients[layer] = buffer
    }
    let steps = layout.steps(of: sample)
    let begin = layout.firstRow(of: sample) * width
    let isMean = part.count == width
    let share = 1 / Float((isMean ? steps : 1) * layout.samples)
    for place in 0..<steps * width { buffer.base[begin + place] += part[isMean ? place % width : place] * share }
  }
}

/// Why a network cannot be another's teacher.
public enum DistillationError: ReportedError, Equatable {
  case input(student: [Int], teacher: [Int])
  case classes(student: Int, teacher: Int)
  case layer(Int, of: String)
  case shapes(student: [Int], teacher: [Int], layer: Int, teacherLayer: Int)
  case labels(student: [String], teacher: [String])
  case encoder(teacher: String, differences: [String])
  case windows
  case otherRun

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .input(let student, let teacher):
      "distillation: the teacher takes \(teacher), the student \(student); both must hear the same encoder"
    case .classes(let student, let teacher):
      "distillation: the teacher knows \(teacher) classes, the student is to learn \(student)"
    case .layer(let layer, let of): "distillation: the \(of) has no layer \(layer)"
    case .shapes(let student, let teacher, let mine, let theirs):
      "distillation: layer \(mine) of the student gives \(student), layer \(theirs) of the teacher \(teacher): their places "
        + "must be the same, channels may differ"
    case .labels(let student, let teacher):
      "distillation: the teacher's labels are \(teacher.joined(separator: ", ")), the student's "
        + student.joined(separator: ", ")
    case .encoder(let teacher, let differences):
      "distillation: the teacher '\(teacher)' hears another encoder (\(differences.joined(separator: "; "))); give the "
        + "recipe the teacher's encoder, or train a teacher with this one"
    case .otherRun: "distillation: the checkpoint belongs to another teacher"
    case .windows: "distillation: features and attention need whole sequences; take out window"
    }
  }
}
