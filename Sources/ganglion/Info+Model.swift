import Foundation
import Pipelines
import SpikingNetworks

extension Info {
  /// Whether a file begins as safetensors do: the length of a JSON header, then its brace.
  func isModel(_ path: String) throws -> Bool {
    guard let file = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? file.close() }
    var isFolder: ObjCBool = false
    // Reading from a pipe would take its bytes away from whoever reads it next.
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder.boolValue,
      let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType,
      kind == .typeRegular, let head = try file.read(upToCount: 9), head.count == 9
    else { return false }
    let length = head.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return head[8] == UInt8(ascii: "{") && length < 1 << 32
  }

  func printModel() throws {
    let model = try Model(reading: file)
    if json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      print(String(decoding: try encoder.encode(model.manifest), as: UTF8.self))
    } else {
      print(text(model), terminator: "")
    }
  }

  private func text(_ model: Model) -> String {
    let manifest = model.manifest
    let training = manifest.training
    var lines: [(String, String)] = [
      ("file", file), ("model", manifest.name), ("perceives", manifest.sense.rawValue), ("encoder", encoder(manifest)),
      ("labels", manifest.labels.joined(separator: ", ")),
      (
        "decides",
        "over \(seconds(manifest.decision.windowMicroseconds)) s, from a score of "
          + fixed(manifest.decision.defaultThreshold, 2) + " on"
      ),
    ]
    for (number, task) in (manifest.tasks ?? []).enumerated() {
      lines.append((number == 0 ? "tasks" : "", "\(task.name): \(Self.text(task))"))
    }
    if let split = training.split { lines.append(("trained on", split + (training.data.map { " (\($0))" } ?? ""))) }
    if let accuracy = training.accuracy, training.accuracyInterval?.count == 2, let bounds = training.accuracyInterval {
      let interval = bounds.map { fixed(100 * $0, 1) }.joined(separator: " to ")
      lines.append(
        ("tested", "\(fixed(100 * accuracy, 1)) % (\(interval)) of \(training.testClips.map { "\($0)" } ?? "?")"))
    }
    if !training.seeds.isEmpty {
      lines.append(("seed", training.seeds.map { "\($0)" }.joined(separator: ", ")))
    }
    lines.append(("SHA-256", manifest.sha256))
    return lines.map { "\(padded($0.0, 10)) \($0.1)\n" }.joined() + "\n" + model.network.summary().text + "\n"
  }

  private static func text(_ task: ModelTask) -> String {
    let learnt = task.recordings.map { ", from \($0) recordings" } ?? ""
    let accuracy = task.accuracy.map {
      ", \(fixed(100 * $0, 1)) %" + (task.testRecordings.map { " of \($0) kept aside" } ?? "")
    }
    return task.labels.joined(separator: ", ") + learnt + (accuracy ?? "")
  }

  private func encoder(_ manifest: ModelManifest) -> String {
    switch manifest.encoder {
    case .spiketrum(let encoder):
      let range = encoder.dynamicRangeDecibels.map { " within \(fixed($0, 0)) dB of the peak" } ?? ""
      return "spiketrum version \(encoder.version): \(encoder.sampleRate) Hz, \(encoder.channelCount) channels x "
        + "\(encoder.levels) levels, "
        + "up to \(fixed(encoder.spikesPerSecond, 0)) spikes a second\(range), steps of "
        + "\(encoder.binMicroseconds / 1000) ms"
    case .events(let binning):
      return "events of a sensor of \(binning.sensor), steps of \(binning.binMicroseconds / 1000) ms"
    }
  }
}
