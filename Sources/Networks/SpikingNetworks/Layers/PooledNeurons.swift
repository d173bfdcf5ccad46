import Numerics

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
      !neurons.learns, neurons.description.maximumSpikes == 1, let pool = layers[index + 1] as? Pool<Scalar>,
      pool.inputShape.count == 3,
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

  /// Some rows of a sample's maps, and three pieces of working memory of their lane.
  private struct Piece {
    var units: Int
    var decay: UnsafePointer<Scalar>
    var scale: UnsafePointer<Scalar>
    var scratch: UnsafeMutablePointer<Scalar>
    /// The maps' steps, as rows of the batch.
    var steps: Range<Int>
    /// Where the rows begin in a map and in a pooled map.
    var first: Int
    var pooledFirst: Int
  }

  private func forEachPiece(_ pass: LayerPass<Scalar>, _ body: (Piece) -> Void) {
    let scratch = neurons.tape(pass).pieces.sized(pass.lanes.count * 3 * piece).base
    neurons.withDecays { decay, scale in
      pass.forEachSample { lane, _, row, steps in
        for first in stride(from: 0, to: height, by: rows) {
          body(
            Piece(
              units: min(rows, height - first) * rowCount, decay: decay + first * rowCount,
              scale: scale + first * rowCount, scratch: scratch + lane * 3 * piece, steps: row..<row + steps,
              first: first * rowCount, pooledFirst: first / square * pooledRowCount))
        }
      }
    }
  }

  /// Leaves the membranes with the neurons' pass and the pooled spikes in the pool's output.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func forward(_ pass: LayerPass<Scalar>, pooled: LayerPass<Scalar>) {
    let membranes = neurons.tapedMembrane(pass).base
    forEachPiece(pass) { part in
      var neuron = neurons.neuron
      let state = part.scratch
      let spikes = state + piece
      state.update(repeating: neurons.initialPotential, count: part.units)
      for step in part.steps {
        let at = step * neurons.outputWidth + part.first
        Scalar.stepNeurons(
          &neuron, width: part.units, decay: part.decay, scale: part.scale, thresholds: nil,
          current: pass.input.values.base + at,
          state: state, membrane: membranes + at, spikes: spikes)
        pool.poolPiece(
          rows: part.units / rowCount, spikes,
          into: pooled.output.values.base + step * pool.outputWidth + part.pooledFirst)
      }
    }
  }

  /// From the gradient of the pooled spikes to that of the neurons' input.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func backward(_ pass: LayerPass<Scalar>, pooled: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let membranes = neurons.tapedMembrane(pass).base
    forEachPiece(pass) { part in
      var neuron = neurons.neuron
      let carry = part.scratch
      let spikes = carry + piece
      let gradient = spikes + piece
      carry.update(repeating: 0, count: part.units)
      for step in part.steps.reversed() {
        let at = step * neurons.outputWidth + part.first
        let pooledAt = step * pool.outputWidth + part.pooledFirst
        Scalar.cellFire(
          count: part.units, hidden: membranes + at, surrogate: neuron.surrogate, smooth: false,
          width: neuron.surrogate_width, threshold: neuron.threshold, into: spikes)
        pool.poolPieceBack(
          rows: part.units / rowCount, spikes, pooled.output.values.base + pooledAt,
          delta: pooled.outputGradient.base + pooledAt, into: gradient)
        Scalar.stepNeuronsBack(
          &neuron, width: part.units, decay: part.decay, scale: part.scale, membrane: membranes + at, spikes: spikes,
          spikeGradient: gradient, currentGradient: inputGradient.base + at, carry: carry)
      }
    }
  }
}
