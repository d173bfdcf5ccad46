import Numerics

/// A convolution, the neurons behind it and perhaps a pool, stepped together a few rows at a time, so that what passes
/// between them stays in the caches. The numbers are those of the layers one after another.
struct FusedStep<Scalar: Real>: Sendable {
  let conv: Conv<Scalar>
  let neurons: Neurons<Scalar>
  let pool: Pool<Scalar>?
  /// Rows of the convolution's output that are taken at a time.
  let rows: Int
  private let height: Int
  private let rowCount: Int

  /// Currents of as many rows as fit this are computed at a time.
  static var pieceBytes: Int { 96 << 10 }

  /// The layers from `index` on, if they can be stepped together.
  init?(_ layers: [any Layer<Scalar>], at index: Int) {
    guard index + 1 < layers.count, let conv = layers[index] as? Conv<Scalar>, conv.outputShape.count == 3,
      let neurons = layers[index + 1] as? Neurons<Scalar>, neurons.goesInPieces
    else { return nil }
    self.conv = conv
    self.neurons = neurons
    let pool = index + 2 < layers.count ? layers[index + 2] as? Pool<Scalar> : nil
    let square = pool?.tilingRows
    self.pool = square == nil ? nil : pool
    height = conv.outputShape[0]
    rowCount = conv.outputShape[1] * conv.outputShape[2]
    let fitting = Self.pieceBytes / (rowCount * MemoryLayout<Scalar>.size)
    let unit = square ?? 1
    rows = min(height, max(unit, fitting / unit * unit))
  }

  /// Layers that are stepped.
  var count: Int { pool == nil ? 2 : 3 }
  var workspaceCount: Int { 2 * rows * rowCount + conv.convolution.stepRoom }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func step(
    convParameters: UnsafePointer<Scalar>, neuronParameters: UnsafePointer<Scalar>,
    neuronState: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>, output: inout Signal<Scalar>
  ) {
    let current = input.workspace
    let fired = current + rows * rowCount
    let workspace = fired + rows * rowCount
    let convolution = conv.convolution
    let way = convolution.way(
      input.values, active: input.active, activeCount: input.activeCount, workspace: workspace)
    var pooled = output.values
    for first in stride(from: 0, to: height, by: rows) {
      let count = min(rows, height - first)
      let units = count * rowCount
      conv.begin(current, places: count * Int(convolution.shape.out_width), parameters: convParameters)
      convolution.add(
        input.values, active: input.active, way, weights: convParameters, rows: first..<first + count, to: current,
        workspace: workspace)
      let spikes = pool == nil ? output.values + first * rowCount : fired
      neurons.stepPiece(
        parameters: neuronParameters, state: neuronState, first: first * rowCount, count: units, current: current,
        spikes: spikes)
      if let pool {
        pool.poolPiece(rows: count, fired, into: pooled)
        pooled += count * pool.outputWidth / height
      }
    }
    let width = pool?.outputWidth ?? neurons.outputWidth
    output.activeCount =
      output.isListWanted ? Scalar.listActive(output.values, width: width, into: output.active) : nil
  }
}
