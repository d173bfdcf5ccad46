import CCairo
import Events
import Foundation

/// The pictures of a folder, in order of their names, as frames.
package struct PNGFrames: FrameSource {
  package let geometry: SensorGeometry
  private let paths: [String]
  private let rate: FrameRate
  private let table: [Float]
  private var number = 0

  package init(folder: String, rate: FrameRate, gamma: Double) throws(VideoError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw VideoError(folder, "cannot be opened; check the path and that you may read it", kind: .missing)
    }
    // Names count as people do: 2 before 10.
    paths = names.filter { $0.lowercased().hasSuffix(".png") }
      .sorted { $0.compare($1, options: [.numeric, .literal]) == .orderedAscending }.map { "\(folder)/\($0)" }
    guard let first = paths.first else { throw VideoError(folder, "holds no .png") }
    self.rate = rate
    table = Gamma.table(bits: 8, gamma: gamma)
    geometry = try Self.open(first) { SensorGeometry(width: Int($0.width), height: Int($0.height)) }
  }

  package func timeMicroseconds(ofFrame number: Int) -> Int64 { rate.timeMicroseconds(ofFrame: number) }

  private struct Surface {
    let width: Int32
    let height: Int32
    let stride: Int
    let pixels: UnsafePointer<UInt8>
    let isGrey: Bool
  }

  private static func open<Result>(
    _ path: String, _ body: (Surface) throws(VideoError) -> Result
  ) throws(VideoError) -> Result {
    guard let surface = cairo_image_surface_create_from_png(path) else { throw VideoError(path, "cannot be read") }
    defer { cairo_surface_destroy(surface) }
    let status = cairo_surface_status(surface)
    guard status == CAIRO_STATUS_SUCCESS, let pixels = cairo_image_surface_get_data(surface) else {
      throw VideoError(path, "is no PNG that can be read: \(String(cString: cairo_status_to_string(status)))")
    }
    let format = cairo_image_surface_get_format(surface)
    guard [CAIRO_FORMAT_ARGB32, CAIRO_FORMAT_RGB24, CAIRO_FORMAT_A8].contains(format) else {
      throw VideoError(path, "has samples of more than 8 bits; convert it to 8")
    }
    return try body(
      Surface(
        width: cairo_image_surface_get_width(surface), height: cairo_image_surface_get_height(surface),
        stride: Int(cairo_image_surface_get_stride(surface)), pixels: pixels, isGrey: format == CAIRO_FORMAT_A8))
  }

  package mutating func next(into image: inout [Float]) throws(VideoError) -> Bool {
    guard number < paths.count else { return false }
    let path = paths[number]
    number += 1
    let (geometry, table) = (geometry, table)
    if image.count != geometry.pixelCount { image = [Float](repeating: 0, count: geometry.pixelCount) }
    var filled = image
    try Self.open(path) { surface throws(VideoError) in
      guard surface.width == geometry.width, surface.height == geometry.height else {
        throw VideoError(path, "has \(surface.width)x\(surface.height) pixels, the pictures before it \(geometry)")
      }
      for y in 0..<geometry.height {
        let row = surface.pixels + y * surface.stride
        for x in 0..<geometry.width {
          // Blue, green, red and alpha in the order of bytes of this machine.
          filled[y * geometry.width + x] =
            surface.isGrey
            ? table[Int(row[x])]
            : Luminance.of(
              red: table[Int(row[4 * x + 2])], green: table[Int(row[4 * x + 1])], blue: table[Int(row[4 * x])])
        }
      }
    }
    image = filled
    return true
  }
}
