import Learning
import Numerics
import Spiketrum
import SpikingNetworks

extension AttentionTask {
  /// The generated history task, with data of its own for each seed.
  public static func history(seed: UInt64) -> AttentionTask {
    let task = HistoryTask()
    return AttentionTask(
      name: "history", classes: HistoryTask.directions.count, input: task.shape,
      train: task.recordings(300, seed: 3 &* seed), validation: task.recordings(200, seed: 3 &* seed &+ 1),
      test: task.recordings(400, seed: 3 &* seed &+ 2), channels: 6, convolutions: [17, 8], forgetBias: 3,
      epochs: 20, rate: 0.006)
  }

  /// Spoken digits (FSDD, official split, training takes 10 to 21) forwards and backwards, encoded by Spiketrum: which
  /// digit, and which way. Both directions have the same frames.
  public static func spokenDirection(
    folder: String, threads: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws -> AttentionTask {
    var split = try DataSet(DataDescription(layout: .fsdd), folder: folder, recipeFolder: folder).split()
    let speakers = Set(split.train.map(\.group))
    split.train = split.train.filter { recording in
      let take = recording.path.split(separator: "_").last?.split(separator: ".").first.flatMap { Int($0) }
      return take.map { (10..<22).contains($0) } ?? false
    }
    guard !split.train.isEmpty, !split.test.isEmpty else {
      throw DataError.empty(
        folder: folder, layout: "fsdd",
        expected: "takes 0 to 21 of the spoken digits (\(speakers.count) speakers found)")
    }
    var configuration = SpiketrumConfiguration(sampleRate: 8000, channelCount: 40)
    configuration.lowestFrequency = 80
    configuration.highestFrequency = 3700
    configuration.spikesPerSecond = 1000
    configuration.silenceThreshold = 0.002
    configuration.binMicroseconds = 25_000
    let clips = try encodeAll(
      split.train.indices.filter { $0 % 5 == 0 }.map { split.train[$0] }, threads: threads, progress: { _, _ in },
      { _, recording in try RecordingEncoder.samples(recording, sampleRate: 8000) })
    configuration = try configuration.withStartingPrice(from: clips).withEvenLevels(3, from: clips)
    let encoder = try RecordingEncoder(sound: configuration)
    let recordings = split.train + split.validation + split.test
    let sequences = try encodeAll(recordings, threads: threads, progress: progress) { _, recording in
      try encoder.encode(recording)
    }
    func part(_ range: Range<Int>) -> TrainingSet {
      TrainingSet(
        variants: range.map { [sequences[$0]] }, targets: range.map { recordings[$0].label }
      ).withReversed(classes: split.labels.count)
    }
    let validationAt = split.train.count
    let testAt = validationAt + split.validation.count
    return spoken(
      classes: 2 * split.labels.count, train: part(0..<validationAt), validation: part(validationAt..<testAt),
      test: part(testAt..<recordings.count))
  }

  /// The spoken task with its recordings already encoded, in 40 channels of 3 levels.
  public static func spoken(
    classes: Int, train: TrainingSet, validation: TrainingSet, test: TrainingSet
  ) -> AttentionTask {
    AttentionTask(
      name: "spoken", classes: classes, input: [40, 1, 3], train: train, validation: validation, test: test,
      channels: 6, convolutions: [24, 6], forgetBias: 1, epochs: 12, rate: 0.01)
  }
}
