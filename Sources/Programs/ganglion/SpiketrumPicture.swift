import Glibc
import Plotting
import Spiketrum

/// Cochleagram of a sound above, its spikes below, on one time axis; of several microphones, the first one's.
struct SpiketrumPicture {
  let samples: [Float]
  let recording: SpiketrumRecording
  let title: String

  /// Widest cochleagram, in frames; longer sounds get longer frames.
  private static let mostFrames = 2000

  func draw(to path: String) throws {
    let configuration = recording.configuration
    let frameSamples = max(configuration.sampleRate / 400, (samples.count + Self.mostFrames - 1) / Self.mostFrames, 1)
    let envelope = try GammatoneBank.cochleagram(
      of: samples, configuration.dictionary, frameSamples: frameSamples)
    let rows = configuration.channelCount
    let columns = envelope.count / rows
    let peak = Double(envelope.max() ?? 0)
    var decibels = [Double](repeating: -60, count: envelope.count)
    for column in 0..<columns {
      for row in 0..<rows where envelope[column * rows + row] > 0 && peak > 0 {
        decibels[row * columns + column] = 20 * log10(Double(envelope[column * rows + row]) / peak)
      }
    }
    let canvas = try Canvas(path: path, width: 900, height: 640)
    let time = Axis("time (s)", 0...max(recording.seconds, 1e-3))
    let channel = Axis("channel", 0...Double(rows))
    let top = Axes(filling: Rectangle(x: 0, y: 0, width: 900, height: 320), x: time, y: channel)
    if columns > 0 {
      top.matrix(decibels, columns: columns, rows: rows, .sequential, in: -60...0, on: canvas)
    }
    top.draw(on: canvas, title: "\(title): envelope of the gammatone channels, 60 dB", hasGrid: false)
    let bottom = Axes(filling: Rectangle(x: 0, y: 320, width: 900, height: 320), x: time, y: channel)
    let rate = Double(configuration.sampleRate)
    let placed = recording.heard(by: 0).placed
    for level in 0..<configuration.levels {
      let share = configuration.levels > 1 ? Double(level) / Double(configuration.levels - 1) : 1
      bottom.dots(
        placed.filter { $0.level == level }.map { (Double($0.sample) / rate, Double($0.channel) + 0.5) },
        ColorMap([Color(0x9ecae1), Color(0x3182bd), Color(0x08306b)]).color(share), on: canvas, size: 1.5 + 2 * share)
    }
    bottom.draw(
      on: canvas, title: "\(placed.count) spikes, darker is the higher of \(configuration.levels) levels",
      hasGrid: false)
    try canvas.finish()
  }
}
