import CBLAS
import CKernels

/// A floating-point type the engine runs in: `Float` for use, `Double` for gradient checks.
///
/// Every function is a thin face of a C kernel or of BLAS. Pointers are borrowed for the call only; the caller
/// guarantees that they hold as many scalars as the named extents say, and that outputs do not overlap inputs.
/// Accumulation runs over the summed index in ascending order, so a sparse and a dense form of the same product give the
/// same bits. (`multiplyTransposed…`, which only gradients use, are BLAS's and promise no order.)
public protocol Real: MapKernels, BinaryFloatingPoint, BitwiseCopyable, Sendable, Codable
where RawSignificand: FixedWidthInteger {
  /// `output[rows, width] += input[rows, depth] · weights[depth, width]`.
  static func multiply(
    _ input: UnsafePointer<Self>, inputStride: Int, _ weights: UnsafePointer<Self>, rows: Int, depth: Int, width: Int,
    into output: UnsafeMutablePointer<Self>, outputStride: Int)
  /// `output[rows, depth] += delta[rows, width] · weightsᵀ` for `weights[depth, width]`.
  static func multiplyTransposedWeights(
    _ delta: UnsafePointer<Self>, _ weights: UnsafePointer<Self>, rows: Int, depth: Int, width: Int,
    into output: UnsafeMutablePointer<Self>)
  /// `gradient[depth, width] += inputᵀ · delta` for `input[rows, depth]`, `delta[rows, width]`.
  static func multiplyTransposedInput(
    _ input: UnsafePointer<Self>, _ delta: UnsafePointer<Self>, rows: Int, depth: Int, width: Int,
    into gradient: UnsafeMutablePointer<Self>)
  /// `output[width] += Σ input[active[k]] · weights[active[k], :]`.
  static func scatter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>, _ weights: UnsafePointer<Self>, width: Int,
    into output: UnsafeMutablePointer<Self>)
  /// The same with one value for each list entry.
  static func scatter(
    active: UnsafePointer<UInt32>, count: Int, values: UnsafePointer<Float>, _ weights: UnsafePointer<Self>, width: Int,
    into output: UnsafeMutablePointer<Self>)
  /// The first with those weights only that there are: of input `i` the entries `starts[i] ..< starts[i + 1]`, each with
  /// its column.
  static func scatter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>, starts: UnsafePointer<UInt32>,
    columns: UnsafePointer<UInt16>, _ weights: UnsafePointer<Self>, into output: UnsafeMutablePointer<Self>)
  /// The same with blocks of `GANGLION_BLOCK` neighbouring weights, each with its first column.
  static func scatterBlocks(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>, starts: UnsafePointer<UInt32>,
    columns: UnsafePointer<UInt16>, _ weights: UnsafePointer<Self>, into output: UnsafeMutablePointer<Self>)
  /// `gradient[active[k], :] += input[active[k]] · delta[width]`.
  static func addOuter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>, _ delta: UnsafePointer<Self>, width: Int,
    into gradient: UnsafeMutablePointer<Self>)
  /// The same with one value for each list entry.
  static func addOuter(
    active: UnsafePointer<UInt32>, count: Int, values: UnsafePointer<Float>, _ delta: UnsafePointer<Self>, width: Int,
    into gradient: UnsafeMutablePointer<Self>)
  /// Lists the non-zero entries of a row in ascending order; `active` has room for `width` entries.
  static func listActive(_ row: UnsafePointer<Self>, width: Int, into active: UnsafeMutablePointer<UInt32>) -> Int
  /// The same where there are fewer than `limit`; nil, and an unfinished list, where there are more.
  static func listActive(
    _ row: UnsafePointer<Self>, width: Int, below limit: Int, into active: UnsafeMutablePointer<UInt32>
  ) -> Int?
  /// One step of `width` neurons; `state` is `[GANGLION_NEURON_STATE, width]`; the membrane is left where wanted;
  /// `thresholds` are those of each neuron where they differ from the layer's.
  static func stepNeurons(
    _ neuron: inout ganglion_neuron, width: Int, decay: UnsafePointer<Self>, scale: UnsafePointer<Self>,
    thresholds: UnsafePointer<Self>?, current: UnsafePointer<Self>, state: UnsafeMutablePointer<Self>,
    membrane: UnsafeMutablePointer<Self>?, spikes: UnsafeMutablePointer<Self>)
  /// A step back of neurons that keep nothing but the membrane; `carry[width]` goes from behind the step to before it.
  static func stepNeuronsBack(
    _ neuron: inout ganglion_neuron, width: Int, decay: UnsafePointer<Self>, scale: UnsafePointer<Self>,
    membrane: UnsafePointer<Self>, spikes: UnsafePointer<Self>, spikeGradient: UnsafePointer<Self>,
    currentGradient: UnsafeMutablePointer<Self>, carry: UnsafeMutablePointer<Self>)
  /// A whole sequence of `steps`, with `recurrent[width, width]` weights (from, to) if there are any.
  static func runNeurons(
    _ neuron: inout ganglion_neuron, steps: Int, width: Int, decay: UnsafePointer<Self>, scale: UnsafePointer<Self>,
    thresholds: UnsafePointer<Self>?, current: UnsafePointer<Self>, recurrent: UnsafePointer<Self>?,
    state: UnsafeMutablePointer<Self>,
    membrane: UnsafeMutablePointer<Self>, spikes: UnsafeMutablePointer<Self>, drives: UnsafeMutablePointer<Self>?,
    adaptations: UnsafeMutablePointer<Self>?, scratch: UnsafeMutablePointer<Self>,
    active: UnsafeMutablePointer<UInt32>)
  /// Back through a whole sequence; gradients other than `currentGradient` are added to. `scratch` holds `8 * width`.
  ///
  /// Of a window of a longer sequence, `begin` is the state before it, `fired` is not zero for units that fire anywhere
  /// in the whole, and `carried[5, width]` comes as the gradient of what follows and leaves as that of what lies before.
  static func runNeuronsBackward(
    _ neuron: inout ganglion_neuron, steps: Int, width: Int, decay: UnsafePointer<Self>, scale: UnsafePointer<Self>,
    thresholds: UnsafePointer<Self>?, membrane: UnsafePointer<Self>, spikes: UnsafePointer<Self>,
    drives: UnsafePointer<Self>?,
    adaptations: UnsafePointer<Self>?, spikeGradient: UnsafePointer<Self>, recurrentTransposed: UnsafePointer<Self>?,
    recurrentGradient: UnsafeMutablePointer<Self>?, currentGradient: UnsafeMutablePointer<Self>,
    decayGradient: UnsafeMutablePointer<Self>?, scaleGradient: UnsafeMutablePointer<Self>?,
    thresholdGradient: UnsafeMutablePointer<Self>?,
    begin: UnsafePointer<Self>?, fired: UnsafePointer<Self>?, carried: UnsafeMutablePointer<Self>?,
    scratch: UnsafeMutablePointer<Self>, active: UnsafeMutablePointer<UInt32>)
  /// One AdamW step over `count` parameters.
  static func stepAdam(
    count: Int, parameters: UnsafeMutablePointer<Self>, gradient: UnsafePointer<Self>,
    first: UnsafeMutablePointer<Self>, second: UnsafeMutablePointer<Self>, rate: Self, beta1: Self, beta2: Self,
    epsilon: Self, decay: Self, correction1: Self, correction2: Self)
  /// One step of gradient descent with momentum over `count` parameters.
  static func stepMomentum(
    count: Int, parameters: UnsafeMutablePointer<Self>, gradient: UnsafePointer<Self>,
    velocity: UnsafeMutablePointer<Self>, rate: Self, momentum: Self, decay: Self)
  /// Adds the column sums of `x[rows, channels]` and of its squares.
  static func addMoments(
    _ x: UnsafePointer<Self>, rows: Int, channels: Int, sums: UnsafeMutablePointer<Self>,
    squares: UnsafeMutablePointer<Self>)
  /// `y = x · scale + shift` by column; `y` may be `x`.
  static func affine(
    _ x: UnsafePointer<Self>, rows: Int, channels: Int, scale: UnsafePointer<Self>, shift: UnsafePointer<Self>,
    into y: UnsafeMutablePointer<Self>)
  /// Adds the column sums of `dy` and of `dy` times the normalised `x`.
  static func addNormalSums(
    _ x: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, rows: Int, channels: Int, mean: UnsafePointer<Self>,
    inverseDeviation: UnsafePointer<Self>, sum: UnsafeMutablePointer<Self>, sumNormalised: UnsafeMutablePointer<Self>)
  /// `dx = scale · (dy − meanDy − normalised x · meanDyNormalised)` by column.
  static func normalBackward(
    _ x: UnsafePointer<Self>, _ dy: UnsafePointer<Self>, rows: Int, channels: Int, mean: UnsafePointer<Self>,
    inverseDeviation: UnsafePointer<Self>, scale: UnsafePointer<Self>, meanDy: UnsafePointer<Self>,
    meanDyNormalised: UnsafePointer<Self>, into dx: UnsafeMutablePointer<Self>)
}
