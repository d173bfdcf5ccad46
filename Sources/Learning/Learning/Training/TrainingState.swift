import Failures
import Foundation
import Numerics
import OutputFiles
import SpikingNetworks

/// What one epoch gave.
public struct EpochRecord: Codable, Sendable, Equatable {
  public var epoch: Int
  public var trainLoss: Double
  public var trainAccuracy: Double
  public var validationLoss: Double
  public var validationAccuracy: Double
  /// Largest norm of a batch's gradient.
  public var gradientNorm: Double
  /// Mean output of each spiking layer: spikes a neuron and step.
  public var firingRates: [Double]
  /// Figures that layers give of themselves, such as the share of attention that is on, by layer and name.
  public var measurements: [String: Double]?
  /// Share that exists of what structure learning chooses from, and share of it that changed in this epoch.
  public var density: Double?
  public var turnover: Double?
  /// Samples of which augmentation left nothing, so that they were learnt unchanged; nil for none.
  public var emptied: Int?

  /// Whether this epoch is the better choice: accuracy first, then loss.
  public func isBetter(than other: EpochRecord) -> Bool {
    (validationAccuracy, -validationLoss) > (other.validationAccuracy, -other.validationLoss)
  }
}

/// Everything that training needs to go on: nothing else decides what follows.
public struct TrainingState: Sendable, Equatable {
  /// Digest of the recipe and the data it was made with; another one cannot be continued.
  public var fingerprint: String
  public var history: [EpochRecord] = []
  public var optimiserSteps = 0
  public var parameters: [Float]
  public var first: [Float]
  public var second: [Float]
  /// Running average of the parameters.
  public var average: [Float]
  public var best: [Float]
  public var bestEpoch = 0
  /// Whether the best epoch's network was as small as it has to be.
  public var isBestFinal = false
  /// For every parameter whether it exists, now and in the best epoch; empty where all do.
  public var exists: [Bool] = []
  public var bestExists: [Bool] = []
  /// What else structure learning needs to go on.
  public var structureMemory: [Float] = []
  /// What a teacher that learns along, and what compares layers with it, need to go on.
  public var teacherMemory: [Float] = []

  /// Number of epochs that are done.
  public var epochsDone: Int { history.count }
}

/// A training state on disk: written whole or not at all.
public struct Checkpoint {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  public func write(_ state: TrainingState) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let history = String(decoding: try encoder.encode(state.history), as: UTF8.self)
    func tensor(_ values: [Float]) throws -> Tensor { try Tensor(shape: [values.count], values: values) }
    let file = Safetensors(
      tensors: [
        "parameters": try tensor(state.parameters), "first": try tensor(state.first),
        "second": try tensor(state.second), "average": try tensor(state.average), "best": try tensor(state.best),
        "exists": try tensor(state.exists.map { $0 ? 1 : 0 }),
        "bestExists": try tensor(state.bestExists.map { $0 ? 1 : 0 }),
        "structureMemory": try tensor(state.structureMemory), "teacherMemory": try tensor(state.teacherMemory),
      ],
      metadata: [
        "fingerprint": state.fingerprint, "history": history, "optimiserSteps": String(state.optimiserSteps),
        "bestEpoch": String(state.bestEpoch), "isBestFinal": String(state.isBestFinal),
      ])
    try OutputFile.write(file.encoded().bytes, to: path, isLasting: true)
  }

  /// The state on disk, or nil if there is none.
  ///
  /// - Throws: `CheckpointError` if it belongs to another recipe or is damaged.
  public func read(fingerprint: String) throws -> TrainingState? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    let file: Safetensors
    do {
      file = try Safetensors(decoding: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw CheckpointError(path: path, reason: "is damaged: \(error)")
    }
    guard file.metadata["fingerprint"] == fingerprint else {
      throw CheckpointError(path: path, reason: "was made by another recipe or with other data")
    }
    guard
      let history = file.metadata["history"].flatMap({
        try? decoder.decode([EpochRecord].self, from: Data($0.utf8))
      }), let steps = file.metadata["optimiserSteps"].flatMap(Int.init),
      let bestEpoch = file.metadata["bestEpoch"].flatMap(Int.init), let parameters = file.tensors["parameters"]?.values,
      let first = file.tensors["first"]?.values, let second = file.tensors["second"]?.values,
      let average = file.tensors["average"]?.values, let best = file.tensors["best"]?.values,
      let exists = file.tensors["exists"]?.values, let bestExists = file.tensors["bestExists"]?.values,
      let memory = file.tensors["structureMemory"]?.values,
      let teacherMemory = file.tensors["teacherMemory"]?.values, let isBestFinal = file.metadata["isBestFinal"]
    else { throw CheckpointError(path: path, reason: "lacks a part of the training state") }
    return TrainingState(
      fingerprint: fingerprint, history: history, optimiserSteps: steps, parameters: parameters, first: first,
      second: second, average: average, best: best, bestEpoch: bestEpoch, isBestFinal: isBestFinal == "true",
      exists: exists.map { $0 != 0 }, bestExists: bestExists.map { $0 != 0 }, structureMemory: memory,
      teacherMemory: teacherMemory)
  }
}

/// A checkpoint that cannot be continued.
public struct CheckpointError: ReportedError, Equatable {
  public let path: String
  public let reason: String

  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  public var kind: FailureKind { .configuration }
  public var description: String {
    "\(path): the checkpoint \(reason); remove it (or give --restart) to begin anew"
  }
}
