import Events
import Testing

struct TimeSurfaceTests {
  @Test func timeSurfaceDecaysFromTheLastEvent() {
    var surface = TimeSurface(tauMicroseconds: 100, sensor: SensorGeometry(width: 2, height: 1))
    surface.push(EventBatch(times: [0, 50], x: [0, 1], y: [0, 0], polarities: [1, 0]))
    let values = surface.values(at: 150)
    #expect(values[0] == 0 && values[3] == 0)
    #expect(abs(values[1] - 0.36787945) < 1e-6)
    #expect(abs(values[2] - 0.22313016) < 1e-6)
  }
}
