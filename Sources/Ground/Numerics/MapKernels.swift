import CBLAS
import CKernels

/// Kernels over channel-last maps `[height, width, channels]`: convolution, pooling, the ConvLSTM cell and attention.
///
/// The contract of `Real` holds: pointers are borrowed for the call, the caller guarantees the extents, and outputs
/// overlap no input unless a function says so. The headers of `CKernels` describe each function.
public protocol MapKernels {
  /// `out[rows, columns] += left · right`, with either factor transposed; strides are those of the factors as stored.
  static func addProduct(
    transposeLeft: Bool, transposeRight: Bool, rows: Int, columns: Int, depth: Int, _ left: UnsafePointer<Self>,
    stride leftStride: Int, _ right: UnsafePointer<Self>, stride rightStride: Int,
    into out: UnsafeMutablePointer<Self>, stride outStride: Int)
  /// Adds the contributions of the active inputs to the outputs.
  static func convolutionScatter(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>,
    weights: UnsafePointer<Self>, into output: UnsafeMutablePointer<Self>)
  /// The same sums for one group, no strides and few channels; `turned` has room for all weights.
  static func convolutionScatterTurned(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>,
    weights: UnsafePointer<Self>, into output: UnsafeMutablePointer<Self>, turned: UnsafeMutablePointer<Self>)
  /// Where each place's entries begin in the list of active inputs, and the end of the last.
  static func convolutionBegins(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, into begins: UnsafeMutablePointer<UInt32>)
  /// The scattered sums output by output.
  static func convolutionCollect(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, begins: UnsafePointer<UInt32>,
    _ input: UnsafePointer<Self>, weights: UnsafePointer<Self>, into output: UnsafeMutablePointer<Self>)
  /// Adds the contributions of the active inputs to the weight gradient.
  static func convolutionOuter(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>,
    delta: UnsafePointer<Self>, into gradient: UnsafeMutablePointer<Self>)
  /// Adds the contributions of the active output gradients to the input gradient.
  static func convolutionScatterBack(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, delta: UnsafePointer<Self>,
    transposed: UnsafePointer<Self>, into gradient: UnsafeMutablePointer<Self>)
  /// The map with its border of zeros.
  static func convolutionPad(
    _ shape: inout ganglion_conv, _ input: UnsafePointer<Self>, into padded: UnsafeMutablePointer<Self>)
  /// Adds the contributions of all inputs of a padded map, which begins with what the first output sees; `packed` has
  /// room for two vectors of 32 bytes for each input an output sees.
  static func convolutionDirect(
    _ shape: inout ganglion_conv, padded: UnsafePointer<Self>, weights: UnsafePointer<Self>,
    into output: UnsafeMutablePointer<Self>, packed: UnsafeMutablePointer<Self>)
  /// Scalars of working memory of `convolutionGradient`.
  static func convolutionGradientRoom(_ shape: inout ganglion_conv) -> Int
  /// What `convolutionOuter` does, quicker where a good part of the map is active; strides of one only.
  static func convolutionGradient(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Self>,
    delta: UnsafePointer<Self>, into gradient: UnsafeMutablePointer<Self>, room: UnsafeMutablePointer<Self>)
  /// What each output of a padded map sees, `[outputs, depth]`; for one group.
  static func convolutionColumns(
    _ shape: inout ganglion_conv, padded: UnsafePointer<Self>, into columns: UnsafeMutablePointer<Self>)
  /// Adds rows of `columns` to the inputs that the outputs they stand for see.
  static func convolutionSpread(
    _ shape: inout ganglion_conv, group: Int, columns: UnsafePointer<Self>, first: Int, count: Int,
    into gradient: UnsafeMutablePointer<Self>)
  /// Pools one map.
  static func pool(
    _ shape: inout ganglion_pool, _ input: UnsafePointer<Self>, into output: UnsafeMutablePointer<Self>)
  /// The input gradient of one pooled map.
  static func poolBack(
    _ shape: inout ganglion_pool, _ input: UnsafePointer<Self>, _ output: UnsafePointer<Self>,
    delta: UnsafePointer<Self>, into gradient: UnsafeMutablePointer<Self>)
  /// Squashes the gates `[places, 4, channels]` in place.
  static func cellGates(
    places: Int, channels: Int, _ gates: UnsafeMutablePointer<Self>)
  /// The cell and hidden state after a step; `cell` may be `earlierCell`.
  static func cellState(
    places: Int, channels: Int, gates: UnsafePointer<Self>, forget: UnsafePointer<Self>, forgetStride: Int,
    earlierCell: UnsafePointer<Self>, cell: UnsafeMutablePointer<Self>, hidden: UnsafeMutablePointer<Self>)
  /// Spikes where the hidden state reaches the threshold.
  static func cellFire(
    count: Int, hidden: UnsafePointer<Self>, surrogate: Int32, smooth: Bool, width: Double, threshold: Double,
    into spikes: UnsafeMutablePointer<Self>)
  /// Adds the spikes' gradient to that of the hidden state.
  static func cellFireBack(
    count: Int, hidden: UnsafePointer<Self>, surrogate: Int32, width: Double, threshold: Double,
    delta: UnsafePointer<Self>, into gradient: UnsafeMutablePointer<Self>)
  /// Gradients of gates and earlier cell; no earlier cell in the first step.
  static func cellStateBack(
    places: Int, channels: Int, gates: UnsafePointer<Self>, forget: UnsafePointer<Self>, forgetStride: Int,
    earlierCell: UnsafePointer<Self>?, cell: UnsafePointer<Self>, hiddenGradient: UnsafePointer<Self>,
    cellGradient: UnsafeMutablePointer<Self>, gateGradient: UnsafeMutablePointer<Self>,
    forgetGradient: UnsafeMutablePointer<Self>)
  /// The forget gate's gradient before squashing.
  static func cellForgetBack(
    places: Int, channels: Int, gates: UnsafePointer<Self>, forgetGradient: UnsafePointer<Self>,
    gateGradient: UnsafeMutablePointer<Self>)
  /// Scalars one attended step leaves for the way back.
  static func attentionTape(
    _ attention: inout ganglion_attention
  ) -> Int
  /// Channel, then spatial attention over one map.
  static func attend(
    _ attention: inout ganglion_attention, parameters: UnsafePointer<Self>, map: UnsafePointer<Self>, stride: Int,
    kept: UnsafeMutablePointer<Self>, tape: UnsafeMutablePointer<Self>, into output: UnsafeMutablePointer<Self>)
  /// The attended map again, from its tape.
  static func attendAgain(
    _ attention: inout ganglion_attention, map: UnsafePointer<Self>, stride: Int, tape: UnsafePointer<Self>,
    into output: UnsafeMutablePointer<Self>)
  /// From dL/d(attended map) to dL/dmap, in place.
  static func attendBack(
    _ attention: inout ganglion_attention, parameters: UnsafePointer<Self>, map: UnsafePointer<Self>, stride: Int,
    tape: UnsafePointer<Self>, carry: UnsafeMutablePointer<Self>, delta: UnsafeMutablePointer<Self>,
    gradient: UnsafeMutablePointer<Self>, scratch: UnsafeMutablePointer<Self>)
}
