import Glibc
import Plotting
import Spiketrum

/// The impulse responses of a dictionary, a trace each, the lowest kernel at the bottom.
struct KernelPicture {
  let dictionary: GammatoneDictionary

  private static let rowHeight = 20.0

  func draw(to path: String) throws {
    let rate = Double(dictionary.parameters.sampleRate)
    let rows = dictionary.count
    // Many kernels share what a sheet has room for.
    let height = 70 + min(Self.rowHeight * Double(rows), 1400)
    let canvas = try Canvas(path: path, width: 760, height: height, scale: 1.5)
    let every = max(1, rows / 10)
    let labels = stride(from: 0, to: rows, by: every).map { row in
      (value: Double(row), text: "\(Int(dictionary.centreFrequencies[row].rounded())) Hz")
    }
    let axes = Axes(
      filling: canvas.bounds, x: Axis("time (ms)", 0...1000 * Double(dictionary.longest) / rate),
      y: Axis("", -1...Double(rows), labels: labels))
    axes.draw(
      on: canvas,
      title: "\(rows) gammatone kernels of order \(dictionary.parameters.order) and unit norm, each scaled to its peak")
    for row in 0..<rows {
      let kernel = dictionary.kernel(row)
      let peak = kernel.reduce(Float(0)) { max($0, abs($1)) }
      let points = kernel.enumerated().map { index, tap in
        (x: 1000 * Double(index) / rate, y: Double(row) + 0.9 * Double(tap / peak))
      }
      axes.line(points, Color.series[row % 2], on: canvas, lineWidth: 0.9)
    }
    try canvas.finish()
  }
}
