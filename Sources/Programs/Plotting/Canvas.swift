import CCairo
import Failures
import OutputFiles

/// Why a picture cannot be drawn or written.
package struct PlottingError: ReportedError, Sendable, Equatable {
  package var path: String
  package var reason: String
  package var kind: FailureKind
  package var description: String { "\(path): \(reason)" }

  package init(path: String, reason: String, kind: FailureKind) {
    self.path = path
    self.reason = reason
    self.kind = kind
  }

  init(_ error: OutputFileError) {
    self.init(path: error.path, reason: "cannot be written: \(error.reason); \(error.remedy)", kind: error.kind)
  }
}

/// A rectangle in points, the origin at the top left.
package struct Rectangle: Sendable, Hashable {
  package var x: Double
  package var y: Double
  package var width: Double
  package var height: Double

  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// The rectangle without margins.
  package func inset(left: Double = 0, top: Double = 0, right: Double = 0, bottom: Double = 0) -> Rectangle {
    Rectangle(x: x + left, y: y + top, width: width - left - right, height: height - top - bottom)
  }
}

/// A sheet to draw on, written as PNG or SVG by the ending of its path. Lengths are points; a PNG has one pixel a point
/// times `scale`. The same calls give the same picture.
package final class Canvas {
  /// Where a text stands relative to its point.
  package enum Alignment: Sendable {
    case left
    case center
    case right
  }

  /// What kind of file is written.
  package enum Format: Sendable {
    case png
    case svg
  }

  package let width: Double
  package let height: Double
  package let path: String
  package let format: Format
  private let surface: OpaquePointer
  private let context: OpaquePointer
  private let file: OutputFile
  private let drawing: Drawing

  /// What cairo gives of a file.
  private final class Drawing {
    var bytes: [UInt8] = []

    /// Takes bytes for the drawing that `closure` is.
    static let take: cairo_write_func_t = { closure, data, count in
      guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
      // The canvas keeps the drawing for as long as cairo may write.
      let drawing = Unmanaged<Drawing>.fromOpaque(closure).takeUnretainedValue()
      drawing.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
      return CAIRO_STATUS_SUCCESS
    }

    var closure: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
  }

  /// Begins a white sheet of some points, 1...16384 in each direction. The file appears when it is finished.
  package init(path: String, width: Double, height: Double, scale: Double = 1) throws(PlottingError) {
    guard (1...16384).contains(width * scale), (1...16384).contains(height * scale) else {
      throw PlottingError(
        path: path, reason: "a picture of \(width)x\(height) points is outside 1...16384", kind: .usage)
    }
    guard path.hasSuffix(".svg") || path.hasSuffix(".png") else {
      throw PlottingError(path: path, reason: "a picture ends in .png or .svg", kind: .usage)
    }
    self.width = width
    self.height = height
    self.path = path
    format = path.hasSuffix(".svg") ? .svg : .png
    do throws(OutputFileError) {
      file = try OutputFile(path)
    } catch {
      throw PlottingError(error)
    }
    drawing = Drawing()
    let surface =
      format == .svg
      ? cairo_svg_surface_create_for_stream(Drawing.take, drawing.closure, width, height)
      : cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, Int32((width * scale).rounded(.up)), Int32((height * scale).rounded(.up)))
    guard let surface, cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS, let context = cairo_create(surface) else {
      throw PlottingError(path: path, reason: "cannot be drawn: there is not enough memory", kind: .other)
    }
    self.surface = surface
    self.context = context
    if format == .png { cairo_scale(context, scale, scale) }
    cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
    fill(Rectangle(x: 0, y: 0, width: width, height: height), .white)
  }

  deinit {
    cairo_destroy(context)
    cairo_surface_destroy(surface)
  }

  /// The whole sheet.
  package var bounds: Rectangle { Rectangle(x: 0, y: 0, width: width, height: height) }

  /// Writes the file; nothing is drawn after it.
  package func finish() throws(PlottingError) {
    let status: cairo_status_t
    if format == .png {
      status = cairo_surface_write_to_png_stream(surface, Drawing.take, drawing.closure)
    } else {
      cairo_surface_finish(surface)
      status = cairo_surface_status(surface)
    }
    guard status == CAIRO_STATUS_SUCCESS else {
      throw PlottingError(
        path: path, reason: "cannot be drawn: \(String(cString: cairo_status_to_string(status)))", kind: .other)
    }
    do throws(OutputFileError) {
      try file.write(drawing.bytes)
      try file.finish()
    } catch {
      throw PlottingError(error)
    }
  }

  /// Fills a rectangle.
  package func fill(_ rectangle: Rectangle, _ color: Color) {
    use(color)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_fill(context)
  }

  /// Draws the edge of a rectangle.
  package func stroke(_ rectangle: Rectangle, _ color: Color, lineWidth: Double = 1) {
    use(color)
    cairo_set_line_width(context, lineWidth)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_stroke(context)
  }

  /// Draws a line through points; breaks it where a coordinate is not finite.
  package func line(_ points: [(x: Double, y: Double)], _ color: Color, lineWidth: Double = 1.5, dashes: [Double] = [])
  {
    use(color)
    cairo_set_line_width(context, lineWidth)
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
    cairo_set_dash(context, dashes, Int32(dashes.count), 0)
    var isDown = false
    for point in points {
      guard point.x.isFinite, point.y.isFinite else {
        isDown = false
        continue
      }
      if isDown { cairo_line_to(context, point.x, point.y) } else { cairo_move_to(context, point.x, point.y) }
      isDown = true
    }
    cairo_stroke(context)
    cairo_set_dash(context, nil, 0, 0)
  }

  /// Fills the area inside points.
  package func polygon(_ points: [(x: Double, y: Double)], _ color: Color) {
    guard let first = points.first else { return }
    use(color)
    cairo_move_to(context, first.x, first.y)
    for point in points.dropFirst() { cairo_line_to(context, point.x, point.y) }
    cairo_close_path(context)
    cairo_fill(context)
  }

  /// Draws a filled square about each point: quick, and even at one pixel.
  package func dots(_ points: [(x: Double, y: Double)], _ color: Color, size: Double = 1) {
    use(color)
    for point in points where point.x.isFinite && point.y.isFinite {
      cairo_rectangle(context, point.x - size / 2, point.y - size / 2, size, size)
    }
    cairo_fill(context)
  }

  /// Writes a text whose baseline is at `y`; `turned` writes upwards.
  package func text(
    _ text: String, x: Double, y: Double, size: Double = 11, _ color: Color = .black, alignment: Alignment = .left,
    isTurned: Bool = false
  ) {
    use(color)
    cairo_set_font_size(context, size)
    let width = textWidth(text, size: size)
    let shift: Double =
      switch alignment {
      case .left: 0
      case .center: -width / 2
      case .right: -width
      }
    cairo_save(context)
    cairo_translate(context, x, y)
    if isTurned { cairo_rotate(context, -Double.pi / 2) }
    cairo_move_to(context, shift, 0)
    cairo_show_text(context, text)
    cairo_restore(context)
  }

  /// Width of a text, points.
  package func textWidth(_ text: String, size: Double = 11) -> Double {
    cairo_set_font_size(context, size)
    var extents = cairo_text_extents_t()
    cairo_text_extents(context, text, &extents)
    return extents.x_advance
  }

  /// Draws pixels, row after row from the top, into a rectangle; each stays a sharp square.
  package func image(_ pixels: [Color], columns: Int, rows: Int, in rectangle: Rectangle) {
    precondition(pixels.count == columns * rows, "an image has rows times columns pixels")
    guard columns > 0, rows > 0, columns <= 16384, rows <= 16384,
      let image = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(columns), Int32(rows)),
      let data = cairo_image_surface_get_data(image)
    else { return }
    defer { cairo_surface_destroy(image) }
    let stride = Int(cairo_image_surface_get_stride(image))
    cairo_surface_flush(image)
    for row in 0..<rows {
      for column in 0..<columns {
        let color = pixels[row * columns + column]
        func byte(_ part: Double) -> UInt8 { UInt8((min(max(part, 0), 1) * 255).rounded()) }
        let place = row * stride + 4 * column
        // Blue, green, red, unused: the order of RGB24 on a little-endian machine.
        data[place] = byte(color.blue)
        data[place + 1] = byte(color.green)
        data[place + 2] = byte(color.red)
        data[place + 3] = 0
      }
    }
    cairo_surface_mark_dirty(image)
    cairo_save(context)
    cairo_translate(context, rectangle.x, rectangle.y)
    cairo_scale(context, rectangle.width / Double(columns), rectangle.height / Double(rows))
    cairo_set_source_surface(context, image, 0, 0)
    cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
    cairo_rectangle(context, 0, 0, Double(columns), Double(rows))
    cairo_fill(context)
    cairo_restore(context)
  }

  /// Draws what `body` draws only where it lies inside a rectangle.
  package func clipped(to rectangle: Rectangle, _ body: () -> Void) {
    cairo_save(context)
    cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    cairo_clip(context)
    body()
    cairo_restore(context)
  }

  private func use(_ color: Color) {
    cairo_set_source_rgba(context, color.red, color.green, color.blue, color.alpha)
  }
}
