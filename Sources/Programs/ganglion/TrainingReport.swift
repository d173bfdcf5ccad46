import CommandSupport
import Foundation
import Learning
import Numerics
import OutputFiles
import SpikingNetworks
import StreamSources

/// What training tells: every line on standard error and in a log beside the model.
struct TrainingReport {
  let path: String

  func begin(_ session: TrainingSession, recipePath: String) throws {
    let recipe = session.recipe
    let first = "recipe \((FileNames.shown(recipePath) as NSString).lastPathComponent), seed \(recipe.training.seed)\n"
    // In place of the log of an earlier training.
    try OutputFile.write(first, to: path)
    StandardError.write(first)
    try line(
      "recordings: \(session.split.train.count) train, \(session.split.validation.count) validation, "
        + "\(session.split.test.count) test" + (recipe.data.leaveOut.map { ", \($0) left out" } ?? ""))
    try line("network: \(session.network.parameters.count) parameters")
    try warn(session.remarks + session.split.notes.map(\.description))
  }

  /// What the network costs, with the density of input spikes that training has met.
  func summary(_ session: TrainingSession, train: TrainingSet) throws {
    let sequences = train.variants.flatMap { $0 }
    let places = sequences.reduce(0) { $0 + $1.steps * $1.width }
    let density = Double(sequences.reduce(0) { $0 + $1.channels.count }) / Double(max(places, 1))
    for row in session.network.summary(density: density).text.split(separator: "\n") { try line(String(row)) }
    if let window = session.recipe.training.window {
      try line(
        "back-propagation: windows of \(window.steps) steps, "
          + (window.truncated ? "truncated at their borders" : "computed again on the way back"))
    }
  }

  func resume(afterEpoch epoch: Int, of epochs: Int) throws {
    try line("going on after epoch \(epoch) of \(epochs)")
  }

  private func warn(_ texts: [String]) throws {
    for text in texts { try line("warning: \(text)") }
  }

  func encoded(train: TrainingSet, validation: TrainingSet, reading notes: ReadingNotes) throws {
    let sequences = train.variants.flatMap { $0 }
    let spikes = sequences.reduce(0) { $0 + $1.channels.count }
    let steps = sequences.reduce(0) { $0 + $1.steps }
    try line(
      "encoded: \(sequences.count) training sequences of \(steps / max(sequences.count, 1)) steps and "
        + "\(spikes / max(sequences.count, 1)) active inputs on average")
    try warn((train.notes + validation.notes).map(\.description))
    try tell(notes)
  }

  /// What readers of recordings took for granted, and what is odd about these.
  private func tell(_ notes: ReadingNotes) throws {
    for guess in notes.guesses { try line("guessed: \(guess)") }
    try warn(notes.findings)
  }

  /// - Parameter network: whose layers of neurons the rates are of.
  func epoch(_ record: EpochRecord, of network: NetworkDescription, isBest: Bool, seconds: Double) throws {
    let rates = record.firingRates.map { fixed($0, 3) }.joined(separator: " ")
    let measurements = (record.measurements ?? [:]).sorted { $0.key < $1.key }
    let measured = measurements.map { ", \($0.key) \(fixed($0.value, 3))" }.joined()
    try line(
      "epoch \(record.epoch): loss \(fixed(record.trainLoss, 4)), train \(Proportion.percent(record.trainAccuracy)) %, "
        + "validation \(Proportion.percent(record.validationAccuracy)) % (loss \(fixed(record.validationLoss, 4)))"
        + "\(isBest ? " best" : ""), gradient \(fixed(record.gradientNorm, 2)), rates \(rates)\(measured), \(fixed(seconds, 1)) s"
    )
    if let emptied = record.emptied {
      try warn(["augmentation left nothing of \(emptied) samples, which were learnt unchanged"])
    }
    for shares in AttentionShares.found(in: record.measurements ?? [:]) {
      if let warning = shares.warning { try line("warning: \(warning)") }
    }
    let mostSpikes = network.layers.compactMap { layer in
      if case .neurons(let neurons) = layer, neurons.output == .spikes { neurons.maximumSpikes } else { nil }
    }
    for (layer, rate) in record.firingRates.enumerated() {
      if rate < 0.001 {
        try line("warning: spiking layer \(layer) is nearly silent: raise its drive or lower the rate")
      }
      if rate > 0.9 * Double(mostSpikes[layer]) {
        try line("warning: spiking layer \(layer) is saturated: lower its drive or the rate")
      }
    }
  }

  func tested(_ evaluation: Evaluation, reading notes: ReadingNotes) throws {
    try tell(notes)
    try line("test: \(evaluation.accuracy.text) of \(evaluation.accuracy.total)")
    if evaluation.distinctAccuracy.total != evaluation.accuracy.total {
      try line(
        "test, identical recordings counted once: \(evaluation.distinctAccuracy.text) of "
          + "\(evaluation.distinctAccuracy.total)")
    }
  }

  func finish(modelPath: String, seconds: Double) throws {
    try line("wrote \((modelPath as NSString).lastPathComponent) after \(duration(seconds))")
  }

  private func line(_ text: String) throws {
    StandardError.write(text + "\n")
    try append(line: text, to: path)
  }
}
