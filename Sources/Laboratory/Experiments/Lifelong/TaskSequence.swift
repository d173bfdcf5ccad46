import Learning
import Numerics
import Spiketrum
import SpikingNetworks

/// Tasks of real recordings that come one after another, encoded.
public struct TaskSequence: Sendable {
  /// What the tasks are.
  public enum Kind: String, CaseIterable, Sendable, Codable {
    /// Spoken digits, two new ones in each of five tasks.
    case digits
    /// Ten spoken digits, a new speaker in each task.
    case speakers
    /// Speech commands, two new words in each of five tasks.
    case words
  }

  public struct Task: Sendable {
    public var name: String
    /// Outputs that stand for the task's labels.
    public var outputs: [Int]
    public var train: [TaskSample] = []
    public var validation: [TaskSample] = []
    public var test: [TaskSample] = []
  }

  public let kind: Kind
  public let labels: [String]
  public var tasks: [Task]
  /// Inputs of a step.
  public let inputs: Int
  public let levels: Int
  /// The largest value an input can have in a step.
  public let largestInput: Float

  public init(kind: Kind, labels: [String], tasks: [Task], inputs: Int, levels: Int, largestInput: Float) {
    self.largestInput = largestInput
    self.kind = kind
    self.labels = labels
    self.tasks = tasks
    self.inputs = inputs
    self.levels = levels
  }

  /// Reads and encodes the recordings of a folder: of the Free Spoken Digit Dataset for digits and speakers, of Speech
  /// Commands for words. The encoder is fitted to the first task's training recordings only.
  public init(
    _ kind: Kind, folder: String, threads: Int,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws {
    let split = try Self.split(kind, folder: folder)
    let speakers = Set((split.train + split.test).map(\.group)).sorted()
    func task(of recording: Recording) -> Int {
      kind == .speakers ? speakers.firstIndex(of: recording.group) ?? 0 : recording.label / 2
    }
    let isSpeech = kind == .words
    let rate = isSpeech ? 16_000 : 8_000
    var configuration = SpiketrumConfiguration(sampleRate: rate, channelCount: 40)
    configuration.lowestFrequency = 80
    configuration.highestFrequency = isSpeech ? 7_000 : 3_700
    configuration.spikesPerSecond = isSpeech ? 2_000 : 1_000
    configuration.silenceThreshold = isSpeech ? 0.001 : 0.002
    configuration.binMicroseconds = 25_000
    configuration.dynamicRangeDecibels = isSpeech ? 30 : nil
    let first = split.train.filter { task(of: $0) == 0 }
    let stride = max(1, first.count / 100)
    let clips = try encodeAll(
      first.indices.filter { $0 % stride == 0 }.map { first[$0] }, threads: threads, progress: { _, _ in },
      { _, recording in try RecordingEncoder.samples(recording, sampleRate: rate) })
    configuration = try configuration.withStartingPrice(from: clips).withEvenLevels(3, from: clips)
    let encoder = try RecordingEncoder(sound: configuration)
    let recordings = split.train + split.validation + split.test
    let sequences = try encodeAll(recordings, threads: threads, progress: progress) { _, recording in
      try encoder.encode(recording)
    }
    let count = kind == .speakers ? speakers.count : split.labels.count / 2
    var tasks = (0..<count).map { number in
      let outputs = kind == .speakers ? Array(split.labels.indices) : [2 * number, 2 * number + 1]
      return Task(
        name: kind == .speakers
          ? speakers[number] : outputs.map { split.labels[$0] }.joined(separator: isSpeech ? "/" : ""),
        outputs: outputs)
    }
    for (index, recording) in recordings.enumerated() {
      let number = task(of: recording)
      let sample = TaskSample(variants: [sequences[index]], target: recording.label, task: number)
      if index < split.train.count {
        tasks[number].train.append(sample)
      } else if index < split.train.count + split.validation.count {
        tasks[number].validation.append(sample)
      } else {
        tasks[number].test.append(sample)
      }
    }
    self.init(
      kind: kind, labels: split.labels, tasks: tasks, inputs: encoder.shape.reduce(1, *), levels: encoder.levels,
      largestInput: Float(configuration.countClip))
  }

  /// FSDD: takes 0 to 4 test, 5 to 9 validation, 10 to 29 train. Speech Commands: no speaker in two parts.
  private static func split(_ kind: Kind, folder: String) throws -> DataSplit {
    guard kind == .words else {
      var split = try DataSet(DataDescription(layout: .fsdd), folder: folder, recipeFolder: folder).split()
      split.train = split.train.filter { recording in
        let take = recording.path.split(separator: "_").last?.split(separator: ".").first.flatMap { Int($0) }
        return take.map { $0 < 30 } ?? false
      }
      guard !split.train.isEmpty, !split.validation.isEmpty, !split.test.isEmpty else {
        throw DataError.empty(folder: folder, layout: "fsdd", expected: "takes 0 to 29 of the spoken digits")
      }
      return split
    }
    var description = DataDescription(layout: .folders)
    description.labels = ["yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go"]
    let found = try DataSet(description, folder: folder, recipeFolder: folder).split()
    var split = DataSplit(labels: found.labels)
    for recording in (found.train + found.validation + found.test).sorted(by: { $0.path < $1.path })
    where recording.path.hasSuffix(".wav") || recording.path.hasSuffix(".flac") || recording.path.hasSuffix(".ogg") {
      let name = recording.path.split(separator: "/").last ?? ""
      let speaker = String(name.split(separator: "_").first ?? name)
      let place = speaker.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 } >> 32 % 5
      let spoken = Recording(path: recording.path, label: recording.label, group: speaker)
      switch place {
      case 0: split.test.append(spoken)
      case 1: split.validation.append(spoken)
      default: split.train.append(spoken)
      }
    }
    return split
  }
}
