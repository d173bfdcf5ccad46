import Events
import Glibc
import Numerics
import Testing

/// A dark disc that crosses a bright picture, as cameras of any resolution see it: each pixel tells when the disc's edge
/// passes its middle.
private struct DiscScene {
  /// In widths of the picture; its middle moves along the middle row, in a second.
  var radius = 0.11
  var start = -0.2
  var distance = 1.4

  func events(_ sensor: SensorGeometry) -> EventBatch {
    var all: [Event] = []
    let (width, height) = (Double(sensor.width), Double(sensor.height))
    for y in 0..<sensor.height {
      // Rows count from the middle: cameras of other proportions see more or less above and below.
      let offset = (Double(y) + 0.5 - height / 2) / width
      guard abs(offset) < radius else { continue }
      let half = (radius * radius - offset * offset).squareRoot()
      for x in 0..<sensor.width {
        let column = (Double(x) + 0.5) / width
        for (edge, polarity) in [(column - half, UInt8(0)), (column + half, UInt8(1))] {
          let seconds = (edge - start) / distance
          all.append(
            Event(timeMicroseconds: Int64(1e6 * seconds), x: UInt16(x), y: UInt16(y), polarity: polarity))
        }
      }
    }
    all.sort { ($0.timeMicroseconds, $0.y, $0.x) < ($1.timeMicroseconds, $1.y, $1.x) }
    var batch = EventBatch()
    for event in all { batch.append(event) }
    return batch
  }
}

@Suite struct SameSceneTests {
  private static let model = EventBinningConfiguration(
    sensor: SensorGeometry(width: 128, height: 128), binMicroseconds: 50_000, downsampling: 4)
  private static let cameras = [(240, 180), (346, 260), (640, 480), (1280, 720)].map {
    SensorGeometry(width: $0, height: $1)
  }

  /// The network's input, step after step.
  private func input(_ sensor: SensorGeometry) throws -> [[Float]] {
    var binner = try EventBinner(Self.model, camera: sensor)
    var steps: [[Float]] = []
    func keep(_ frame: SpikeFrame) {
      var dense = [Float](repeating: 0, count: Self.model.shape.reduce(1, *))
      for (channel, value) in zip(frame.channels, frame.values) { dense[Int(channel)] = value }
      steps.append(dense)
    }
    // Steps begin with the first event, which finer cameras see a little earlier: all begin with one at the same time.
    var batch = EventBatch(times: [0], x: [0], y: [UInt16(sensor.height / 2)], polarities: [0])
    batch.append(contentsOf: DiscScene().events(sensor))
    try binner.push(batch, emit: keep)
    binner.finish(emit: keep)
    #expect(binner.eventsCut == 0 && binner.eventsOutside == 0)
    return steps
  }

  @Test(arguments: cameras)
  func camerasOfAnySizeGiveTheSameInput(camera: SensorGeometry) throws {
    let own = try input(Self.model.sensor)
    let other = try input(camera)
    #expect(own.count == other.count)
    let total = own.joined().reduce(0, +)
    // As much of it, to 2 %, ...
    #expect(abs(other.joined().reduce(0, +) / total - 1) < 0.02)
    // ... at the same place at the same time: of the whole, less than 3.5 % lies in other inputs or steps.
    let distance = zip(own.joined(), other.joined()).reduce(0) { $0 + abs($1.0 - $1.1) } / (2 * total)
    #expect(distance < 0.035, "\(camera): \(distance)")
  }

  @Test func withoutTheRatioOfPixelsItWouldNotBeTheSame() throws {
    // Twenty-five times as many events for the same input: the test above can fail.
    let scene = DiscScene()
    let ratio = Double(scene.events(Self.cameras[2]).count) / Double(scene.events(Self.model.sensor).count)
    #expect(ratio > 20)
  }

  @Test func theSquareFollowsWhatMovesAndComesToTheSamePlace() throws {
    // Two small discs far apart in time: the square goes from the one's place to the other's.
    var batch = EventBatch()
    for index in 0..<40_000 {
      let isLate = index >= 20_000
      let angle = Double(index) * 0.7
      let (x, y) = (isLate ? 500 + 50 * cos(angle) : 120 + 50 * cos(angle), 200 + 50 * sin(angle))
      batch.append(
        Event(timeMicroseconds: Int64(index) * 500, x: UInt16(x), y: UInt16(y), polarity: UInt8(index % 2)))
    }
    let camera = SensorGeometry(width: 640, height: 480)
    var binner = try EventBinner(Self.model, camera: camera, fit: SensorFit(.follow))
    #expect(binner.placement.region == PixelRectangle(x: 80, y: 0, width: 480, height: 480))
    try binner.push(batch.slice(0..<20_000)) { _ in }
    let first = binner.placement.region
    // Four deviations of a circle of radius 50 along one direction, 4 * 50 / sqrt(2).
    #expect(abs(first.width - 141) <= 3 && abs(first.x + first.width / 2 - 120) <= 2, "\(first)")
    // Slowly: a tenth of a second later it is almost where it was.
    try binner.push(batch.slice(20_000..<20_200)) { _ in }
    #expect(abs(binner.placement.region.x - first.x) < 10, "\(binner.placement.region)")
    try binner.push(batch.slice(20_200..<40_000)) { _ in }
    let last = binner.placement.region
    #expect(abs(last.x + last.width / 2 - 500) <= 2 && abs(last.y + last.height / 2 - 200) <= 2, "\(last)")
    // Nothing happens: it stays.
    binner.advance(toMicroseconds: 40_000_000) { _ in }
    #expect(abs(binner.placement.region.x - last.x) <= 1)
    binner.finish { _ in }
    #expect(binner.placement.region == PixelRectangle(x: 80, y: 0, width: 480, height: 480))
  }
}
