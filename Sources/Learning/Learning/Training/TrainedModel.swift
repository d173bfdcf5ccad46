import Foundation
import ModelFiles
import SpikingNetworks
import StreamSources

extension TrainingSession {
  /// The model file's contents: the weights that validated best, with everything needed to run and to make them again.
  public func model(_ trainer: Trainer, recipeText: String, seconds: Double) throws -> Model {
    let best = trainer.state.history[trainer.state.bestEpoch - 1]
    let made = try trainer.bestNetwork()
    var notes = [
      "bestEpoch": "\(best.epoch) of \(trainer.options.epochs)",
      "validationAccuracy": "\(best.validationAccuracy)",
      "parameters": "\(made.parameters.count)",
    ]
    if trainer.state.history.contains(where: { $0.density != nil }) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      notes[TrainingRecord.courseKey] = String(
        decoding: try encoder.encode(trainer.state.history.map(TrainingCourse.init)), as: UTF8.self)
    }
    for shares in AttentionShares.found(in: best.measurements ?? [:]) {
      notes[TrainingRecord.attentionKey(shares.layer, shares.map)] = shares.warning ?? shares.text
    }
    for (path, text) in lists { notes[TrainingRecord.listKey(path)] = text }
    if let leaveOut = recipe.data.leaveOut { notes["leaveOut"] = leaveOut }
    for setting in RecordingOptions.Setting.allCases {
      if let text = recipe.data.reading.text(of: setting) { notes[TrainingRecord.readingKey(setting)] = text }
    }
    let record = TrainingRecord(
      recipe: recipeText, seeds: [recipe.training.seed], data: recipe.data.layout.rawValue,
      split: "\(split.train.count) train, \(split.validation.count) validation, \(split.test.count) test",
      seconds: seconds.rounded(), notes: notes)
    return try Model(
      manifest: ModelManifest(
        name: recipe.name, labels: split.labels, network: made.description, encoder: recipe.encoder.configuration,
        decision: recipe.decision.configuration, training: record),
      network: made)
  }
}

extension Model {
  /// The same model with the result of a test in its training record.
  public func recording(_ evaluation: Evaluation) throws -> Model {
    var manifest = manifest
    let accuracy = evaluation.accuracy
    manifest.training.accuracy = accuracy.share
    manifest.training.accuracyInterval = [accuracy.interval.lowerBound, accuracy.interval.upperBound]
    manifest.training.testClips = accuracy.total
    return try Model(manifest: manifest, network: network)
  }
}

/// An epoch of a training that changed the network's structure, as a model keeps it.
public struct TrainingCourse: Codable, Sendable, Equatable {
  public let epoch: Int
  public let validation: Double
  public let density: Double
  public let turnover: Double

  init(_ record: EpochRecord) {
    func rounded(_ value: Double) -> Double { (value * 1e4).rounded() / 1e4 }
    epoch = record.epoch
    validation = rounded(record.validationAccuracy)
    density = rounded(record.density ?? 1)
    turnover = rounded(record.turnover ?? 0)
  }
}

extension TrainingRecord {
  package static func attentionKey(_ layer: String, _ map: String) -> String { "attention \(layer) \(map)" }

  /// What attention did when the network was trained, layer by layer.
  package var attention: [String] {
    notes.sorted { $0.key < $1.key }.filter { $0.key.hasPrefix("attention ") }.map(\.value)
  }

  static let courseKey = "course"

  /// How a network's structure changed while it was trained; empty where it did not.
  public var course: [TrainingCourse] {
    notes[Self.courseKey].flatMap { try? JSONDecoder().decode([TrainingCourse].self, from: Data($0.utf8)) } ?? []
  }

  static func readingKey(_ setting: RecordingOptions.Setting) -> String { "reading " + setting.rawValue }

  /// How the recordings that the model was trained with were read where their content does not say.
  public var reading: RecordingOptions {
    var options = RecordingOptions()
    for setting in RecordingOptions.Setting.allCases {
      if let text = notes[Self.readingKey(setting)] { _ = options.set(setting, to: text) }
    }
    return options
  }

  static func listKey(_ path: String) -> String { "list " + path }

  /// The list files that divided the data, by the path the recipe gives, so that a model alone can be evaluated.
  public var lists: [String: String] {
    let prefix = Self.listKey("")
    return Dictionary(
      uniqueKeysWithValues: notes.filter { $0.key.hasPrefix(prefix) }.map {
        (String($0.key.dropFirst(prefix.count)), $0.value)
      })
  }
}
