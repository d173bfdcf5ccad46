import Events
import Foundation
import Learning
import Numerics
import Spiketrum
import SpikingNetworks

/// Encoded recordings that arms are compared on.
public struct TrialTask: Sendable {
  public var name: String
  public var input: [Int]
  public var labels: [String]
  public var train: TrainingSet
  public var validation: TrainingSet
  public var test: TrainingSet
  public var augmentation = SpikeAugmentation()
  /// Inputs of one frequency channel of sound, 1 for events.
  public var levels = 1

  public var classes: Int { labels.count }

  /// Share of right answers on unchanged recordings.
  public static func accuracy(_ network: Network<Float>, _ set: TrainingSet, threads: Int) -> Double {
    AttentionTask.evaluate(BatchRunner(network, lanes: Lanes(threads: threads)), set).accuracy
  }

  /// The least time a step of a running stream takes, of many turns through some test recordings: other work on the
  /// machine makes it no smaller.
  func stepMicroseconds(_ network: Network<Float>) -> Double {
    let frames = test.variants.prefix(20).flatMap { $0[0].frames }
    var state = network.makeState()
    var logits = [Float](repeating: 0, count: network.outputCount)
    var least = Double.infinity
    for _ in 0..<30 {
      let begin = ContinuousClock.now
      for frame in frames { network.step(frame, &state, logits: &logits) }
      least = min(least, (ContinuousClock.now - begin) / .microseconds(1) / Double(max(frames.count, 1)))
    }
    return least
  }

  /// Spoken digits (FSDD): takes 0-4 are the test, 5-9 the validation and 10-29 the training part.
  public static func spoken(folder: String, threads: Int) throws -> TrialTask {
    var split = try DataSet(DataDescription(layout: .fsdd), folder: folder, recipeFolder: folder).split()
    split.train = split.train.filter { recording in
      let take = recording.path.split(separator: "_").last?.split(separator: ".").first.flatMap { Int($0) }
      return take.map { $0 < 30 } ?? false
    }
    return try sound("spoken", split, sampleRate: 8000, highest: 3700, threads: threads)
  }

  /// Spoken digits of one speaker after training on the others, once for each speaker; the next one validates.
  public static func unseen(folder: String, threads: Int) throws -> [() throws -> TrialTask] {
    let all = try DataSet(DataDescription(layout: .fsdd), folder: folder, recipeFolder: folder).split()
    let speakers = Set(all.train.map(\.group)).sorted()
    guard speakers.count > 2 else {
      throw DataError.empty(folder: folder, layout: "fsdd", expected: "recordings of three speakers or more")
    }
    return speakers.indices.map { index in
      {
        var description = DataDescription(layout: .fsdd)
        description.leaveOut = speakers[index]
        description.validateOn = speakers[(index + 1) % speakers.count]
        let split = try DataSet(description, folder: folder, recipeFolder: folder).split()
        return try sound("unseen \(speakers[index])", split, sampleRate: 8000, highest: 3700, threads: threads)
      }
    }
  }

  /// Ten spoken commands (Speech Commands), speakers apart: a speaker in ten validates, another is the test.
  public static func words(folder: String, threads: Int) throws -> TrialTask {
    let labels = ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"]
    var split = DataSplit(labels: labels)
    for (label, word) in labels.enumerated() {
      let path = "\(folder)/\(word)"
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path).sorted() else {
        throw DataError.missingFolder(path)
      }
      for name in names where name.hasSuffix(".wav") {
        let speaker = name.split(separator: "_").first.map(String.init) ?? name
        let recording = Recording(path: "\(path)/\(name)", label: label, group: speaker)
        switch speaker.utf8.reduce(UInt64(14_695_981_039_346_656_037), { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }) % 10
        {
        case 0: split.validation.append(recording)
        case 1: split.test.append(recording)
        default: split.train.append(recording)
        }
      }
    }
    return try sound("words", split, sampleRate: 16_000, highest: 7000, threads: threads)
  }

  private static func sound(
    _ name: String, _ split: DataSplit, sampleRate: Int, highest: Double, threads: Int
  ) throws -> TrialTask {
    for part in DataPart.allCases where split[part].isEmpty {
      throw DataError.empty(folder: name, layout: "recordings", expected: "some for the \(part.rawValue) part")
    }
    var configuration = SpiketrumConfiguration(sampleRate: sampleRate, channelCount: 40)
    configuration.lowestFrequency = 80
    configuration.highestFrequency = highest
    configuration.spikesPerSecond = sampleRate == 8000 ? 1000 : 2000
    configuration.silenceThreshold = 0.002
    configuration.binMicroseconds = 25_000
    let stride = max(1, split.train.count / 200)
    let clips = try encodeAll(
      split.train.indices.filter { $0 % stride == 0 }.map { split.train[$0] }, threads: threads,
      progress: { _, _ in }, { _, recording in try RecordingEncoder.samples(recording, sampleRate: sampleRate) })
    configuration = try configuration.withStartingPrice(from: clips).withEvenLevels(3, from: clips)
    let encoder = try RecordingEncoder(sound: configuration)
    func encoded(_ part: DataPart) throws -> TrainingSet {
      let sequences = try encodeAll(
        split[part], threads: threads, progress: { _, _ in }, { _, recording in try encoder.encode(recording) })
      return TrainingSet(variants: sequences.map { [$0] }, targets: split[part].map(\.label))
    }
    var task = TrialTask(
      name: name, input: encoder.shape, labels: split.labels, train: try encoded(.train),
      validation: try encoded(.validation), test: try encoded(.test))
    task.levels = encoder.levels
    return task
  }

  /// Handwritten digits before an event camera (N-MNIST in SLAYER's form).
  public static func eventDigits(folder: String, threads: Int) throws -> TrialTask {
    let split = try DataSet(DataDescription(layout: .slayer), folder: folder, recipeFolder: folder).split()
    let encoder = RecordingEncoder(
      events: EventBinningConfiguration(
        sensor: SensorGeometry(width: 34, height: 34), binMicroseconds: 50_000, downsampling: 2, mode: .counts,
        maximumCount: 4))
    func encoded(_ part: DataPart) throws -> TrainingSet {
      let sequences = try encodeAll(
        split[part], threads: threads, progress: { _, _ in }, { _, recording in try encoder.encode(recording) })
      return TrainingSet(variants: sequences.map { [$0] }, targets: split[part].map(\.label))
    }
    var task = TrialTask(
      name: "eventDigits", input: encoder.shape, labels: split.labels, train: try encoded(.train),
      validation: try encoded(.validation), test: try encoded(.test))
    task.augmentation.pixelShift = 1
    return task
  }

  /// The same with every recording as one still frame, the sum of its steps over their number, shown `steps` times.
  public func still(steps: Int) -> TrialTask {
    var task = self
    task.name = steps == ConversionTrials.steps ? "\(name) still" : "\(name) still, \(steps) steps"
    task.train = train.still(steps: steps)
    task.validation = validation.still(steps: steps)
    task.test = test.still(steps: steps)
    return task
  }
}

extension TrainingSet {
  /// The first recordings of each class.
  func limited(to count: Int?) -> TrainingSet {
    let isIn = firstOfClass(count)
    return TrainingSet(
      variants: variants.indices.filter { isIn[$0] }.map { variants[$0] },
      targets: targets.indices.filter { isIn[$0] }.map { targets[$0] })
  }

  func still(steps: Int) -> TrainingSet {
    TrainingSet(
      variants: variants.map { $0.map { $0.still(steps: steps) } }, targets: targets)
  }

  /// Without a share of every recording's spikes.
  func losing(_ share: Double, seed: UInt64) -> TrainingSet {
    var set = self
    for index in set.variants.indices {
      var random = RandomStream(seed: seed, purpose: "loss \(share)", index: index)
      set.variants[index] = [variants[index][0].losing(share, random: &random)]
    }
    return set
  }
}

extension SpikeSequence {
  /// The mean frame of the sequence, shown as often as asked for.
  func still(steps: Int) -> SpikeSequence {
    var sums: [UInt32: Float] = [:]
    for place in channels.indices { sums[channels[place], default: 0] += values[place] }
    let order = sums.keys.sorted()
    // Means are small: a step of most recordings has few spikes of one input.
    let scale = 4 / Float(max(self.steps, 1))
    let frame = order.map { (sums[$0] ?? 0) * scale }
    var sequence = SpikeSequence(shape: shape)
    for _ in 0..<steps { sequence.append(channels: order, values: frame) }
    return sequence
  }

  /// The first frame, shown as often as asked for.
  func shown(steps: Int) -> SpikeSequence {
    var sequence = SpikeSequence(shape: shape)
    let first = range(ofStep: 0)
    for _ in 0..<steps { sequence.append(channels: Array(channels[first]), values: Array(values[first])) }
    return sequence
  }
}
