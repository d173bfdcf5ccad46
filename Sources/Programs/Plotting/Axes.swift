import Glibc

/// One direction of a diagram: a range of values, its ticks and its title.
package struct Axis: Sendable {
  package var title: String
  /// Smallest and largest value; widened when they are equal or not finite.
  package var range: ClosedRange<Double>
  package var isLogarithmic: Bool
  /// Names of places instead of numbers, for categories.
  package var labels: [(value: Double, text: String)]?

  package init(
    _ title: String, _ range: ClosedRange<Double>, isLogarithmic: Bool = false,
    labels: [(value: Double, text: String)]? = nil
  ) {
    self.title = title
    self.isLogarithmic = isLogarithmic
    self.labels = labels
    let low = range.lowerBound
    let high = range.upperBound
    if !low.isFinite || !high.isFinite {
      self.range = 0...1
    } else if isLogarithmic, low <= 0 {
      self.range = max(high, 1e-12) / 1000...max(high, 1e-12)
    } else if low == high {
      self.range = isLogarithmic ? low / 2...low * 2 : low - 0.5...high + 0.5
    } else {
      self.range = range
    }
  }

  /// The axis for some values: their extremes and a margin on both sides.
  package init(_ title: String, fitting values: [Double], margin: Double = 0.03, includingZero: Bool = false) {
    let finite = values.filter(\.isFinite)
    var low = finite.min() ?? 0
    var high = finite.max() ?? 1
    if includingZero {
      low = min(low, 0)
      high = max(high, 0)
    }
    let room = (high - low) * margin
    self.init(title, (low == 0 && includingZero ? 0 : low - room)...(high + room))
  }

  /// Place of a value along the axis, 0...1 within the range.
  package func place(_ value: Double) -> Double {
    if isLogarithmic {
      guard value > 0 else { return -.infinity }
      return (log(value) - log(range.lowerBound)) / (log(range.upperBound) - log(range.lowerBound))
    }
    return (value - range.lowerBound) / (range.upperBound - range.lowerBound)
  }

  /// Values at which ticks stand, with their texts: steps of 1, 2 or 5 times a power of ten, about `count` of them.
  package func ticks(count: Int = 6) -> [(value: Double, text: String)] {
    if let labels { return labels }
    if isLogarithmic {
      let first = Int(log10(range.lowerBound).rounded(.up))
      let last = Int(log10(range.upperBound).rounded(.down))
      guard first <= last else { return [] }
      return (first...last).map { (pow(10, Double($0)), Self.text(pow(10, Double($0)), step: pow(10, Double($0)))) }
    }
    let raw = (range.upperBound - range.lowerBound) / Double(max(count, 1))
    let power = pow(10, log10(raw).rounded(.down))
    let step = [1.0, 2, 5, 10].first { $0 * power >= raw * 0.999 }.map { $0 * power } ?? raw
    var ticks: [(value: Double, text: String)] = []
    var index = (range.lowerBound / step - 1e-9).rounded(.up)
    while index * step <= range.upperBound + step * 1e-9, ticks.count < 100 {
      ticks.append((index * step, Self.text(index * step, step: step)))
      index += 1
    }
    return ticks
  }

  /// A number with as many places as its step needs.
  static func text(_ value: Double, step: Double) -> String {
    if value == 0 { return "0" }
    let magnitude = max(abs(value), step)
    if magnitude >= 1e6 || step < 1e-4 {
      let exponent = Int(log10(magnitude).rounded(.down))
      let scale = pow(10, Double(exponent))
      return text(value / scale, step: step / scale) + "e\(exponent)"
    }
    let places = max(0, Int((-log10(step) - 1e-9).rounded(.up)))
    let unit = pow(10, Double(places))
    let scaled = Int64((abs(value) * unit).rounded())
    let sign = value < 0 ? "-" : ""
    if places == 0 { return "\(sign)\(scaled)" }
    let fraction = String(scaled % Int64(unit))
    return "\(sign)\(scaled / Int64(unit))." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}

/// A frame with two axes; maps values to points of the canvas.
package struct Axes: Sendable {
  /// The area of the data.
  package var frame: Rectangle
  package var x: Axis
  package var y: Axis
  /// Whether y grows downwards, as the rows of a sensor do.
  package var isFlipped: Bool

  package init(frame: Rectangle, x: Axis, y: Axis, isFlipped: Bool = false) {
    self.frame = frame
    self.x = x
    self.y = y
    self.isFlipped = isFlipped
  }

  /// Axes that fill an area and leave room for titles and ticks.
  package init(filling area: Rectangle, x: Axis, y: Axis, isFlipped: Bool = false) {
    self.init(
      frame: area.inset(left: 58, top: 28, right: 14, bottom: 42), x: x, y: y, isFlipped: isFlipped)
  }

  /// The point of a pair of values.
  package func point(_ valueX: Double, _ valueY: Double) -> (x: Double, y: Double) {
    let placeY = y.place(valueY)
    return (
      frame.x + x.place(valueX) * frame.width,
      frame.y + (isFlipped ? placeY : 1 - placeY) * frame.height
    )
  }

  /// Draws frame, grid, ticks and titles.
  package func draw(on canvas: Canvas, title: String = "", hasGrid: Bool = true) {
    for tick in x.ticks(count: max(2, Int(frame.width / 80))) {
      let place = point(tick.value, y.range.lowerBound).x
      guard place >= frame.x - 0.5, place <= frame.x + frame.width + 0.5 else { continue }
      if hasGrid { canvas.line([(place, frame.y), (place, frame.y + frame.height)], .lightGray, lineWidth: 0.5) }
      canvas.line([(place, frame.y + frame.height), (place, frame.y + frame.height + 4)], .black, lineWidth: 1)
      canvas.text(tick.text, x: place, y: frame.y + frame.height + 16, size: 10, alignment: .center)
    }
    for tick in y.ticks(count: max(2, Int(frame.height / 50))) {
      let place = point(x.range.lowerBound, tick.value).y
      guard place >= frame.y - 0.5, place <= frame.y + frame.height + 0.5 else { continue }
      if hasGrid { canvas.line([(frame.x, place), (frame.x + frame.width, place)], .lightGray, lineWidth: 0.5) }
      canvas.line([(frame.x - 4, place), (frame.x, place)], .black, lineWidth: 1)
      canvas.text(tick.text, x: frame.x - 7, y: place + 3.5, size: 10, alignment: .right)
    }
    canvas.stroke(frame, .black)
    canvas.text(
      x.title, x: frame.x + frame.width / 2, y: frame.y + frame.height + 33, size: 11, alignment: .center)
    canvas.text(
      y.title, x: frame.x - 44, y: frame.y + frame.height / 2, size: 11, alignment: .center, isTurned: true)
    canvas.text(title, x: frame.x + frame.width / 2, y: frame.y - 9, size: 12.5, alignment: .center)
  }

  /// Draws a line through pairs of values, inside the frame only.
  package func line(
    _ values: [(x: Double, y: Double)], _ color: Color, on canvas: Canvas, lineWidth: Double = 1.5,
    dashes: [Double] = []
  ) {
    canvas.clipped(to: frame) {
      canvas.line(values.map { point($0.x, $0.y) }, color, lineWidth: lineWidth, dashes: dashes)
    }
  }

  /// Draws a dot at each pair of values, inside the frame only.
  package func dots(_ values: [(x: Double, y: Double)], _ color: Color, on canvas: Canvas, size: Double = 2) {
    canvas.clipped(to: frame) {
      canvas.dots(values.map { point($0.x, $0.y) }, color, size: size)
    }
  }

  /// Fills a bar from zero (or the bottom) to each value, `width` in values of x.
  package func bars(_ values: [(x: Double, y: Double)], width: Double, _ color: Color, on canvas: Canvas) {
    canvas.clipped(to: frame) {
      for value in values {
        let low = point(value.x - width / 2, max(0, y.range.lowerBound))
        let high = point(value.x + width / 2, value.y)
        canvas.fill(
          Rectangle(
            x: min(low.x, high.x), y: min(low.y, high.y), width: abs(high.x - low.x), height: abs(high.y - low.y)),
          color)
      }
    }
  }

  /// Draws a matrix, row after row, over the whole frame; the first row lies at the top when the axes are flipped, at
  /// the bottom otherwise.
  package func matrix(
    _ values: [Double], columns: Int, rows: Int, _ map: ColorMap, in range: ClosedRange<Double>, on canvas: Canvas
  ) {
    precondition(values.count == columns * rows, "a matrix has rows times columns values")
    let span = range.upperBound - range.lowerBound
    let pixels = (0..<rows).flatMap { row in
      let source = isFlipped ? row : rows - 1 - row
      return (0..<columns).map { column in
        map.color(span > 0 ? (values[source * columns + column] - range.lowerBound) / span : 0)
      }
    }
    canvas.image(pixels, columns: columns, rows: rows, in: frame)
  }

  /// Writes names beside short lines in the series' colours, in the upper right corner.
  package func legend(_ entries: [(name: String, color: Color)], on canvas: Canvas) {
    guard !entries.isEmpty else { return }
    let width = (entries.map { canvas.textWidth($0.name, size: 10) }.max() ?? 0) + 34
    let area = Rectangle(
      x: frame.x + frame.width - width - 6, y: frame.y + 6, width: width, height: Double(entries.count) * 15 + 6)
    canvas.fill(area, Color(0xffffff, alpha: 0.85))
    canvas.stroke(area, .lightGray)
    for (index, entry) in entries.enumerated() {
      let y = area.y + 12 + Double(index) * 15
      canvas.line([(area.x + 6, y - 1), (area.x + 24, y - 1)], entry.color, lineWidth: 2.5)
      canvas.text(entry.name, x: area.x + 29, y: y + 3, size: 10)
    }
  }
}
