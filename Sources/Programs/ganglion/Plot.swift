import ArgumentParser
import CommandSupport
import EventFormats
import Events
import Plotting
import StreamSources

/// `ganglion plot`: a recording as pictures.
struct Plot: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Draw an event recording or a model as PNG or SVG.",
    discussion: """
      frames: the events of equal stretches of time, brighter red and darker blue. surface: how long ago each pixel \
      fired, at the end. scatter: time, column and row of events. rate: events a second over time.

      Of models: masks: the weights that there are, layer by layer, red above zero and blue below. course: how the network's \
      structure changed while it was trained. frontier: test accuracy of several models by their size on disk.

      \(ExitStatus.help)
      """)

  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case frames, surface, scatter, rate, masks, course, frontier
  }

  @Argument(help: "A recording or - for standard input, or a model; several models for a frontier.")
  var files: [String]

  @Option(name: .shortAndLong, help: "The picture, ending in .png or .svg.")
  var output: String

  @Option(help: "What is drawn.")
  var kind: Kind = .frames

  @Option(help: "How many frames.")
  var frames: Int = 8

  @Option(help: "Decay of the time surface, microseconds.")
  var tau: Double = 50_000

  @Option(help: "A filter, as for convert; repeat it for more.")
  var filter: [String] = []

  @OptionGroup var input: EventReportOptions

  func validate() throws {
    guard files.count == 1 || kind == .frontier else {
      throw ValidationError("only --kind frontier draws several files, and they are models")
    }
  }

  func run() throws {
    if let picture = try modelPicture() { return try picture.draw(to: output) }
    let file = files[0]
    guard (1...64).contains(frames), tau > 0 else { throw ValidationError("--frames is 1...64 and --tau above 0") }
    var reader = try openEventReader(path: file, options: input.readingOptions())
    var chain = EventFilterChain(geometry: reader.geometry)
    for description in filter { try chain.append(description) }
    var batch = EventBatch()
    var all = EventBatch()
    while try reader.read(into: &batch, maximum: 65536) {
      chain.apply(&batch)
      all.append(contentsOf: batch)
    }
    try chain.refuseEmptiness(of: file)
    guard all.count > 0 else {
      throw InputError(
        source: reader.accounting.events > 0 ? "\(file) after its filters" : file, problem: "holds no events to draw",
        remedy: "ganglion info \(file) says what there is")
    }
    let extent = SensorGeometry(width: Int(all.x.max() ?? 0) + 1, height: Int(all.y.max() ?? 0) + 1)
    let picture = EventPicture(
      events: all, sensor: chain.geometry ?? extent, title: String(file.split(separator: "/").last ?? "-"))
    switch kind {
    case .frames: try picture.drawFrames(frames, to: output)
    case .surface: try picture.drawSurface(tau: tau, to: output)
    case .scatter: try picture.drawScatter(to: output)
    case .rate: try picture.drawRate(to: output)
    case .masks, .course, .frontier: break
    }
  }
}

/// Pictures of one recording.
struct EventPicture {
  let events: EventBatch
  let sensor: SensorGeometry
  let title: String

  private static let brighter = Color(0xc1272d)
  private static let darker = Color(0x0a5ca8)

  private var first: Int64 { events.times.first ?? 0 }

  /// Times as seconds since the first event.
  private func seconds(_ time: Int64) -> Double { Double(time &- first) / 1e6 }

  func drawFrames(_ count: Int, to path: String) throws {
    let columns = min(count, 4)
    let rows = (count + columns - 1) / columns
    let width = 210.0
    let height = width * Double(sensor.height) / Double(sensor.width)
    let canvas = try Canvas(
      path: path, width: Double(columns) * (width + 14) + 14, height: Double(rows) * (height + 32) + 34)
    canvas.text(
      "\(title), \(sensor), \(events.count) events, brighter red, darker blue", x: canvas.width / 2, y: 18, size: 12,
      alignment: .center)
    let parts = splitEvents(events, frames: count)
    for (index, part) in parts.enumerated() {
      let frame = Rectangle(
        x: 14 + Double(index % columns) * (width + 14), y: 48 + Double(index / columns) * (height + 32), width: width,
        height: height)
      canvas.image(pixels(part), columns: sensor.width, rows: sensor.height, in: frame)
      canvas.stroke(frame, .gray, lineWidth: 0.8)
      let span = Double((events.times.last ?? 0) &- first) / 1e6 / Double(count)
      canvas.text(
        "\(fixed(span * Double(index), 3)) to \(fixed(span * Double(index + 1), 3)) s, \(part.count)", x: frame.x,
        y: frame.y - 5, size: 9.5)
    }
    try canvas.finish()
  }

  /// White where nothing happened; the more events, the darker; red and blue by the polarities' shares.
  private func pixels(_ part: EventBatch) -> [Color] {
    var on = [Int](repeating: 0, count: sensor.pixelCount)
    var off = on
    for index in 0..<part.count where part.x[index] < sensor.width && part.y[index] < sensor.height {
      let pixel = Int(part.y[index]) * sensor.width + Int(part.x[index])
      if part.polarities[index] == 1 { on[pixel] += 1 } else { off[pixel] += 1 }
    }
    // Full colour at the 99th percentile: a hot pixel does not fade the rest.
    let busy = zip(on, off).map { $0 + $1 }.filter { $0 > 0 }.sorted()
    let full = Double(max(busy.isEmpty ? 1 : busy[busy.count * 99 / 100], 1))
    return (0..<sensor.pixelCount).map { pixel in
      let total = on[pixel] + off[pixel]
      guard total > 0 else { return .white }
      let color = Self.darker.mixed(with: Self.brighter, Double(on[pixel]) / Double(total))
      return Color.white.mixed(with: color, 0.35 + 0.65 * min(Double(total) / full, 1))
    }
  }

  func drawSurface(tau: Double, to path: String) throws {
    let width = 560.0
    let height = width * Double(sensor.height) / Double(sensor.width)
    let canvas = try Canvas(path: path, width: width + 72, height: height + 70)
    var surface = TimeSurface(tauMicroseconds: tau, sensor: sensor)
    surface.push(events)
    let values = surface.values(at: events.times.last ?? 0)
    let axes = Axes(
      filling: canvas.bounds, x: Axis("column", 0...Double(sensor.width)), y: Axis("row", 0...Double(sensor.height)),
      isFlipped: true)
    // Brighter minus darker, about the middle of the colours.
    let difference = (0..<sensor.pixelCount).map { pixel in
      Double(values[sensor.pixelCount + pixel]) - Double(values[pixel])
    }
    axes.matrix(difference, columns: sensor.width, rows: sensor.height, .diverging, in: -1...1, on: canvas)
    axes.draw(
      on: canvas, title: "\(title): exp(-age / \(fixed(tau / 1000, 0)) ms), brighter red, darker blue", hasGrid: false)
    try canvas.finish()
  }

  func drawScatter(to path: String) throws {
    let canvas = try Canvas(path: path, width: 900, height: 620)
    let span = max(seconds(events.times.last ?? 0), 1e-6)
    let step = max(1, events.count / 60_000)
    for (index, (name, extent)) in [("column", sensor.width), ("row", sensor.height)].enumerated() {
      let area = Rectangle(x: 0, y: Double(index) * 310, width: 900, height: 310)
      let axes = Axes(
        filling: area, x: Axis("time, s", 0...span), y: Axis(name, 0...Double(extent)), isFlipped: index == 1)
      axes.draw(
        on: canvas,
        title: index == 0
          ? "\(title): \(step == 1 ? "every event" : "one event in \(step)"), brighter red, darker blue" : "",
        hasGrid: false)
      for (polarity, color) in [(UInt8(0), Self.darker), (UInt8(1), Self.brighter)] {
        let points = stride(from: 0, to: events.count, by: step).compactMap { position -> (x: Double, y: Double)? in
          guard events.polarities[position] == polarity else { return nil }
          let place = index == 0 ? events.x[position] : events.y[position]
          return (seconds(events.times[position]), Double(place) + 0.5)
        }
        axes.dots(
          points, Color(red: color.red, green: color.green, blue: color.blue, alpha: 0.5), on: canvas,
          size: min(max(1.4, 80 / Double(extent)), 3))
      }
    }
    try canvas.finish()
  }

  func drawRate(to path: String) throws {
    let canvas = try Canvas(path: path, width: 900, height: 360)
    let span = max(seconds(events.times.last ?? 0), 1e-6)
    let bins = 300
    let width = span / Double(bins)
    var counts = [[Double]](repeating: [Double](repeating: 0, count: bins), count: 2)
    for index in 0..<events.count {
      let bin = min(max(Int(seconds(events.times[index]) / width), 0), bins - 1)
      counts[Int(events.polarities[index])][bin] += 1
    }
    let rates = counts.map { $0.map { $0 / width / 1e3 } }
    let both = (0..<bins).map { rates[0][$0] + rates[1][$0] }
    let axes = Axes(
      filling: canvas.bounds, x: Axis("time, s", 0...span),
      y: Axis("thousand events a second", fitting: both + [1.22 * (both.max() ?? 1)], includingZero: true))
    axes.draw(
      on: canvas, title: "\(title): \(events.count) events in \(fixed(span, 3)) s, steps of \(fixed(width * 1e3, 2)) ms"
    )
    let series: [(String, [Double], Color)] = [
      ("all", both, .black), ("brighter", rates[1], Self.brighter), ("darker", rates[0], Self.darker),
    ]
    for (_, values, color) in series {
      axes.line(
        values.enumerated().map { ((Double($0.offset) + 0.5) * width, $0.element) }, color, on: canvas, lineWidth: 1.2)
    }
    axes.legend(series.map { ($0.0, $0.2) }, on: canvas)
    try canvas.finish()
  }
}
