import CBLAS
import CKernels

extension Float: MapKernels {
  public static func addProduct(
    transposeLeft: Bool, transposeRight: Bool, rows: Int, columns: Int, depth: Int, _ left: UnsafePointer<Float>,
    stride leftStride: Int, _ right: UnsafePointer<Float>, stride rightStride: Int,
    into out: UnsafeMutablePointer<Float>, stride outStride: Int
  ) {
    cblas_sgemm(
      CblasRowMajor, transposeLeft ? CblasTrans : CblasNoTrans, transposeRight ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(depth), 1, left, blasint(leftStride), right, blasint(rightStride), 1,
      out, blasint(outStride))
  }

  public static func convolutionScatter(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_scatter_f32(&shape, active, Int64(count), input, weights, output)
  }

  public static func convolutionScatterTurned(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>,
    weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>, turned: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_scatter_turned_f32(&shape, active, Int64(count), input, weights, output, turned)
  }

  public static func convolutionBegins(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, into begins: UnsafeMutablePointer<UInt32>
  ) {
    ganglion_conv_begins_f32(&shape, active, Int64(count), begins)
  }

  public static func convolutionCollect(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, begins: UnsafePointer<UInt32>,
    _ input: UnsafePointer<Float>, weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_collect_f32(&shape, active, begins, input, weights, output)
  }

  public static func convolutionOuter(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>,
    delta: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_outer_f32(&shape, active, Int64(count), input, delta, gradient)
  }

  public static func convolutionScatterBack(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, delta: UnsafePointer<Float>,
    transposed: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_scatter_back_f32(&shape, active, Int64(count), delta, transposed, gradient)
  }

  public static func convolutionPad(
    _ shape: inout ganglion_conv, _ input: UnsafePointer<Float>, into padded: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_pad_f32(&shape, input, padded)
  }

  public static func convolutionDirect(
    _ shape: inout ganglion_conv, padded: UnsafePointer<Float>, weights: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>, packed: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_direct_f32(&shape, padded, weights, output, packed)
  }

  public static func convolutionGradientRoom(_ shape: inout ganglion_conv) -> Int {
    Int(ganglion_conv_gradient_room_f32(&shape))
  }

  public static func convolutionGradient(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>,
    delta: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>, room: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_gradient_f32(&shape, active, Int64(count), input, delta, gradient, room)
  }

  public static func convolutionColumns(
    _ shape: inout ganglion_conv, padded: UnsafePointer<Float>, into columns: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_columns_f32(&shape, padded, columns)
  }

  public static func convolutionSpread(
    _ shape: inout ganglion_conv, group: Int, columns: UnsafePointer<Float>, first: Int, count: Int,
    into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_conv_spread_f32(&shape, Int64(group), columns, Int64(first), Int64(count), gradient)
  }

  public static func pool(
    _ shape: inout ganglion_pool, _ input: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_pool_f32(&shape, input, output)
  }

  public static func poolBack(
    _ shape: inout ganglion_pool, _ input: UnsafePointer<Float>, _ output: UnsafePointer<Float>,
    delta: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_pool_back_f32(&shape, input, output, delta, gradient)
  }

  public static func cellGates(
    places: Int, channels: Int, _ gates: UnsafeMutablePointer<Float>
  ) {
    ganglion_lstm_gates_f32(Int64(places), Int64(channels), gates)
  }

  public static func cellState(
    places: Int, channels: Int, gates: UnsafePointer<Float>, forget: UnsafePointer<Float>, forgetStride: Int,
    earlierCell: UnsafePointer<Float>, cell: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>
  ) {
    ganglion_lstm_state_f32(
      Int64(places), Int64(channels), gates, forget, Int64(forgetStride), earlierCell, cell, hidden)
  }

  public static func cellFire(
    count: Int, hidden: UnsafePointer<Float>, surrogate: Int32, smooth: Bool, width: Double, threshold: Double,
    into spikes: UnsafeMutablePointer<Float>
  ) {
    ganglion_lstm_fire_f32(Int64(count), hidden, surrogate, smooth ? 1 : 0, width, threshold, spikes)
  }

  public static func cellFireBack(
    count: Int, hidden: UnsafePointer<Float>, surrogate: Int32, width: Double, threshold: Double,
    delta: UnsafePointer<Float>, into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_lstm_fire_back_f32(Int64(count), hidden, surrogate, width, threshold, delta, gradient)
  }

  public static func cellStateBack(
    places: Int, channels: Int, gates: UnsafePointer<Float>, forget: UnsafePointer<Float>, forgetStride: Int,
    earlierCell: UnsafePointer<Float>?, cell: UnsafePointer<Float>, hiddenGradient: UnsafePointer<Float>,
    cellGradient: UnsafeMutablePointer<Float>, gateGradient: UnsafeMutablePointer<Float>,
    forgetGradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_lstm_state_back_f32(
      Int64(places), Int64(channels), gates, forget, Int64(forgetStride), earlierCell, cell, hiddenGradient,
      cellGradient, gateGradient, forgetGradient)
  }

  public static func cellForgetBack(
    places: Int, channels: Int, gates: UnsafePointer<Float>, forgetGradient: UnsafePointer<Float>,
    gateGradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_lstm_forget_back_f32(Int64(places), Int64(channels), gates, forgetGradient, gateGradient)
  }

  public static func attentionTape(
    _ attention: inout ganglion_attention
  ) -> Int {
    Int(ganglion_attention_tape_f32(&attention))
  }

  public static func attend(
    _ attention: inout ganglion_attention, parameters: UnsafePointer<Float>, map: UnsafePointer<Float>, stride: Int,
    kept: UnsafeMutablePointer<Float>, tape: UnsafeMutablePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_attention_forward_f32(&attention, parameters, map, Int64(stride), kept, tape, output)
  }

  public static func attendAgain(
    _ attention: inout ganglion_attention, map: UnsafePointer<Float>, stride: Int, tape: UnsafePointer<Float>,
    into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_attention_apply_f32(&attention, map, Int64(stride), tape, output)
  }

  public static func attendBack(
    _ attention: inout ganglion_attention, parameters: UnsafePointer<Float>, map: UnsafePointer<Float>, stride: Int,
    tape: UnsafePointer<Float>, carry: UnsafeMutablePointer<Float>, delta: UnsafeMutablePointer<Float>,
    gradient: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
  ) {
    ganglion_attention_backward_f32(&attention, parameters, map, Int64(stride), tape, carry, delta, gradient, scratch)
  }
}
