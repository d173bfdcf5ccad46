import Tensors

/// Neurons and the pool behind them, taken through a batch together, some rows of the map at a time: the spikes between
/// them are never kept, and the membranes of the rows stay in the caches over all steps. The numbers are those of the
/// layers one after another.
struct PooledNeurons<Scalar: Real>: Sendable {
  private let neurons: Neurons<Scalar>
  private let pool: Pool<Scalar>
  private let height: Int
  /// Rows that are taken at a time.
  private let rows: Int
  private let rowCount: Int
  private let pooledRowCount: Int
  private let square: Int

  /// Membranes of as many rows as fit this are taken at a time.
  static var pieceBytes: Int { 32 << 10 }

  /// The layers at `index` and behind it, if they can be taken together.
  init?(_ layers: [any Layer<Scalar>], at index: Int) {
    guard index + 1 < layers.count, let neurons = layers[index] as? Neurons<Scalar>, neurons.goesInPieces,
      !neurons.learns, let pool = layers[index + 1] as? Pool<Scalar>, pool.inputShape.count == 3,
      let square = pool.tilingRows
    else { return nil }
    self.neurons = neurons
    self.pool = pool
    self.square = square
    height = pool.inputShape[0]
    rowCount = pool.inputWidth / height
    pooledRowCount = pool.outputWidth / (height / square)
    let fitting = Self.pieceBytes / (rowCount * MemoryLayout<Scalar>.size)
    rows = min(height, max(square, fitting / square * square))
  }

  private var piece: Int { rows * rowCount }

  private func scratch(_ pass: LayerPass<Scalar>) -> UnsafeMutablePointer<Scalar> {
    pass.tape.scalars("pieces", count: pass.lanes.count * 3 * piece).base
  }

  /// Leaves the membranes with the neurons' pass and the pooled spikes in the pool's output.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward(_ pass: LayerPass<Scalar>, pooled: LayerPass<Scalar>) {
    let membranes = neurons.tapedMembrane(pass).base
    let scratch = scratch(pass)
    let (width, pooledWidth) = (neurons.outputWidth, pool.outputWidth)
    neurons.withDecays { decay, scale in
      pass.forEachSample { lane, _, row, steps in
        var neuron = neurons.neuron
        let state = scratch + lane * 3 * piece
        let spikes = state + piece
        for first in stride(from: 0, to: height, by: rows) {
          let count = min(rows, height - first)
          let units = count * rowCount
          state.update(repeating: 0, count: units)
          for step in row..<row + steps {
            let at = step * width + first * rowCount
            Scalar.stepNeurons(
              &neuron, width: units, decay: decay + first * rowCount, scale: scale + first * rowCount,
              current: pass.input.values.base + at, state: state, membrane: membranes + at, spikes: spikes)
            pool.poolPiece(
              rows: count, spikes,
              into: pooled.output.values.base + step * pooledWidth + first / square * pooledRowCount)
          }
        }
      }
    }
  }

  /// From the gradient of the pooled spikes to that of the neurons' input.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward(_ pass: LayerPass<Scalar>, pooled: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let membranes = neurons.tapedMembrane(pass).base
    let scratch = scratch(pass)
    let (width, pooledWidth) = (neurons.outputWidth, pool.outputWidth)
    neurons.withDecays { decay, scale in
      pass.forEachSample { lane, _, row, steps in
        var neuron = neurons.neuron
        let carry = scratch + lane * 3 * piece
        let spikes = carry + piece
        let gradient = spikes + piece
        for first in stride(from: 0, to: height, by: rows) {
          let count = min(rows, height - first)
          let units = count * rowCount
          carry.update(repeating: 0, count: units)
          for step in (row..<row + steps).reversed() {
            let at = step * width + first * rowCount
            let pooledAt = step * pooledWidth + first / square * pooledRowCount
            Scalar.cellFire(
              count: units, hidden: membranes + at, surrogate: neuron.surrogate, smooth: false,
              width: neuron.surrogate_width, threshold: neuron.threshold, into: spikes)
            pool.poolPieceBack(
              rows: count, spikes, pooled.output.values.base + pooledAt,
              delta: pooled.outputGradient.base + pooledAt, into: gradient)
            Scalar.stepNeuronsBack(
              &neuron, width: units, decay: decay + first * rowCount, scale: scale + first * rowCount,
              membrane: membranes + at, spikes: spikes, spikeGradient: gradient,
              currentGradient: inputGradient.base + at, carry: carry)
          }
        }
      }
    }
  }
}
