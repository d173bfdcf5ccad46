import Foundation
import Learning
import Numerics
import OutputFiles
import SpikingNetworks

/// The state of a training on streams on disk: written whole or not at all.
public struct StreamCheckpoint: Sendable {
  public let path: String

  public init(path: String) {
    self.path = path
  }

  /// What is no tensor.
  private struct Record: Codable {
    var fingerprint: String
    var steps: Int
    var mined: [SpeechPiece]
    var spans: [[Int]]
    var history: [StreamProgressRecord]
  }

  private static let key = "streams"

  func write(_ state: StreamTrainingState, fingerprint: String) throws {
    let record = Record(
      fingerprint: fingerprint, steps: state.steps, mined: state.findings.mined,
      spans: state.findings.spans.map { [$0.lowerBound, $0.upperBound] }, history: state.history)
    let text: Data
    do {
      text = try JSONEncoder().encode(record)
    } catch {
      throw CheckpointError(path: path, reason: "cannot be written: \(error)")
    }
    func tensor(_ values: [Float]) throws -> Tensor { try Tensor(shape: [values.count], values: values) }
    let file = Safetensors(
      tensors: [
        "parameters": try tensor(state.parameters), "first": try tensor(state.first),
        "second": try tensor(state.second), "average": try tensor(state.average),
      ], metadata: [Self.key: String(decoding: text, as: UTF8.self)])
    try OutputFile.write(file.encoded().bytes, to: path, isLasting: true)
  }

  /// The state on disk, or nil if there is none.
  ///
  /// - Throws: `CheckpointError` if it belongs to another recipe or is damaged.
  func read(fingerprint: String) throws -> StreamTrainingState? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let file: Safetensors
    do {
      file = try Safetensors(decoding: Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw CheckpointError(path: path, reason: "is damaged: \(error)")
    }
    guard let text = file.metadata[Self.key],
      let record = try? JSONDecoder().decode(Record.self, from: Data(text.utf8)),
      let parameters = file.tensors["parameters"]?.values, let first = file.tensors["first"]?.values,
      let second = file.tensors["second"]?.values, let average = file.tensors["average"]?.values,
      [first, second, average].allSatisfy({ $0.count == parameters.count }),
      record.spans.allSatisfy({ $0.count == 2 && $0[0] >= 0 && $0[0] <= $0[1] })
    else { throw CheckpointError(path: path, reason: "lacks a part of the training state") }
    guard record.fingerprint == fingerprint else {
      throw CheckpointError(path: path, reason: "was made by another recipe or with other data")
    }
    return StreamTrainingState(
      steps: record.steps, parameters: parameters, first: first, second: second, average: average,
      findings: StreamFindings(mined: record.mined, spans: record.spans.map { $0[0]..<$0[1] }), history: record.history)
  }
}
