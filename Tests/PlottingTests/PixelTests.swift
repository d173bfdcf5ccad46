import CCairo
import Foundation
import Plotting
import Testing

/// What stands in the written picture, pixel by pixel, read back by cairo.
@Suite("Pixels of a picture")
struct PixelTests {
  /// Draws on a sheet of some points and gives its pixels, row after row from the top, as 0xRRGGBB.
  private func pixels(width: Int, height: Int, _ draw: (Canvas) -> Void) throws -> [[UInt32]] {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).png").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let canvas = try Canvas(path: path, width: Double(width), height: Double(height))
    draw(canvas)
    try canvas.finish()
    let surface = try #require(cairo_image_surface_create_from_png(path))
    defer { cairo_surface_destroy(surface) }
    #expect(cairo_image_surface_get_width(surface) == width && cairo_image_surface_get_height(surface) == height)
    let data = try #require(cairo_image_surface_get_data(surface))
    let stride = Int(cairo_image_surface_get_stride(surface))
    // cairo holds a pixel as one number of 32 bits, blue in the lowest eight.
    return (0..<height).map { row in
      (0..<width).map { column in
        let at = row * stride + 4 * column
        return UInt32(data[at + 2]) << 16 | UInt32(data[at + 1]) << 8 | UInt32(data[at])
      }
    }
  }

  @Test("red, green and blue stay what they are, in shapes and in images")
  func channels() throws {
    let colors: [UInt32] = [0x204080, 0xff0000, 0x00ff00, 0x0000ff]
    let found = try pixels(width: 8, height: 2) { canvas in
      for (column, color) in colors.enumerated() {
        canvas.fill(Rectangle(x: Double(column), y: 0, width: 1, height: 2), Color(color))
      }
      canvas.image(colors.map { Color($0) }, columns: 4, rows: 1, in: Rectangle(x: 4, y: 0, width: 4, height: 2))
    }
    #expect(found == [colors + colors, colors + colors])
    #expect(Color(0x204080) == Color(red: 32.0 / 255, green: 64.0 / 255, blue: 128.0 / 255))
  }

  @Test("mixtures and colour maps keep the channels apart")
  func mixtures() {
    let mixed = Color(red: 0, green: 0.2, blue: 1, alpha: 0.5).mixed(with: Color(red: 1, green: 0.4, blue: 0), 0.25)
    #expect(mixed.red == 0.25 && abs(mixed.green - 0.25) < 1e-12 && mixed.blue == 0.75)
    #expect(mixed.alpha == 0.625)
    #expect(ColorMap.sequential.color(0) == Color(0x440154) && ColorMap.sequential.color(1) == Color(0xfde725))
    #expect(ColorMap.diverging.color(0) == Color(0x2166ac) && ColorMap.diverging.color(1) == Color(0xb2182b))
    #expect(ColorMap.paper.color(0) == .white && ColorMap.paper.color(1) == Color(0x08306b))
    let map = ColorMap([Color(0x000000), Color(0x204060), Color(0xffffff)])
    #expect(map.color(0.5) == Color(0x204060))
  }

  @Test("the rows of an image go from the top down, its columns from left to right")
  func imageRows() throws {
    let image: [UInt32] = [0x110000, 0x220000, 0x330000, 0x001100, 0x002200, 0x003300]
    let found = try pixels(width: 3, height: 2) { canvas in
      canvas.image(image.map { Color($0) }, columns: 3, rows: 2, in: canvas.bounds)
    }
    #expect(found == [Array(image[..<3]), Array(image[3...])])
  }

  @Test("a matrix has its first row at the bottom, as its axis counts, or at the top of flipped axes")
  func matrixRows() throws {
    let values = [0.0, 1, 2, 3, 4, 5]
    let map = ColorMap([Color(0x000000), Color(0x0a0000)])
    func matrix(isFlipped: Bool) throws -> [[UInt32]] {
      try pixels(width: 3, height: 2) { canvas in
        let axes = Axes(frame: canvas.bounds, x: Axis("x", 0...3), y: Axis("y", 0...2), isFlipped: isFlipped)
        axes.matrix(values, columns: 3, rows: 2, map, in: 0...5, on: canvas)
      }.map { row in row.map { $0 >> 17 } }
    }
    #expect(try matrix(isFlipped: false) == [[3, 4, 5], [0, 1, 2]])
    #expect(try matrix(isFlipped: true) == [[0, 1, 2], [3, 4, 5]])
    // A point of the axes lies on the cell of its coordinates.
    let axes = Axes(
      frame: Rectangle(x: 0, y: 0, width: 3, height: 2), x: Axis("x", 0...3), y: Axis("y", 0...2), isFlipped: false)
    let corner = axes.point(0.5, 0.5)
    #expect(try matrix(isFlipped: false)[Int(corner.y)][Int(corner.x)] == 0)
  }

  @Test("bars stand on the bottom and reach up to their value")
  func bars() throws {
    let found = try pixels(width: 2, height: 4) { canvas in
      let axes = Axes(frame: canvas.bounds, x: Axis("x", 0...2), y: Axis("y", 0...4), isFlipped: false)
      axes.bars([(0.5, 1), (1.5, 3)], width: 1, Color(0x0000ff), on: canvas)
    }
    let blue: UInt32 = 0x0000ff
    #expect(found.map { $0.map { $0 == blue } } == [[false, false], [false, true], [false, true], [true, true]])
    // Where there is a zero they stand on it.
    let signed = try pixels(width: 2, height: 4) { canvas in
      let axes = Axes(frame: canvas.bounds, x: Axis("x", 0...2), y: Axis("y", -2...2), isFlipped: false)
      axes.bars([(0.5, 1), (1.5, -2)], width: 1, Color(0x0000ff), on: canvas)
    }
    #expect(signed.map { $0.map { $0 == blue } } == [[false, false], [true, false], [false, true], [false, true]])
  }

  @Test("dashes are those of one line, and the edge that is drawn next has none")
  func dashes() throws {
    let found = try pixels(width: 24, height: 5) { canvas in
      canvas.line([(0, 0.5), (24, 0.5)], .black, lineWidth: 1, dashes: [2, 4])
      canvas.stroke(Rectangle(x: 0.5, y: 1.5, width: 23, height: 2), .black, lineWidth: 1)
      canvas.line([(0, 4.5), (24, 4.5)], .black, lineWidth: 1, dashes: [6, 6])
    }
    // The corners are round.
    let isDrawn = found.map { $0[1..<23].map { $0 == 0 } }
    let edge = [Bool](repeating: true, count: 22)
    #expect(isDrawn[0] == (1..<23).map { $0 % 6 < 2 })
    #expect(isDrawn[1] == edge && isDrawn[2] == edge.map { _ in false } && isDrawn[3] == edge)
    #expect(isDrawn[4] == (1..<23).map { $0 % 12 < 6 })
  }
}
