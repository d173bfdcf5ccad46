import CommandSupport
import Foundation
import Learning
import ModelFiles
import OutputFiles
import Recognition
import SpikingNetworks
import StreamSources

extension Info {
  /// Whether a file begins as safetensors do: the length of a JSON header, then its brace.
  func isModel(_ path: String) -> Bool {
    // Opening a pipe would take its writer away from whoever reads it next.
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let file = FileHandle(forReadingAtPath: path)
    else { return false }
    defer { try? file.close() }
    guard let head = try? file.read(upToCount: 9), head.count == 9 else { return false }
    let length = head.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return head[8] == UInt8(ascii: "{") && length < 1 << 32
  }

  func printModel() throws {
    let model = try Model(reading: file)
    let notes = ReadingNotes()
    let activity =
      on.isEmpty
      ? nil
      : try SynapticActivity(
        model, recordings: on, reading: RecordingOptions(events: input.readingOptions()).with(fit), notes: notes)
    for note in notes.lines { StandardError.report(note) }
    if json {
      let described = try activity.map {
        try jsonText(Described(manifest: model.manifest, activity: $0), isPretty: true)
      }
      try StandardOutput.shared.write(line: described ?? jsonText(model.manifest, isPretty: true))
    } else {
      try StandardOutput.shared.write(text(model) + (activity.map { "\n" + text($0) } ?? ""))
    }
  }

  /// A manifest with what was counted on recordings.
  private struct Described: Encodable {
    let manifest: ModelManifest
    let activity: SynapticActivity

    enum CodingKeys: CodingKey { case activity }

    func encode(to encoder: any Encoder) throws {
      try manifest.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(activity, forKey: .activity)
    }
  }

  private func text(_ activity: SynapticActivity) -> String {
    func row(_ cells: [String]) -> String {
      let widths = [16, 10, 10, 14, 18, 12, 12, 14]
      return padded(cells[0], widths[0]) + zip(cells, widths).dropFirst().map { right($0.0, $0.1) }.joined()
    }
    var lines = [
      "on \(on.count) recording\(on.count == 1 ? "" : "s"), \(fixed(activity.seconds, 1)) s, a step of each layer:",
      row(["layer", "active", "graded", "additions", "multiplications", "functions", "nJ", "all active"]),
    ]
    for layer in activity.layers {
      let work = layer.synapses + layer.units
      let hasSynapses = layer.places > 0
      lines.append(
        row([
          "\(layer.index) \(layer.kind)", hasSynapses ? fixed(100 * layer.activeInputs, 1) + " %" : "",
          hasSynapses ? fixed(100 * layer.gradedInputs, 1) + " %" : "", fixed(work.additions, 0),
          fixed(work.multiplications, 0), fixed(work.functions, 0), fixed(layer.nanojoules, 2),
          "\(Int(layer.fullOperations.rounded()))",
        ]))
    }
    let energy = activity.nanojoulesEachSecond
    func microjoules(_ nanojoules: Double) -> String { fixed(nanojoules / 1000, nanojoules < 10 ? 5 : 2) + " uJ" }
    lines.append(
      "network: \(fixed(activity.operationsEachSecond / 1e6, 2)) million synaptic operations a second, about "
        + "\(microjoules(energy.synapses)) a second; with what is done for every unit "
        + "\(microjoules(energy.synapses + energy.units))")
    if let encoder = activity.encoder {
      let operations =
        switch encoder.kind {
        case .filterBank: "filter bank, \(fixed(encoder.multiplications / 1e6, 2)) million multiplications"
        case .matchingPursuit: "matching pursuit, \(fixed(encoder.multiplications / 1e6, 2)) million multiplications"
        case .eventBinning: "event binning, \(fixed(encoder.integerAdditions, 0)) whole-number additions"
        }
      lines.append("encoder: \(operations) a second, about \(microjoules(energy.encoder)) a second")
    }
    lines.append(
      "beside: the synapses of a network of this shape that does not spike and lacks no weight, "
        + "\(microjoules(energy.full)) a second")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func text(_ decision: DecisionConfiguration, labels: [String]) -> String {
    guard let stream = decision.stream else {
      return "over \(seconds(decision.windowMicroseconds)) s, from a score of " + fixed(decision.defaultThreshold, 2)
        + " on"
    }
    let thresholds = labels.map { "\($0) \(fixed(decision.threshold(of: $0), 4))" }.joined(separator: ", ")
    return "in streams, over \(seconds(stream.scoreMicroseconds)) s, from scores of \(thresholds) on; each rests for "
      + "\(seconds(stream.restMicroseconds)) s, none comes in the first \(seconds(stream.warmUpMicroseconds)) s"
      + (stream.isExclusive == true ? "; at most one is true at a time" : "")
      + (stream.releaseShare.map { "; told once until its score is below \(fixed($0, 2)) of that" } ?? "")
  }

  private func text(_ model: Model) -> String {
    let manifest = model.manifest
    let training = manifest.training
    var lines: [(String, String)] = [
      ("file", FileNames.shown(file)), ("model", manifest.name), ("perceives", manifest.sense.rawValue),
      ("encoder", encoder(manifest)),
      ("labels", manifest.labels.joined(separator: ", ")),
      ("decides", Self.text(manifest.decision, labels: manifest.labels)),
    ]
    if let stream = manifest.decision.stream {
      for (number, sensitivity) in stream.sensitivities.enumerated() {
        lines.append((number == 0 ? "measured" : "", stream.text(sensitivity)))
      }
    }
    for (number, task) in (manifest.tasks ?? []).enumerated() {
      lines.append((number == 0 ? "tasks" : "", "\(task.name): \(Self.text(task))"))
    }
    if let split = training.split { lines.append(("trained on", split + (training.data.map { " (\($0))" } ?? ""))) }
    if let accuracy = training.accuracy, training.accuracyInterval?.count == 2, let bounds = training.accuracyInterval {
      let interval = bounds.map { fixed(100 * $0, 1) }.joined(separator: " to ")
      lines.append(
        ("tested", "\(fixed(100 * accuracy, 1)) % (\(interval)) of \(training.testClips.map { "\($0)" } ?? "?")"))
    }
    for text in training.attention { lines.append(("attention", text)) }
    if !training.seeds.isEmpty {
      lines.append(("seed", training.seeds.map { "\($0)" }.joined(separator: ", ")))
    }
    lines.append(("weights", weights(model)))
    if model.network.timeStride > 1 {
      let step = manifest.encoder.stepMicroseconds
      lines.append(
        (
          "answers",
          "every \(fixed(Double(step * Int64(model.network.timeStride)) / 1000, 1)) ms, \(model.network.timeStride) steps of the "
            + "encoder"
        ))
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

  /// How many weights there are, layer by layer where some are missing, and what the file takes.
  private func weights(_ model: Model) -> String {
    let blocks = model.network.named.filter { $0.specification.role == .weight }.map { block in
      (block.name, block.range.count { model.network.parameters[$0] != 0 }, block.range.count)
    }
    let (present, places) = (blocks.reduce(0) { $0 + $1.1 }, blocks.reduce(0) { $0 + $1.2 })
    let bytes = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    var text =
      "\(present) of \(places) (\(fixed(100 * Double(present) / Double(max(places, 1)), 1)) %), \(bytes) bytes on disk"
    guard present < places else { return text }
    for (name, present, places) in blocks {
      text += "\n\(padded("", 10)) \(name): \(fixed(100 * Double(present) / Double(places), 1)) % of \(places)"
    }
    return text
  }

  private func encoder(_ manifest: ModelManifest) -> String {
    switch manifest.encoder {
    case .sound(let encoding): return encoding.summary
    case .events(let binning):
      return "events of a sensor of \(binning.sensor), steps of \(binning.binMicroseconds / 1000) ms"
    }
  }
}
