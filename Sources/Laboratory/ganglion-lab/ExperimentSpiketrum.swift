import ArgumentParser
import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import OutputFiles

/// `ganglion-lab experiment spiketrum`: the sparse spike code of sound against other encoders, whole and disturbed.
struct ExperimentSpiketrum: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "spiketrum",
    abstract: "Spiketrum against other encoders on spoken digits, as recorded and with sound or spikes disturbed.",
    discussion: """
      Needs the recordings of the Free Spoken Digit Dataset (takes 0-4 test, 5-9 validation, the rest training), at 8 \
      kHz, each scaled to a peak of 1.

      snr: what spikes decode to when some are lost, moved in time, rounded to a few amplitudes, or made from noisy \
      sound. accuracy: the same network of leaky neurons, 120 inputs in steps of 10 ms, is trained on the spikes of \
      each encoder as recorded, then tested with spikes lost or moved, and with noisy or coarsely sampled sound. \
      Encoders that spike are brought to the same rate over the training part; currents have none and run once. Of \
      three settings for each encoder and rate the validation part chooses one, with a seed of its own.

      Every choice and every run is a line of DIR/spiketrum-robustness.ndjson as soon as it is done; what stands there \
      already is not repeated. DIR/spiketrum-robustness.md and the pictures beside it are made of all of them. \
      Intervals are 95 % by Student's t: over the seeds for accuracy, over the clips for SNR.

      Example: ganglion-lab experiment spiketrum --data ~/free-spoken-digit-dataset/recordings --results Samples/results

      \(ExitStatus.help)
      """)

  enum Part: String, CaseIterable, ExpressibleByArgument { case snr, accuracy }

  @Option(help: "Folder of the spoken digits.", completion: .directory) var data: String
  @Option(help: "Folder to write the tables, the pictures and the runs to.", completion: .directory) var results: String
  @Option(parsing: .upToNextOption, help: "Parts: snr, accuracy; both.") var parts: [Part] = Part.allCases
  @Option(
    parsing: .upToNextOption, help: "Encoders: \(EncoderArm.allCases.map(\.rawValue).joined(separator: ", ")); all.")
  var encoders: [EncoderArm] = EncoderArm.allCases
  @Option(parsing: .upToNextOption, help: "Spikes a second, all inputs together.") var rates: [Double] = [1000, 250]
  @Option(help: "How many seeds.") var seeds = 5
  @Option(help: "The first of them.") var firstSeed = 1
  @Option(help: "The seed that settings are chosen with.") var choiceSeed = 101
  @Option(help: "Epochs of a run; settings are chosen with half as many.") var epochs = 16
  @Option(help: "Clips of the test part that SNR is measured on, evenly spread.") var clips = 100
  @Option(help: "Threads to encode and train on; they change no figure.") var threads = 1
  @Flag(help: "Show every epoch on standard error.") var verbose = false

  func validate() throws {
    guard seeds > 0, firstSeed > 0, choiceSeed > 0 else { throw ValidationError("seeds must be at least 1") }
    guard threads > 0, clips > 0 else { throw ValidationError("--threads and --clips must be at least 1") }
    guard epochs > 1 else { throw ValidationError("--epochs must be at least 2") }
    guard rates.allSatisfy({ (1...2000).contains($0) }) else { throw ValidationError("--rates are 1 to 2000") }
  }

  func run() throws {
    let record = RunRecord<EncoderLine>(path: "\(results)/spiketrum-robustness.ndjson")
    var done = try record.read()
    if parts.contains(.snr) {
      for rate in [1000.0, 250] where !done.contains(where: { $0.snr?.spikesPerSecond == rate }) {
        for row in try rows(spikesPerSecond: rate) {
          done.append(EncoderLine(snr: row))
          try record.append(EncoderLine(snr: row))
        }
        try StandardOutput.shared.write(line: "SNR of \(Int(rate)) spikes a second: done")
      }
    }
    if parts.contains(.accuracy) {
      let task = try EncoderTask(folder: data, threads: threads)
      let seeds = UInt64(firstSeed)..<UInt64(firstSeed + seeds)
      for (place, rate) in rates.enumerated() {
        // Currents have no rate, so they run beside the first one only.
        for arm in encoders where arm.isSpiking || place == 0 {
          try run(arm, spikesPerSecond: arm.isSpiking ? rate : nil, seeds, task, record, &done)
        }
      }
    }
    let report = EncoderReport(lines: done)
    try OutputFile.write(report.markdown, to: "\(results)/spiketrum-robustness.md")
    try report.draw(to: results)
    try StandardOutput.shared.write(line: "wrote \(results)/spiketrum-robustness.md and its pictures")
  }

  private func rows(spikesPerSecond: Double) throws -> [EncoderLine.SNR] {
    let recordings = try DataSet(DataDescription(layout: .fsdd), folder: data, recipeFolder: data).split().test
    guard !recordings.isEmpty else {
      throw DataError.empty(folder: data, layout: "fsdd", expected: "takes 0 to 4 of the spoken digits")
    }
    let count = min(clips, recordings.count)
    let paths = (0..<count).map { recordings[$0 * recordings.count / count].path }
    var robustness = SpiketrumRobustness(
      quality: try SpiketrumQuality(paths: paths), spikesPerSecond: spikesPerSecond, seed: 1)
    return try robustness.rows().map {
      let statistics = SeedStatistics($0.clips)
      return .init(
        spikesPerSecond: spikesPerSecond, disturbance: $0.disturbance, strength: $0.strength,
        decibels: statistics.mean, halfWidth: statistics.halfWidth, clips: count, seed: 1)
    }
  }

  private func run(
    _ arm: EncoderArm, spikesPerSecond rate: Double?, _ seeds: Range<UInt64>, _ task: EncoderTask,
    _ record: RunRecord<EncoderLine>, _ done: inout [EncoderLine]
  ) throws {
    let name = arm.rawValue + (rate.map { " at \(Int($0)) spikes/s" } ?? "")
    func known() -> EncoderChoice? {
      done.compactMap(\.choice).first {
        $0.arm == arm && $0.spikesPerSecond == rate && $0.seed == UInt64(choiceSeed) && $0.epochs == epochs / 2
      }
    }
    if known() == nil {
      let choice = try task.choose(arm, spikesPerSecond: rate, seed: UInt64(choiceSeed), epochs: epochs / 2)
      done.append(EncoderLine(choice: choice))
      try record.append(EncoderLine(choice: choice))
      let tried = choice.validationAccuracies.map { Proportion.percent($0) }.joined(separator: ", ")
      try StandardOutput.shared.write(line: "\(name): three settings validate at \(tried) %")
    }
    guard let code = try known()?.code else { return }
    let open = seeds.filter { seed in
      !done.compactMap(\.run).contains {
        $0.arm == arm && $0.spikesPerSecond == rate && $0.seed == seed && $0.code == code
          && $0.validationAccuracies.count == epochs
      }
    }
    guard !open.isEmpty else { return }
    let heard = try task.hear(arm, code, spikesPerSecond: rate)
    for seed in open {
      let result = try heard.run(seed: seed, epochs: epochs) { epoch in
        guard verbose else { return }
        StandardError.write(
          "epoch \(epoch.epoch): loss \(fixed(epoch.trainLoss, 3)), "
            + "train \(Proportion.percent(epoch.trainAccuracy)) %, "
            + "validation \(Proportion.percent(epoch.validationAccuracy)) %\n")
      }
      done.append(EncoderLine(run: result))
      try record.append(EncoderLine(run: result))
      try StandardOutput.shared.write(
        line:
          "\(name), seed \(seed): \(Proportion.percent(result.accuracy)) %, "
          + "\(fixed(result.measuredSpikesPerSecond, 0)) a second, \(fixed(result.seconds, 1)) s")
    }
  }
}

extension EncoderArm: ExpressibleByArgument {}

/// One line of the experiment's record: exactly one of its parts is there.
struct EncoderLine: Codable {
  /// What disturbed spikes decode to.
  struct SNR: Codable {
    var spikesPerSecond: Double
    var disturbance: String
    var strength: Double
    /// Mean over the clips, and half its 95 % interval.
    var decibels: Double
    var halfWidth: Double?
    var clips: Int
    var seed: UInt64
  }

  var choice: EncoderChoice?
  var run: EncoderResult?
  var snr: SNR?
}
