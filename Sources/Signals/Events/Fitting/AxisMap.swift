/// How the pixels of a camera along one direction become the inputs of a network along one.
///
/// Where the camera is the finer one, its pixels fall together and what they count is divided by their number; where the
/// model is, each of its pixels takes what the nearest one of the camera counts. Either way an edge that passes gives an
/// input as much as it would on a camera of the model's own size.
struct AxisMap: Sendable {
  /// In `buckets`: cut off.
  static let nowhere = UInt32.max

  /// For each of the camera's pixels where it is counted: an input, or the pixel itself where the model is finer.
  private(set) var buckets: [UInt32]
  private(set) var bucketCount: Int
  /// Whether inputs and buckets are not the same.
  private(set) var isSpread: Bool
  /// For each input the first of the buckets it takes and how often it takes each, in model pixels.
  private(set) var sources: [(first: Int, weights: [Double])]
  /// How many of the camera's pixels one bucket holds.
  private(set) var merged: [Double]

  /// - Parameters:
  ///   - region: of the camera's pixels.
  ///   - isReversed: whether the last of them comes first.
  ///   - target: of the model's pixels, onto which they come.
  ///   - downsampling: model pixels of an input.
  init(
    extent: Int, region: Range<Int>, isReversed: Bool, modelExtent: Int, target: Range<Int>, downsampling: Int
  ) {
    let (length, placed) = (region.count, target.count)
    let inputs = (modelExtent + downsampling - 1) / downsampling
    isSpread = length < placed
    bucketCount = isSpread ? length : inputs
    buckets = [UInt32](repeating: Self.nowhere, count: extent)
    merged = [Double](repeating: 0, count: bucketCount)
    for pixel in region {
      let place = isReversed ? region.upperBound - 1 - pixel : pixel - region.lowerBound
      // The model pixel under the middle of the camera's.
      let bucket = isSpread ? place : (target.lowerBound + (2 * place + 1) * placed / (2 * length)) / downsampling
      buckets[pixel] = UInt32(bucket)
      merged[bucket] += 1
    }
    sources = [(first: Int, weights: [Double])](repeating: (0, []), count: inputs)
    for pixel in target {
      let input = pixel / downsampling
      let bucket = isSpread ? (2 * (pixel - target.lowerBound) + 1) * length / (2 * placed) : input
      if sources[input].weights.isEmpty { sources[input].first = bucket }
      let place = bucket - sources[input].first
      if place == sources[input].weights.count { sources[input].weights.append(0) }
      sources[input].weights[place] += 1
    }
  }
}

/// How the pixels of a camera become the inputs of a network.
struct InputMap: Sendable {
  let camera: SensorGeometry
  /// Along the rows and columns of the inputs.
  let horizontal: AxisMap
  let vertical: AxisMap
  /// Added for the column and the row of a pixel; at least `plane` together where it is cut off.
  let columns: [UInt32]
  let rows: [UInt32]
  /// Buckets of one polarity.
  let plane: Int
  /// The power of two by which pixels fall together, negative where it is not as simple.
  let shift: Int32
  /// Whether what is counted is not what the network gets.
  let isWeighed: Bool

  init(_ placement: SensorPlacement, downsampling: Int) {
    let swaps = placement.turn.swapsAxes
    let (region, target, camera) = (placement.region, placement.target, placement.camera)
    let isTurnedOver = placement.turn == .half
    // Which direction runs backwards once the picture is turned clockwise, and then mirrored.
    let reversesColumns = (isTurnedOver || placement.turn == .quarter) != placement.isMirrored
    let reversesRows = isTurnedOver || placement.turn == .threeQuarters
    let (acrossX, acrossY) = (region.x..<region.x + region.width, region.y..<region.y + region.height)
    let horizontal = AxisMap(
      extent: swaps ? camera.height : camera.width, region: swaps ? acrossY : acrossX, isReversed: reversesColumns,
      modelExtent: placement.model.width, target: target.x..<target.x + target.width, downsampling: downsampling)
    let vertical = AxisMap(
      extent: swaps ? camera.width : camera.height, region: swaps ? acrossX : acrossY, isReversed: reversesRows,
      modelExtent: placement.model.height, target: target.y..<target.y + target.height, downsampling: downsampling)
    let stride = horizontal.bucketCount
    let plane = stride * vertical.bucketCount
    let across = horizontal.buckets.map { $0 == AxisMap.nowhere ? UInt32(plane) : $0 }
    let down = vertical.buckets.map { $0 == AxisMap.nowhere ? UInt32(plane) : $0 * UInt32(stride) }
    (columns, rows) = swaps ? (down, across) : (across, down)
    (self.camera, self.horizontal, self.vertical, self.plane) = (camera, horizontal, vertical, plane)
    let isPowerOfTwo = downsampling & (downsampling - 1) == 0
    shift = placement.isIdentity && isPowerOfTwo ? Int32(downsampling.trailingZeroBitCount) : -1
    isWeighed = (swaps ? acrossY : acrossX).count != target.width || (swaps ? acrossX : acrossY).count != target.height
  }
}
