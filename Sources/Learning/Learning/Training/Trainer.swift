import Failures
import Foundation
import Numerics
import SpikingNetworks

/// The recordings of one part, encoded: variants of each, the unchanged one first.
public struct TrainingSet: Sendable {
  public var variants: [[SpikeSequence]]
  public var targets: [Int]
  /// Of each recording its part of a label, counted over all labels; nil where it has none. Empty where nothing is united.
  public var parts: [Int?] = []
  /// What encoding them met with.
  public var notes: [DataNote] = []

  public init(variants: [[SpikeSequence]], targets: [Int]) {
    self.variants = variants
    self.targets = targets
  }

  /// Of each recording whether it is among the first `count` of its class, all of them when nil.
  package func firstOfClass(_ count: Int?) -> [Bool] {
    var seen: [Int: Int] = [:]
    return targets.map { target in
      seen[target, default: 0] += 1
      return count.map { seen[target, default: 0] <= $0 } ?? true
    }
  }

  /// Up to `count` recordings spread over the whole set, unchanged.
  package func sample(_ count: Int) -> [SpikeSequence] {
    let stride = max(1, self.count / count)
    return self.variants.indices.filter { $0 % stride == 0 }.prefix(count).map { self.variants[$0][0] }
  }

  public var count: Int { targets.count }
}

/// Trains a network by back-propagation through time; every random choice follows from the seed, the epoch and the
/// sample's number, so that a run that was stopped goes on to the same weights as one that was not.
public final class Trainer {
  public let options: TrainingOptions
  public let augmentation: SpikeAugmentation
  public private(set) var network: Network<Float>
  public private(set) var state: TrainingState
  private let runner: BatchRunner<Float>
  private var optimiser: Optimiser<Float>
  private let train: TrainingSet
  private let validation: TrainingSet
  private let levels: Int
  private var structure: (any StructureLearner)?
  private let distiller: Distiller?
  private let isLabelled: [Bool]
  private var partsLoss: PartsLoss<Float>?
  /// Samples of this epoch of which augmentation left nothing.
  private var emptied = 0

  /// Whether a network can be trained as it is asked to: what `init` would refuse once everything is encoded.
  static func check(_ network: Network<Float>, _ options: TrainingOptions, teacher: Network<Float>?) throws {
    _ = try PartsLoss(network, options)
    if let structure = options.structure {
      _ = try ConnectionLearner(network, structure, seed: options.seed)
    }
    if let channels = options.channels {
      guard channels.interval <= options.epochs else {
        throw StructureError.tooShort(epochs: options.epochs, interval: channels.interval)
      }
      _ = try ChannelLearner(
        network, channels, sample: [], batchesInEpoch: 1, epochs: options.epochs, seed: options.seed)
    }
    if let distillation = options.distillation {
      let teacher = try distillation.joint.map { try Network<Float>($0, seed: options.seed) } ?? teacher
      _ = try Distiller(
        distillation, teacher: teacher, student: network, optimiser: options.optimiser,
        lanes: Lanes(count: 1, threads: 1), seed: options.seed)
    }
  }

  /// - Parameters:
  ///   - levels: inputs of one frequency channel of sound, 1 for events.
  ///   - teacher: the network that teaches, where distillation asks for one.
  ///   - isTeacherShuffled: whether the teacher's answers go to the wrong recordings: a control.
  ///   - resuming: a state to go on from.
  public init(
    network: Network<Float>, options: TrainingOptions, augmentation: SpikeAugmentation, train: TrainingSet,
    validation: TrainingSet, levels: Int, threads: Int, fingerprint: String, teacher: Network<Float>? = nil,
    isTeacherShuffled: Bool = false, resuming: TrainingState? = nil
  ) throws {
    guard train.count > 0 else { throw TrainingError.emptyPart(.train) }
    guard validation.count > 0 else { throw TrainingError.emptyPart(.validation) }
    try options.checkWindows(network.description)
    var network = network
    var connections: ConnectionLearner?
    if let structure = options.structure {
      connections = try ConnectionLearner(network, structure, seed: options.seed)
      connections?.begin(&network.parameters)
    }
    self.network = network
    self.options = options
    self.augmentation = augmentation
    self.train = train
    self.validation = validation
    self.levels = levels
    let lanes = Lanes(threads: threads)
    let teacherNetwork =
      try options.distillation?.joint.map { try Network<Float>($0, seed: options.seed &+ 1) } ?? teacher
    let distiller = try options.distillation.map {
      try Distiller(
        $0, teacher: teacherNetwork, student: network, optimiser: options.optimiser, lanes: lanes, seed: options.seed,
        isShuffled: isTeacherShuffled)
    }
    self.distiller = distiller
    isLabelled = train.firstOfClass(options.distillation?.labelled)
    let looksInside = distiller?.looksInside ?? false
    guard !looksInside || options.window == nil else { throw DistillationError.windows }
    partsLoss = try PartsLoss(network, options)
    runner = BatchRunner(
      network, lanes: lanes, windows: options.window, rates: options.loss.rates, keepsOutputs: looksInside)
    optimiser = Optimiser(options.optimiser, for: network)
    var channels = try options.channels.map {
      try ChannelLearner(
        network, $0, sample: train.sample($0.recordings),
        batchesInEpoch: (train.count + options.batch - 1) / options.batch, epochs: options.epochs, seed: options.seed)
    }
    if let resuming {
      guard resuming.parameters.count == network.parameters.count else { throw TrainingError.otherNetwork }
      if !resuming.exists.isEmpty {
        try connections?.resume(exists: resuming.exists, memory: resuming.structureMemory)
        try channels?.resume(exists: resuming.exists, memory: resuming.structureMemory)
      }
      try distiller?.resume(resuming.teacherMemory)
      state = resuming
      runner.parameters.array = resuming.parameters
      optimiser.first = resuming.first
      optimiser.second = resuming.second
      optimiser.steps = resuming.optimiserSteps
      structure = connections ?? channels
    } else {
      if let rate = options.beginning?.firingRate {
        FiringRates.scale(runner, network, to: rate, on: train.sample(64))
      }
      let begun = runner.parameters.array
      structure = connections ?? channels
      state = TrainingState(
        fingerprint: fingerprint, parameters: begun, first: optimiser.first, second: optimiser.second,
        average: begun, best: begun)
      state.exists = structure?.exists ?? []
      state.bestExists = state.exists
      state.structureMemory = structure?.memory ?? []
      state.teacherMemory = distiller?.memory ?? []
    }
  }

  public var isFinished: Bool { state.epochsDone >= options.epochs }

  private var batchesInEpoch: Int { (train.count + options.batch - 1) / options.batch }

  /// One epoch; `progress` is told the share of it that is done and the mean loss so far, and may stop it by returning
  /// false: the epoch then leaves no trace and nil is returned.
  public func runEpoch(
    progress: (_ done: Int, _ total: Int, _ loss: Double) -> Bool
  ) throws -> EpochRecord? {
    let epoch = state.epochsDone
    var random = RandomStream(seed: options.seed, purpose: "order", index: epoch)
    let order = TrainingOrder.drawn(targets: train.targets, balance: options.balance, &random)
    var lossSum = 0.0
    var right = 0
    var largestNorm = 0.0
    var average = state.average
    emptied = 0
    for batch in 0..<batchesInEpoch {
      let chosen = Array(order[batch * options.batch..<min((batch + 1) * options.batch, train.count)])
      let sequences = chosen.map { sample(at: $0, epoch: epoch) }
      let targets = chosen.map { train.targets[$0] }
      let seed = options.seed &+ UInt64(epoch * batchesInEpoch + batch) &* 0x2545_f491_4f6c_dd1d
      runner.forward(sequences, training: true, seed: seed)
      let outcome = options.loss.apply(runner, targets: targets)
      let step = epoch * batchesInEpoch + batch
      let total = options.epochs * batchesInEpoch
      if let distiller {
        let labelled = chosen.map { isLabelled[$0] }
        lossSum += distiller.teach(
          runner, sequences, targets: targets, isLabelled: labelled, of: total, seed: seed)
        lossSum += zip(outcome.losses, labelled).reduce(0) { $0 + $1.0 * distiller.labelWeight(isLabelled: $1.1) }
      } else {
        lossSum += outcome.lossSum
      }
      lossSum += runner.rateLoss
      if let added = partsLoss?.apply(runner, parts: chosen.map { train.parts.isEmpty ? nil : train.parts[$0] }) {
        lossSum += added
        runner.addToOutputGradient = { [partsLoss] layer, gradient in
          if let partsLoss, layer == partsLoss.layer { partsLoss.add(to: gradient) }
        }
      }
      right += zip(outcome.classes, targets).count { $0 == $1 }
      runner.backward()
      structure?.willStep(runner, step: step, of: total)
      let norm = optimiser.step(runner, of: total)
      structure?.didStep(runner, &optimiser, step: step, of: total)
      guard norm.isFinite, lossSum.isFinite else {
        throw TrainingError.diverged(epoch: epoch + 1, batch: batch + 1, rate: options.optimiser.rate)
      }
      largestNorm = max(largestNorm, norm)
      updateAverage(&average)
      let done = min((batch + 1) * options.batch, train.count)
      guard progress(done, train.count, lossSum / Double(done)) else { return try restore() }
    }
    return finishEpoch(
      lossSum: lossSum, right: right, largestNorm: largestNorm, average: average)
  }

  private func sample(at index: Int, epoch: Int) -> SpikeSequence {
    var random = RandomStream(seed: options.seed, purpose: "sample \(epoch)", index: index)
    let variants = train.variants[index]
    let chosen = variants[random.integer(below: variants.count)]
    let changed = augmentation.apply(chosen, levels: levels, random: &random)
    if let part = changed.activePart() { return part }
    if !chosen.channels.isEmpty { emptied += 1 }
    return chosen
  }

  private func updateAverage(_ average: inout [Float]) {
    guard options.averaging > 0 else { return }
    // Young averages must forget their random beginning faster than old ones.
    let keep = Float(min(options.averaging, Double(1 + optimiser.steps) / Double(10 + optimiser.steps)))
    let current = runner.parameters.base
    for index in average.indices { average[index] = keep * average[index] + (1 - keep) * current[index] }
    guard let exists = structure?.exists else { return }
    for index in average.indices where !exists[index] { average[index] = 0 }
  }

  private func restore() throws -> EpochRecord? {
    try structure?.resume(exists: state.exists, memory: state.structureMemory)
    try distiller?.resume(state.teacherMemory)
    runner.parameters.array = state.parameters
    optimiser.first = state.first
    optimiser.second = state.second
    optimiser.steps = state.optimiserSteps
    return nil
  }

  private func finishEpoch(lossSum: Double, right: Int, largestNorm: Double, average: [Float]) -> EpochRecord {
    let current = runner.parameters.array
    let judged = options.averaging > 0 ? average : current
    runner.parameters.array = judged
    let validated = evaluate(validation)
    runner.parameters.array = current
    var record = EpochRecord(
      epoch: state.epochsDone + 1, trainLoss: lossSum / Double(train.count),
      trainAccuracy: Double(right) / Double(train.count), validationLoss: validated.loss,
      validationAccuracy: validated.accuracy, gradientNorm: largestNorm, firingRates: validated.firingRates,
      measurements: validated.measurements.isEmpty ? nil : validated.measurements)
    record.emptied = emptied > 0 ? emptied : nil
    record.density = structure?.density
    record.turnover = structure?.takeTurnover()
    // A network that is still too large is no candidate once there is one that is not.
    let counts = structure?.isFinal ?? true
    let replaces =
      state.bestEpoch == 0
      || (counts == state.isBestFinal ? record.isBetter(than: state.history[state.bestEpoch - 1]) : counts)
    if replaces {
      state.best = judged
      state.bestEpoch = record.epoch
      state.isBestFinal = counts
      state.bestExists = structure?.exists ?? []
    }
    state.exists = structure?.exists ?? []
    state.structureMemory = structure?.memory ?? []
    state.teacherMemory = distiller?.memory ?? []
    state.history.append(record)
    state.parameters = current
    state.first = optimiser.first
    state.second = optimiser.second
    state.optimiserSteps = optimiser.steps
    state.average = judged
    return record
  }

  /// What a set gives.
  public struct Outcome: Sendable, Equatable {
    public var loss: Double
    public var accuracy: Double
    public var firingRates: [Double]
    public var measurements: [String: Double]
    public var classes: [Int]
  }

  /// Loss, accuracy, firing rates and what else layers tell on unchanged recordings, with running statistics and without
  /// dropout.
  public func evaluate(_ set: TrainingSet) -> Outcome {
    var lossSum = 0.0
    var right = 0
    var classes: [Int] = []
    let spiking = runner.layers.indices.filter { runner.layers[$0].role == .neurons && runner.layers[$0].emitsSpikes }
    var sums = [Double](repeating: 0, count: spiking.count)
    var places = sums
    var measurements: [String: Double] = [:]
    for start in stride(from: 0, to: set.count, by: 64) {
      let range = start..<min(start + 64, set.count)
      runner.forward(range.map { set.variants[$0][0] }, training: false)
      let outcome = options.loss.apply(runner, targets: Array(set.targets[range]))
      lossSum += outcome.lossSum
      right += zip(outcome.classes, set.targets[range]).count { $0 == $1 }
      classes += outcome.classes
      for (place, layer) in spiking.enumerated() {
        let activity = runner.activity(ofLayer: layer)
        sums[place] += activity.sum
        places[place] += Double(activity.count)
      }
      for layer in runner.layers.indices {
        for (name, value) in runner.measurements(ofLayer: layer) {
          measurements["\(layer).\(name)", default: 0] += value * Double(range.count) / Double(set.count)
        }
      }
    }
    let rates = zip(sums, places).map { $1 > 0 ? $0 / $1 : 0 }
    return Outcome(
      loss: lossSum / Double(set.count), accuracy: Double(right) / Double(set.count), firingRates: rates,
      measurements: measurements, classes: classes)
  }

  /// The network with the weights that validated best; without the channels that are out.
  public func bestNetwork() throws(NetworkError) -> Network<Float> {
    var best = network
    best.parameters = state.best
    return try structure?.finished(best, exists: state.bestExists) ?? best
  }
}

/// Why training stopped.
public enum TrainingError: ReportedError, Equatable {
  case emptyPart(DataPart)
  case otherNetwork
  case diverged(epoch: Int, batch: Int, rate: Double)
  case windowedNormalisation(layer: [Int])
  case noUnion
  case partsBesideOthers
  case windowBesideStride(steps: Int, stride: Int)

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .noUnion:
      "loss.parts is for a network whose last layer is a union, and this one has none; add one, or take parts out"
    case .partsBesideOthers:
      "loss.parts goes neither with window nor with a teacher whose layers are compared; take one of them out"
    case .emptyPart(let part): "the split leaves no recordings for the \(part.rawValue) part"
    case .otherNetwork: "the training state belongs to another network"
    case .diverged(let epoch, let batch, let rate):
      "training diverged in epoch \(epoch), batch \(batch): the loss or its gradient is no number any more; "
        + "lower the rate (\(rate)) or set clip"
    case .windowedNormalisation(let layer):
      "window: batch normalisation (layer \(layer.map(String.init).joined(separator: ", inside it "))) takes its statistics "
        + "from whole recordings, of which a window is only a part; take out window, or the batchNorm layers"
    case .windowBesideStride(let steps, let stride):
      "window: \(steps) steps end within a step of the output, for which the layers' frames take \(stride) steps; "
        + "write a multiple of \(stride)"
    }
  }
}

extension TrainingOptions {
  /// Refuses windows of time for a network whose statistics would be those of a window, or whose steps of output they cut.
  func checkWindows(_ network: NetworkDescription) throws(TrainingError) {
    guard let window else { return }
    if let layer = network.firstNormalisation { throw .windowedNormalisation(layer: layer) }
    guard network.fits(window) else { throw .windowBesideStride(steps: window.steps, stride: network.timeStride) }
  }
}
