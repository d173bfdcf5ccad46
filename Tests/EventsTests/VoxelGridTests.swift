import Events
import Testing

struct VoxelGridTests {
  @Test func voxelGridSharesEventsBetweenNeighbouringBins() {
    let batch = EventBatch(
      times: [0, 25, 100], x: [0, 1, 0], y: [0, 0, 0], polarities: [1, 1, 0])
    let grid = VoxelGrid(batch, bins: 3, sensor: SensorGeometry(width: 2, height: 1))
    #expect(grid.values == [1, 0.5, 0, 0.5, -1, 0])
    let total = grid.values.reduce(0, +)
    #expect(total == 1)
  }
}
