import CommandSupport
import EventFormats
import Foundation
import Learning
import ModelFiles
import Plotting
import SpikingNetworks

extension Plot {
  /// What is drawn of models; nil where a recording is asked for.
  func modelPicture() throws -> ModelPicture? {
    switch kind {
    case .frames, .surface, .scatter, .rate: nil
    case .masks: .masks(try Model(reading: files[0]))
    case .course: .course(try Model(reading: files[0]), path: files[0])
    case .frontier:
      .frontier(
        try files.map { path in
          let size = Int(FileByteSource.size(ofFile: path) ?? 0)
          return ((path as NSString).lastPathComponent, try Model(reading: path), size)
        })
    }
  }
}

/// Pictures of models.
enum ModelPicture {
  case masks(Model)
  case course(Model, path: String)
  case frontier([(name: String, model: Model, bytes: Int)])

  func draw(to output: String) throws {
    switch self {
    case .masks(let model): try Self.drawMasks(model, to: output)
    case .course(let model, let path): try Self.drawCourse(model, path: path, to: output)
    case .frontier(let models): try Self.drawFrontier(models, to: output)
    }
  }

  /// One image a block of weights: inputs (kernel places and taps included) from top to bottom, outputs from left to right.
  private static func drawMasks(_ model: Model, to output: String) throws {
    let network = model.network
    let blocks = network.named.filter { $0.specification.role == .weight }
    let images = blocks.map { block -> (name: String, pixels: [Color], columns: Int, rows: Int, density: Double) in
      let weights = block.range.map { network.parameters[$0] }
      let columns = block.specification.shape.last ?? 1
      let largest = max(weights.reduce(Float(0)) { max($0, abs($1)) }, .leastNonzeroMagnitude)
      let pixels = weights.map { weight -> Color in
        guard weight != 0 else { return .white }
        let color = weight > 0 ? Color(0xc1272d) : Color(0x0a5ca8)
        return Color.white.mixed(with: color, 0.35 + 0.65 * Double((abs(weight) / largest).squareRoot()))
      }
      return (
        block.name, pixels, columns, weights.count / columns,
        Double(weights.count { $0 != 0 }) / Double(max(weights.count, 1))
      )
    }
    // As many rows as there is room for; the largest block decides.
    let tallest = images.map(\.rows).max() ?? 1
    let pixel = min(3, max(0.25, 560 / Double(tallest)))
    let widths = images.map { max(Double($0.columns) * pixel, 130) }
    let canvas = try Canvas(
      path: output, width: widths.reduce(20) { $0 + $1 + 20 }, height: Double(tallest) * pixel + 76, scale: 1.5)
    canvas.text(
      "\(model.manifest.name): weights by layer, outputs across, inputs down; red above zero, blue below", x: 14, y: 18,
      size: 12)
    var x = 14.0
    for (image, width) in zip(images, widths) {
      canvas.text(image.name, x: x, y: 42, size: 9.5)
      canvas.text(
        "\(image.rows) x \(image.columns), \(fixed(100 * image.density, 1)) %", x: x, y: 54, size: 9.5)
      let frame = Rectangle(
        x: x, y: 62, width: Double(image.columns) * pixel, height: Double(image.rows) * pixel)
      canvas.image(image.pixels, columns: image.columns, rows: image.rows, in: frame)
      canvas.stroke(frame, .gray, lineWidth: 0.6)
      x += width + 20
    }
    try canvas.finish()
  }

  private static func drawCourse(_ model: Model, path: String, to output: String) throws {
    let course = model.manifest.training.course
    guard !course.isEmpty else {
      throw InputFileError(
        path: path, reason: "was trained without structure or channels, so there is no course to draw")
    }
    let canvas = try Canvas(path: output, width: 760, height: 320, scale: 1.5)
    let axes = Axes(
      filling: canvas.bounds, x: Axis("epoch", 0...Double(course.count)),
      y: Axis("per cent", 0...150, labels: [0, 20, 40, 60, 80, 100].map { ($0, "\(Int($0))") }))
    let series: [(String, (TrainingCourse) -> Double)] = [
      ("validation accuracy", { $0.validation }), ("share that exists", { $0.density }),
      ("share changed in the epoch", { $0.turnover }),
    ]
    for (index, line) in series.enumerated() {
      axes.line(course.map { (x: Double($0.epoch), y: 100 * line.1($0)) }, Color.series[index], on: canvas)
    }
    axes.draw(on: canvas, title: "\(model.manifest.name): structure while training")
    axes.legend(series.enumerated().map { ($1.0, Color.series[$0]) }, on: canvas)
    try canvas.finish()
  }

  private static func drawFrontier(_ models: [(name: String, model: Model, bytes: Int)], to output: String) throws {
    let points = try models.map { entry in
      guard let accuracy = entry.model.manifest.training.accuracy else {
        throw InputFileError(path: entry.name, reason: "was never tested; train it with a test part")
      }
      return (name: entry.name, x: Double(entry.bytes) / 1024, y: 100 * accuracy)
    }
    let canvas = try Canvas(path: output, width: 760, height: 380, scale: 1.5)
    let sizes = points.map(\.x)
    let axes = Axes(
      filling: canvas.bounds,
      x: Axis("KiB on disk", (sizes.min() ?? 1) / 1.5...(sizes.max() ?? 1) * 2.5, isLogarithmic: true),
      y: Axis("test accuracy (%)", fitting: points.map(\.y), margin: 0.25))
    axes.draw(on: canvas, title: "accuracy by size")
    // Nothing that is both smaller and better lies beyond this line.
    var best = -Double.infinity
    let frontier = points.sorted { ($0.x, -$0.y) < ($1.x, -$1.y) }.filter { point in
      defer { best = max(best, point.y) }
      return point.y > best
    }
    axes.line(frontier.map { (x: $0.x, y: $0.y) }, Color.series[0], on: canvas)
    axes.dots(points.map { (x: $0.x, y: $0.y) }, Color.series[0], on: canvas, size: 6)
    for point in points {
      let place = axes.point(point.x, point.y)
      canvas.text(point.name, x: place.x + 7, y: place.y - 5, size: 9.5)
    }
    try canvas.finish()
  }
}
