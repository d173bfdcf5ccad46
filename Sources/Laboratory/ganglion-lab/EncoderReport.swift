import CommandSupport
import Experiments
import Foundation
import Learning
import Numerics
import Plotting

/// The tables and pictures of the comparison of encoders.
struct EncoderReport {
  let lines: [EncoderLine]

  /// One curve: an encoder at a rate.
  private struct Curve {
    var arm: EncoderArm
    var runs: [EncoderResult]

    /// Test accuracy, over the seeds, under a disturbance; nil where there is none.
    func accuracy(_ disturbance: EncoderDisturbance, _ strength: Double) -> SeedStatistics? {
      let values = runs.compactMap { run in
        run.points.first { $0.disturbance == disturbance && $0.strength == strength }?.accuracy
      }
      return values.isEmpty ? nil : SeedStatistics(values)
    }

    /// The same less that of another curve, seed by seed.
    func difference(_ other: Curve, _ figure: (EncoderResult) -> Double?) -> SeedStatistics? {
      let values = runs.compactMap { run -> Double? in
        guard let rival = other.runs.first(where: { $0.seed == run.seed }), let own = figure(run),
          let its = figure(rival)
        else { return nil }
        return own - its
      }
      return values.isEmpty ? nil : SeedStatistics(values)
    }
  }

  private static func name(_ arm: EncoderArm) -> String {
    switch arm {
    case .spiketrum: "Spiketrum"
    case .sendOnDelta: "send-on-delta"
    case .integrateAndFire: "LIF"
    case .latency: "latency"
    case .poisson: "Poisson"
    case .directCurrent: "gammatone currents"
    case .logMel: "log-mel currents"
    }
  }

  private static func name(_ disturbance: EncoderDisturbance) -> String {
    switch disturbance {
    case .loss: "spikes lost, %"
    case .jitter: "jitter, standard deviation in ms"
    case .noise: "white noise, SNR of the sound in dB"
    case .bits: "bits of a sample of the sound"
    }
  }

  /// A strength as it is written and drawn.
  private static func shown(_ disturbance: EncoderDisturbance, _ strength: Double) -> Double {
    disturbance == .loss ? 100 * strength : strength
  }

  private var rates: [Double] {
    Set(lines.compactMap { $0.run?.spikesPerSecond }).sorted(by: >)
  }

  /// The encoders at a rate, currents beside them.
  private func curves(_ rate: Double) -> [Curve] {
    EncoderArm.allCases.compactMap { arm in
      let runs = lines.compactMap(\.run).filter {
        $0.arm == arm && ($0.spikesPerSecond == rate || $0.spikesPerSecond == nil)
      }.sorted { $0.seed < $1.seed }
      return runs.isEmpty ? nil : Curve(arm: arm, runs: runs)
    }
  }

  // MARK: Tables

  var markdown: String {
    var text = [
      "# Spiketrum and other encoders, disturbed", "",
      "Made by `ganglion-lab experiment spiketrum --data FSDD --results Samples/results`; every run is a line of",
      "`spiketrum-robustness.ndjson`, with its seed and the encoder's settings. Spoken digits (FSDD, takes 0-4 test,",
      "5-9 validation, the rest training), 8 kHz, each clip scaled to a peak of 1.",
    ]
    for rate in rates { text += accuracyTables(rate) }
    text += snrTables
    return text.joined(separator: "\n") + "\n"
  }

  private func accuracyTables(_ rate: Double) -> [String] {
    let curves = curves(rate)
    var text = [
      "", "## Accuracy at \(Int(rate)) spikes a second", "",
      "Test accuracy in per cent, mean over the seeds with the 95 % interval (Student's t). One network for all:",
      "120 inputs in steps of 10 ms, two layers of 64 leaky neurons with delays, "
        + "\(curves.first?.runs.first?.parameters ?? 0) parameters. Trained on clips as recorded,",
      "tested as recorded and disturbed. Currents have no rate.", "",
      "| encoder | spikes/s heard in the test part | as recorded | epochs to 80 % in validation | "
        + "spikes a neuron and step | settings | seeds |", "|---|---|---|---|---|---|---|",
    ]
    for curve in curves {
      let epochs = curve.runs.compactMap { run in
        run.validationAccuracies.firstIndex { $0 >= 0.8 }.map { Double($0 + 1) }
      }
      let firing = SeedStatistics(curve.runs.map { $0.firingRates.reduce(0, +) / Double($0.firingRates.count) })
      text.append(
        "| \(Self.name(curve.arm)) | "
          + (curve.arm.isSpiking ? fixed(SeedStatistics(curve.runs.map(\.measuredSpikesPerSecond)).mean, 0) : "-")
          + " | \(SeedStatistics(curve.runs.map(\.accuracy)).percentText) | "
          + (epochs.count == curve.runs.count ? fixed(SeedStatistics(epochs).mean, 1) : "not all")
          + " | \(fixed(firing.mean, 3)) | \(curve.runs.first.map { Self.settings($0.code) } ?? "") "
          + "| \(curve.runs.count) |")
    }
    for disturbance in EncoderDisturbance.allCases {
      let strengths = disturbance.strengths
      text += [
        "",
        "| \(Self.name(disturbance)) | "
          + strengths.map { fixed(Self.shown(disturbance, $0), 0) }.joined(separator: " | ") + " |",
        "|---" + String(repeating: "|---", count: strengths.count) + "|",
      ]
      for curve in curves where curve.accuracy(disturbance, strengths[0]) != nil {
        let cells = strengths.map { curve.accuracy(disturbance, $0)?.percentText ?? "" }
        text.append("| \(Self.name(curve.arm)) | \(cells.joined(separator: " | ")) |")
      }
      if disturbance == .noise { text += ratesUnderNoise(curves) }
    }
    return text + differences(curves)
  }

  /// How far each encoder that spikes kept to its rate.
  private func ratesUnderNoise(_ curves: [Curve]) -> [String] {
    let rates = curves.filter(\.arm.isSpiking).compactMap { curve -> String? in
      let heard = curve.runs.compactMap { run in
        run.points.first { $0.disturbance == .noise && $0.strength == 10 }?.spikesPerSecond
      }
      return heard.isEmpty ? nil : "\(Self.name(curve.arm)) \(fixed(SeedStatistics(heard).mean, 0))"
    }
    return rates.isEmpty ? [] : ["", "Spikes a second heard at 10 dB: \(rates.joined(separator: ", "))."]
  }

  /// What Spiketrum is ahead of each other encoder.
  private func differences(_ curves: [Curve]) -> [String] {
    guard let own = curves.first(where: { $0.arm == .spiketrum }), curves.count > 1 else { return [] }
    let conditions: [(String, (EncoderResult) -> Double?)] =
      [("as recorded", { $0.accuracy })]
      + [(EncoderDisturbance.loss, 0.3), (.loss, 0.5), (.jitter, 10), (.noise, 10), (.noise, 0), (.bits, 4)].map {
        disturbance, strength in
        let text: String =
          switch disturbance {
          case .loss: "\(Int(100 * strength)) % lost"
          case .jitter: "\(Int(strength)) ms jitter"
          case .noise: "\(Int(strength)) dB noise"
          case .bits: "\(Int(strength)) bits"
          }
        return (
          text,
          { run in run.points.first { $0.disturbance == disturbance && $0.strength == strength }?.accuracy }
        )
      }
    var text = [
      "", "Points that Spiketrum is ahead (+) or behind (−), seed by seed; bold where the interval leaves out 0:", "",
      "| against | " + conditions.map(\.0).joined(separator: " | ") + " |",
      "|---" + String(repeating: "|---", count: conditions.count) + "|",
    ]
    for curve in curves where curve.arm != .spiketrum {
      let cells = conditions.map { condition -> String in
        guard let difference = own.difference(curve, condition.1) else { return "" }
        guard let half = difference.halfWidth, abs(difference.mean) > half else { return difference.percentText }
        return "**\(difference.percentText)**"
      }
      text.append("| \(Self.name(curve.arm)) | \(cells.joined(separator: " | ")) |")
    }
    return text
  }

  private static func settings(_ code: SoundCode) -> String {
    switch code {
    case .spiketrum(let configuration):
      let edges = configuration.levelEdges.map { fixed(Double($0), 3) }.joined(separator: ", ")
      return switch configuration.levelReference {
      case .absolute: "40 x 3, edges at \(edges)"
      case .runningPeak(let decay): "40 x 3, edges at \(edges) dB under a peak that falls \(fixed(decay, 0)) dB/s"
      }
    case .baseline(let encoder, let channels):
      return switch encoder {
      case .sendOnDelta(let decibels, let floor):
        "\(channels) x 2, \(fixed(decibels, 2)) dB, floor \(fixed(Double(floor), 3))"
      case .integrateAndFire(let time, let gain):
        "\(channels), \(fixed(Double(time) / 1000, 0)) ms, gain \(fixed(gain, 0))"
      case .latency(let floor, let steps): "\(channels), windows of \(steps) steps, floor \(fixed(floor, 1)) dB"
      case .logMel(let window, let floor):
        "\(channels) bands, \(fixed(Double(window) / 1000, 0)) ms, floor \(fixed(floor, 0)) dB"
      case .poisson(let floor, let rate, _):
        "\(channels), floor \(fixed(floor, 0)) dB, \(fixed(rate, 1)) spikes/s at full scale"
      case .directCurrent(let floor): "\(channels), floor \(fixed(floor, 0)) dB"
      }
    }
  }

  private var snrRows: [EncoderLine.SNR] { lines.compactMap(\.snr) }

  /// The kinds of disturbance of decoded sound, in the order they were measured.
  private var snrKinds: [String] {
    snrRows.reduce(into: []) { if !$0.contains($1.disturbance) { $0.append($1.disturbance) } }
  }

  private var snrTables: [String] {
    guard let first = snrRows.first else { return [] }
    let rates = Set(snrRows.map(\.spikesPerSecond)).sorted(by: >)
    var text = [
      "", "## SNR of the decoded sound", "",
      "Mean over \(first.clips) clips of the test part in dB, with the 95 % interval over the clips; 40 kernels, 60 to",
      "3900 Hz, positive only, the best spikes of each whole clip. Noise is counted as loss: decoding is compared with",
      "the sound before it was added. Spikes disturbed at random with seed \(first.seed).",
    ]
    for kind in snrKinds {
      let strengths = snrRows.filter { $0.disturbance == kind && $0.spikesPerSecond == rates[0] }.map(\.strength)
      text += [
        "", "| \(kind) | " + strengths.map { Self.compact($0) }.joined(separator: " | ") + " |",
        "|---" + String(repeating: "|---", count: strengths.count) + "|",
      ]
      for rate in rates {
        let cells = strengths.map { strength -> String in
          guard
            let row = snrRows.first(where: {
              $0.disturbance == kind && $0.spikesPerSecond == rate && $0.strength == strength
            })
          else { return "" }
          return fixed(row.decibels, 1) + (row.halfWidth.map { " ± \(fixed($0, 1))" } ?? "")
        }
        text.append("| \(Int(rate)) spikes/s | \(cells.joined(separator: " | ")) |")
      }
    }
    return text
  }

  private static func compact(_ value: Double) -> String {
    value == value.rounded() ? fixed(value, 0) : "\(value)"
  }

  // MARK: Pictures

  /// A picture of accuracy for each rate, and one of SNR.
  func draw(to folder: String) throws {
    for rate in rates { try drawAccuracy(rate, to: "\(folder)/spiketrum-robustness-\(Int(rate)).png") }
    if !snrRows.isEmpty { try drawSNR(to: "\(folder)/spiketrum-robustness-snr.png") }
  }

  private static let width = 500.0
  private static let height = 330.0
  private static let head = 52.0

  private static func panel(_ place: Int, x: Axis, y: Axis) -> Axes {
    Axes(
      filling: Rectangle(
        x: Double(place % 2) * width, y: head + Double(place / 2) * height, width: width, height: height), x: x, y: y)
  }

  /// Names of the curves in a row under the title.
  private static func header(_ title: String, _ entries: [(name: String, color: Color)], _ canvas: Canvas) {
    canvas.text(title, x: canvas.width / 2, y: 20, size: 14, alignment: .center)
    let widths = entries.map { canvas.textWidth($0.name, size: 11) + 46 }
    var x = (canvas.width - widths.reduce(0, +)) / 2
    for (entry, width) in zip(entries, widths) {
      canvas.line([(x, 40), (x + 22, 40)], entry.color, lineWidth: 2.5)
      canvas.text(entry.name, x: x + 27, y: 44, size: 11)
      x += width
    }
  }

  /// Strengths stand at equal distances in the order given, the mildest first.
  private static func curve(
    _ points: [(mean: Double, half: Double?)?], _ color: Color, shift: Double, _ axes: Axes, _ canvas: Canvas
  ) {
    let placed = points.enumerated().compactMap { place, point in
      point.map { (x: Double(place) + shift, y: $0.mean, half: $0.half) }
    }
    axes.line(placed.map { ($0.x, $0.y) }, color, on: canvas)
    axes.dots(placed.map { ($0.x, $0.y) }, color, on: canvas, size: 4.5)
    for point in placed {
      guard let half = point.half else { continue }
      axes.line([(point.x, point.y - half), (point.x, point.y + half)], color, on: canvas, lineWidth: 1)
    }
  }

  private func drawAccuracy(_ rate: Double, to path: String) throws {
    let curves = curves(rate)
    let canvas = try Canvas(path: path, width: 2 * Self.width, height: Self.head + 2 * Self.height, scale: 1.5)
    let colors = curves.map { curve in
      Color.series[(EncoderArm.allCases.firstIndex(of: curve.arm) ?? 0) % Color.series.count]
    }
    for (place, disturbance) in EncoderDisturbance.allCases.enumerated() {
      let strengths = disturbance.strengths
      let labels =
        [(value: 0.0, text: "as recorded")]
        + strengths.enumerated().map {
          (value: Double($0.offset + 1), text: fixed(Self.shown(disturbance, $0.element), 0))
        }
      let axes = Self.panel(
        place, x: Axis(Self.name(disturbance), -0.5...Double(strengths.count) + 0.5, labels: labels),
        y: Axis(
          "test accuracy (%)", 0...104, labels: stride(from: 0, through: 100, by: 20).map { (Double($0), "\($0)") })
      )
      axes.draw(on: canvas)
      for (index, curve) in curves.enumerated() {
        guard curve.accuracy(disturbance, strengths[0]) != nil else { continue }
        let all = [SeedStatistics(curve.runs.map(\.accuracy))] + strengths.map { curve.accuracy(disturbance, $0) }
        Self.curve(
          all.map { point in point.map { (100 * $0.mean, $0.halfWidth.map { 100 * $0 }) } }, colors[index],
          shift: 0.05 * (Double(index) - Double(curves.count - 1) / 2), axes, canvas)
      }
    }
    Self.header(
      "Spoken digits, one network, \(Int(rate)) spikes a second: mean of the seeds and 95 % interval",
      zip(curves, colors).map { (Self.name($0.arm), $1) }, canvas)
    try canvas.finish()
  }

  private func drawSNR(to path: String) throws {
    let kinds = snrKinds
    let rates = Set(snrRows.map(\.spikesPerSecond)).sorted(by: >)
    let rows = Double((kinds.count + 1) / 2)
    let canvas = try Canvas(path: path, width: 2 * Self.width, height: Self.head + rows * Self.height, scale: 1.5)
    let all = snrRows.map(\.decibels)
    for (place, kind) in kinds.enumerated() {
      let strengths = snrRows.filter { $0.disturbance == kind && $0.spikesPerSecond == rates[0] }.map(\.strength)
      let labels = strengths.enumerated().map { (value: Double($0.offset), text: Self.compact($0.element)) }
      let axes = Self.panel(
        place, x: Axis(kind, -0.5...Double(strengths.count) - 0.5, labels: labels),
        y: Axis("SNR of the decoded sound (dB)", fitting: all, margin: 0.06, includingZero: true))
      axes.draw(on: canvas)
      axes.line([(-0.5, 0), (Double(strengths.count) - 0.5, 0)], .gray, on: canvas, lineWidth: 1)
      for (index, rate) in rates.enumerated() {
        let points = strengths.map { strength in
          snrRows.first { $0.disturbance == kind && $0.spikesPerSecond == rate && $0.strength == strength }
            .map { (mean: $0.decibels, half: $0.halfWidth) }
        }
        Self.curve(points, Color.series[index], shift: 0.06 * (Double(index) - 0.5), axes, canvas)
      }
    }
    Self.header(
      "What disturbed spikes decode to: mean over the clips and 95 % interval",
      rates.enumerated().map { ("\(Int($0.element)) spikes a second", Color.series[$0.offset]) }, canvas)
    try canvas.finish()
  }
}
