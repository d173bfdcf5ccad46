import Events
import Testing

/// Rules of filters at their borders.
@Suite struct FilterRuleTests {
  @Test func aTimeSliceKeepsEventsAndTriggersFromItsStartUpToButWithoutItsEnd() throws {
    let times: [Int64] = [-1, 0, 99, 100, 101, 199, 200, 201]
    var batch = EventBatch(
      times: times, x: times.indices.map { UInt16($0) }, y: times.map { _ in 0 }, polarities: times.map { _ in 1 })
    batch.triggers = times.map { TriggerEvent(timeMicroseconds: $0, channel: 3, isRising: $0 % 2 == 0) }
    var chain = EventFilterChain(geometry: SensorGeometry(width: 16, height: 1))
    try chain.append("time=100..200")
    chain.apply(&batch)
    #expect(batch.times == [100, 101, 199])
    #expect(batch.x == [3, 4, 5])
    #expect(batch.triggers.map(\.timeMicroseconds) == [100, 101, 199])
    #expect(batch.triggers.map(\.isRising) == [true, false, false])
    #expect(chain.filters[0].removed == 5)
  }

  /// Triggers between two slices belong to neither, whatever the batches are.
  @Test func aBatchWithoutEventsLosesItsTriggersToo() throws {
    var chain = EventFilterChain(geometry: nil)
    try chain.append("time=..50")
    var batch = EventBatch()
    batch.triggers = [
      TriggerEvent(timeMicroseconds: 49, channel: 0, isRising: true),
      TriggerEvent(timeMicroseconds: 50, channel: 0, isRising: true),
    ]
    chain.apply(&batch)
    #expect(batch.triggers.map(\.timeMicroseconds) == [49])
  }

  /// A sensor of which every pixel of the first rows fired twice, one pixel `count` times, and its right neighbour so
  /// often as it is told.
  private func finder(count: Int, neighbour: Int) -> HotPixelFinder {
    var finder = HotPixelFinder(geometry: SensorGeometry(width: 20, height: 20))
    func add(_ x: Int, _ y: Int, _ times: Int) {
      for _ in 0..<times {
        finder.add(EventBatch(times: [0], x: [UInt16(x)], y: [UInt16(y)], polarities: [1]))
      }
    }
    for y in 0..<8 { for x in 0..<20 { add(x, y, 2) } }
    add(10, 15, count)
    add(11, 15, neighbour)
    return finder
  }

  @Test func aHotPixelFiresMoreThanThreeTimesAsOftenAsItsBusiestNeighbour() {
    #expect(finder(count: 91, neighbour: 30).hotPixels(deviations: 3).map(\.count) == [91])
    #expect(finder(count: 90, neighbour: 30).hotPixels(deviations: 3).isEmpty)
    #expect(finder(count: 89, neighbour: 30).hotPixels(deviations: 3).isEmpty)
    #expect(finder(count: 60, neighbour: 30).hotPixels(deviations: 3).isEmpty)
    #expect(finder(count: 60, neighbour: 0).hotPixels(deviations: 3).map(\.count) == [60])
  }

  @Test func aHotPixelLiesMoreThanSoManyDeviationsAboveTheMeanOfThoseThatFired() {
    // 160 pixels that fired twice and one that fired 34 times: a mean of 2.199, a deviation of 2.514.
    let finder = finder(count: 34, neighbour: 0)
    #expect(finder.hotPixels(deviations: 12.6).count == 1)
    #expect(finder.hotPixels(deviations: 12.7).isEmpty)
  }

  @Test func neighboursCountInAllEightDirections() {
    for (dx, dy) in [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)] {
      var finder = HotPixelFinder(geometry: SensorGeometry(width: 30, height: 30))
      func add(_ x: Int, _ y: Int, _ times: Int) {
        for _ in 0..<times { finder.add(EventBatch(times: [0], x: [UInt16(x)], y: [UInt16(y)], polarities: [0])) }
      }
      for place in 0..<200 { add(place % 30, place / 30, 1) }
      add(20, 20, 30)
      add(20 + dx, 20 + dy, 10)
      #expect(finder.hotPixels(deviations: 5).isEmpty, "a neighbour at \(dx), \(dy)")
    }
  }
}
