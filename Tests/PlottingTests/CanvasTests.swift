import Foundation
import Plotting
import Testing

@Suite struct CanvasTests {
  func temporary(_ name: String) -> String {
    FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)-\(name)").path
  }

  @Test func ticksStandAtRoundValues() {
    #expect(Axis("t", 0...10).ticks(count: 5).map(\.text) == ["0", "2", "4", "6", "8", "10"])
    #expect(Axis("t", -1.2...1.2).ticks(count: 5).map(\.text) == ["-1.0", "-0.5", "0", "0.5", "1.0"])
    // Of a fraction the zeros in front are told, too.
    #expect(Axis("t", 0...0.2).ticks(count: 4).map(\.text) == ["0", "0.05", "0.10", "0.15", "0.20"])
    #expect(Axis("f", 20...20000, isLogarithmic: true).ticks().map(\.value) == [100, 1000, 10000])
    #expect(Axis("n", 0...5_000_000).ticks(count: 5).map(\.text).last == "5e6")
  }

  @Test func valuesMapToTheFrame() {
    let axes = Axes(
      frame: Rectangle(x: 10, y: 20, width: 100, height: 50), x: Axis("x", 0...10), y: Axis("y", 0...1))
    #expect(axes.point(0, 0) == (10, 70))
    #expect(axes.point(10, 1) == (110, 20))
    let flipped = Axes(frame: axes.frame, x: axes.x, y: axes.y, isFlipped: true)
    #expect(flipped.point(5, 0) == (60, 20))
  }

  @Test func colorMapMixesBetweenStops() {
    let map = ColorMap([.black, .white])
    #expect(map.color(0.5) == Color(red: 0.5, green: 0.5, blue: 0.5))
    #expect(map.color(-3) == .black)
    #expect(map.color(.nan) == .black)
    #expect(map.color(7) == .white)
  }

  @Test(arguments: ["png", "svg"])
  func theSameCallsGiveTheSameBytes(ending: String) throws {
    func draw() throws -> String {
      let path = temporary("plot.\(ending)")
      defer { try? FileManager.default.removeItem(atPath: path) }
      let canvas = try Canvas(path: path, width: 200, height: 150)
      let axes = Axes(filling: canvas.bounds, x: Axis("x", 0...3), y: Axis("y", 0...9))
      axes.draw(on: canvas, title: "squares")
      axes.line([(0, 0), (1, 1), (2, 4), (3, 9)], Color.series[0], on: canvas)
      try canvas.finish()
      let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      // cairo numbers the surfaces of a process: only the first SVG of a process has the same names as another.
      return String(decoding: bytes, as: UTF8.self).replacing(/surface[0-9]+/, with: "surface")
    }
    let first = try draw()
    #expect(first == (try draw()))
    #expect(first.contains(ending == "png" ? "PNG" : "<?xml"))
  }

  @Test func picturesThatCannotBeWrittenAreErrors() throws {
    #expect(throws: PlottingError.self) { _ = try Canvas(path: "x.bmp", width: 10, height: 10) }
    #expect(throws: PlottingError.self) { _ = try Canvas(path: "x.png", width: 0, height: 10) }
    #expect(throws: PlottingError.self) {
      try Canvas(path: "/nowhere/x.png", width: 10, height: 10).finish()
    }
  }
}
