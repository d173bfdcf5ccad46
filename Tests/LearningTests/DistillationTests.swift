import Foundation
import Numerics
import SpikingNetworks
import Testing

@testable import Experiments
@testable import Learning

@Suite("Learning from a teacher")
struct DistillationTests {
  private let student = NetworkDescription(
    input: [8],
    layers: [
      .dense(.init(units: 12, taps: 2)), .batchNorm(.init()), .neurons(.init(decay: 0.6)),
      .dense(.init(units: 2, bias: true)),
    ])
  private let teacher = NetworkDescription(
    input: [8],
    layers: [
      .dense(.init(units: 20, taps: 2)), .batchNorm(.init()), .relu, .dense(.init(units: 2, bias: true)),
    ])

  private func options(_ epochs: Int = 5, _ distillation: DistillationOptions? = nil) -> TrainingOptions {
    var options = TrainingOptions(epochs: epochs, batch: 8, seed: 4, optimiser: OptimiserDescription(rate: 0.02))
    options.distillation = distillation
    return options
  }

  private func trainer(
    _ description: NetworkDescription, _ options: TrainingOptions, teacher: Network<Float>? = nil,
    isShuffled: Bool = false, resuming: TrainingState? = nil
  ) throws -> Trainer {
    try Trainer(
      network: Network(description, seed: 5), options: options, augmentation: SpikeAugmentation(),
      train: groupsSet(60, seed: 1), validation: groupsSet(40, seed: 2), levels: 1, threads: 1, fingerprint: "",
      teacher: teacher, isTeacherShuffled: isShuffled, resuming: resuming)
  }

  private func trained(_ trainer: Trainer) throws -> (network: Network<Float>, accuracy: Double) {
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    return (try trainer.bestNetwork(), trainer.state.history.last?.validationAccuracy ?? 0)
  }

  @Test("soft targets cost nothing where both agree, and their gradient is that of the loss", arguments: [1.0, 2, 4])
  func softTargets(temperature: Double) {
    let mine = [0.3, -1.2, 2.0]
    let theirs = [1.1, 0.4, -0.7]
    #expect(abs(SoftTargets.loss(student: mine, teacher: mine, temperature: temperature).loss) < 1e-12)
    let found = SoftTargets.loss(student: mine, teacher: theirs, temperature: temperature)
    #expect(found.loss > 0)
    for index in mine.indices {
      var (above, below) = (mine, mine)
      above[index] += 1e-5
      below[index] -= 1e-5
      let difference =
        (SoftTargets.loss(student: above, teacher: theirs, temperature: temperature).loss
          - SoftTargets.loss(student: below, teacher: theirs, temperature: temperature).loss) / 2e-5
      #expect(abs(difference - found.gradient[index]) < 1e-7)
    }
  }

  @Test("a virtual teacher gives the right class its probability")
  func virtual() {
    let shares = SoftTargets.logSoftmax(SoftTargets.virtual(0.9, target: 1, of: 3), temperature: 1).map { exp($0) }
    #expect(zip(shares, [0.05, 0.9, 0.05]).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test("the first of each class keep their labels, as many as are asked for")
  func labelled() {
    let set = TrainingSet(variants: [[SpikeSequence]](repeating: [], count: 6), targets: [0, 1, 0, 0, 1, 1])
    #expect(set.firstOfClass(1) == [true, true, false, false, false, false])
    #expect(set.firstOfClass(2) == [true, true, true, false, true, false])
    #expect(set.firstOfClass(nil) == [Bool](repeating: true, count: 6))
  }

  @Test("attention looks at where, not at how much, and its gradient is that of the loss")
  func attention() {
    let mine: [Float] = [0.2, 0.7, 0.1, 0.4, 0.9, 0.3]
    let theirs: [Float] = [1, 0, 2, 0, 1, 3, 1, 1, 0]
    func loss(_ activity: [Float]) -> (loss: Double, gradient: [Float]) {
      AttentionMatch.loss(student: activity, teacher: theirs, places: 3, channels: 2, teacherChannels: 3, weight: 7)
    }
    let found = loss(mine)
    #expect(abs(loss(mine.map { $0 * 3 }).loss - found.loss) < 1e-6)
    for index in mine.indices {
      var (above, below) = (mine, mine)
      above[index] += 1e-2
      below[index] -= 1e-2
      let difference = (loss(above).loss - loss(below).loss) / Double(above[index] - below[index])
      #expect(abs(difference - Double(found.gradient[index])) < 2e-3)
    }
  }

  @Test("the gradient of compared features is that of the loss, and the matrix learns")
  func features() {
    func activity(_ values: [Float], channels: Int) -> MeanActivity {
      let buffer = Buffer<Float>()
      buffer.array = values
      return MeanActivity(buffer, shape: [2, channels], layout: BatchLayout(steps: [1]))
    }
    let mine: [Float] = [0.2, 0.7, 0.1, 0.4, 0.9, 0.3]
    let theirs = activity([1, 0.5, 0, 2], channels: 2)
    func loss(_ values: [Float]) -> (loss: Double, gradients: [[Float]]) {
      var match = FeatureMatch(student: 3, teacher: 2, seed: 1, index: 0)
      return match.match(activity(values, channels: 3), theirs, weight: 2, rate: 0)
    }
    let found = loss(mine)
    for index in mine.indices {
      var (above, below) = (mine, mine)
      above[index] += 1e-2
      below[index] -= 1e-2
      let difference = (loss(above).loss - loss(below).loss) / Double(above[index] - below[index])
      #expect(abs(difference - Double(found.gradients[0][index])) < 1e-3)
    }
    var match = FeatureMatch(student: 3, teacher: 2, seed: 1, index: 0)
    var course: [Double] = []
    for _ in 0..<200 { course.append(match.match(activity(mine, channels: 3), theirs, weight: 2, rate: 0.05).loss) }
    #expect(course[199] < course[0] / 20)
  }

  @Test("a student without labels learns from the teacher's answers, and nothing from shuffled ones")
  func answers() throws {
    let (network, accuracy) = try trained(trainer(teacher, options()))
    #expect(accuracy == 1)
    let distillation = DistillationOptions(weight: 1, temperature: 2)
    let taught = try trained(trainer(student, options(5, distillation), teacher: network)).accuracy
    #expect(taught == 1)
    let shuffled = try trained(trainer(student, options(5, distillation), teacher: network, isShuffled: true)).accuracy
    #expect(shuffled < 0.8)
  }

  @Test("layers are drawn to the teacher's", arguments: [true, false])
  func layers(isFeature: Bool) throws {
    let network = try trained(trainer(teacher, options())).network
    func loss(_ weight: Double) throws -> Double {
      var distillation = DistillationOptions(weight: 0, temperature: 2)
      let pairs = [DistillationOptions.Pair(student: 2, teacher: 2)]
      distillation.features = isFeature ? pairs : []
      distillation.attention = isFeature ? [] : pairs
      distillation.featureWeight = weight
      distillation.attentionWeight = weight
      let trained = try trained(trainer(student, options(8, distillation), teacher: network)).network
      // How far the student's attention over time, or its features by the best matrix, are from the teacher's.
      let runners = [trained, network].map { BatchRunner($0, lanes: Lanes(count: 1, threads: 1), keepsOutputs: true) }
      let set = groupsSet(40, seed: 7)
      for runner in runners { runner.forward(set.variants.map { $0[0] }, training: false) }
      let widths = runners.map { $0.layers[2].outputWidth }
      if isFeature {
        let activities = runners.map { runner in
          MeanActivity(runner.output(ofLayer: 2), shape: runner.layers[2].outputShape, layout: runner.layout)
        }
        var match = FeatureMatch(student: widths[0], teacher: widths[1], seed: 1, index: 0)
        var found = 0.0
        for _ in 0..<400 { found = match.match(activities[0], activities[1], weight: 1, rate: 0.02).loss }
        return found
      }
      let values = runners.map { $0.output(ofLayer: 2).array }
      return (0..<40).reduce(0) { sum, sample in
        let steps = runners[0].layout.steps(of: sample)
        let row = runners[0].layout.firstRow(of: sample)
        let maps = values.indices.map { Array(values[$0][row * widths[$0]..<(row + steps) * widths[$0]]) }
        return sum
          + AttentionMatch.loss(
            student: maps[0], teacher: maps[1], places: steps, channels: widths[0], teacherChannels: widths[1],
            weight: 1
          ).loss
      }
    }
    #expect(try loss(10) < 0.8 * loss(0))
  }

  @Test("a teacher that learns along teaches, and a stopped run goes on as one that was not")
  func joint() throws {
    var distillation = DistillationOptions(weight: 0.9, temperature: 2)
    distillation.joint = teacher
    distillation.labelled = 2
    distillation.features = [.init(student: 2, teacher: 2)]
    let unbroken = try trainer(student, options(6, distillation))
    let result = try trained(unbroken)
    #expect(result.accuracy == 1)
    let first = try trainer(student, options(6, distillation))
    for _ in 0..<2 { _ = try first.runEpoch { _, _, _ in true } }
    #expect(try first.runEpoch { done, total, _ in done < total / 2 } == nil)
    let resumed = try trainer(student, options(6, distillation), resuming: first.state)
    for trainer in [first, resumed] {
      _ = try trained(trainer)
      #expect(trainer.state == unbroken.state)
    }
  }

  @Test("teachers that do not fit are refused with both shapes")
  func refusals() throws {
    func error(_ distillation: DistillationOptions, _ teacher: NetworkDescription) -> String {
      do {
        _ = try trainer(student, options(1, distillation), teacher: Network(teacher, seed: 1))
        return ""
      } catch {
        return "\(error)"
      }
    }
    let plain = DistillationOptions()
    var pair = plain
    pair.attention = [.init(student: 9, teacher: 2)]
    #expect(error(plain, .init(input: [7], layers: [.dense(.init(units: 2))])).contains("takes [7], the student [8]"))
    #expect(error(plain, .init(input: [8], layers: [.dense(.init(units: 3))])).contains("knows 3 classes"))
    #expect(error(pair, teacher).contains("the student has no layer 9"))
  }

  @Test("a converted network approaches its original as it is given time, the sooner the better it is converted")
  func conversion() throws {
    let description = NetworkDescription(
      input: [8],
      layers: [
        .dense(.init(units: 30, bias: true)), .batchNorm(.init()), .relu, .dense(.init(units: 20, bias: true)), .relu,
        .dense(.init(units: 2, bias: true)),
      ])
    let original = try trained(trainer(description, options())).network
    let frames = groupsSet(40, seed: 8).variants.map { $0[0].still(steps: 1) }
    let weak = try original.converted(calibratedOn: frames, .weakest)
    let strong = try original.converted(calibratedOn: frames)
    #expect(weak.layers.filter { $0.emitsSpikes }.count == 2)
    func potentials(_ network: Network<Float>) -> [Double] {
      network.description.layers.compactMap { layer in
        if case .neurons(let neurons) = layer { neurons.initialPotential } else { nil }
      }
    }
    #expect(potentials(weak) == [0, 0] && potentials(strong) == [0.5, 0.5])
    func mean(_ network: Network<Float>, steps: Int) -> [Double] {
      let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
      runner.forward(frames.map { $0.shown(steps: steps) }, training: false)
      return (0..<80).map { place in
        (0..<steps).reduce(0.0) { $0 + Double(runner.logits.base[((place / 2) * steps + $1) * 2 + place % 2]) }
          / Double(steps)
      }
    }
    let wanted = mean(original, steps: 1)
    func error(_ steps: Int, _ network: Network<Float>) -> Double {
      zip(mean(network, steps: steps), wanted).reduce(0) { $0 + abs($1.0 - $1.1) } / 80
    }
    let scale = wanted.reduce(0) { $0 + abs($1) } / 80
    #expect(error(16, weak) < 0.25 * scale)
    #expect(error(512, weak) < 0.01 * scale)
    #expect(error(512, weak) < error(64, weak) && error(64, weak) < error(8, weak))
    #expect(error(4, strong) < 0.5 * error(4, weak))
    #expect(error(8, strong) < 0.5 * error(8, weak))
  }

  @Test("the threshold of a layer is the quantile asked for of what it gave above zero")
  func quantiles() throws {
    var network = try Network<Float>(
      NetworkDescription(input: [1], layers: [.dense(.init(units: 1)), .relu, .dense(.init(units: 1))]), seed: 1)
    network.parameters = [1, 3]
    // Two hundred different values, and as many that are not above zero.
    let frames = (-200...200).map { value in
      var sequence = SpikeSequence(shape: [1])
      sequence.append(channels: [0], values: [Float(value)])
      return sequence
    }
    func weights(_ conversion: Conversion) throws -> [Float] {
      try network.converted(calibratedOn: frames, conversion).parameters
    }
    #expect(try weights(.weakest) == [1 / 200, 3 * 200])
    #expect(try weights(Conversion(quantile: 0.99)) == [1 / 199, 3 * 199])
    #expect(try weights(Conversion(quantile: 0.5)) == [1 / 101, 3 * 101])
    #expect(Conversion() == Conversion(quantile: 0.99, initialPotential: 0.5))
  }

  @Test("layers of the same shape are taken over in order, others left")
  func beginning() throws {
    let other = try Network<Float>(student, seed: 77)
    var mine = try Network<Float>(
      NetworkDescription(
        input: [8],
        layers: [
          .dense(.init(units: 12, taps: 2)), .neurons(.init()), .dense(.init(units: 9)), .dense(.init(units: 2)),
        ]),
      seed: 1)
    let before = mine.parameters
    try mine.take(from: other)
    #expect(Array(mine.parameters[..<192]) == Array(other.parameters[..<192]))
    #expect(Array(mine.parameters[192...]) == Array(before[192...]))
    var stranger = try Network<Float>(
      NetworkDescription(input: [8], layers: [.dense(.init(units: 5))]), seed: 1)
    #expect(throws: ConversionError.nothingFits) { try stranger.take(from: other) }
  }
}
