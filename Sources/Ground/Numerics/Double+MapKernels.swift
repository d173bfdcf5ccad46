import CBLAS
import CKernels

extension Double: MapKernels {
  public static func addProduct(
    transposeLeft: Bool, transposeRight: Bool, rows: Int, columns: Int, depth: Int, _ left: UnsafePointer<Double>,
    stride leftStride: Int, _ right: UnsafePointer<Double>, stride rightStride: Int,
    into out: UnsafeMutablePointer<Double>, stride outStride: Int
  ) {
    cblas_dgemm(
      CblasRowMajor, transposeLeft ? CblasTrans : CblasNoTrans, transposeRight ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(depth), 1, left, blasint(leftStride), right, blasint(rightStride), 1,
      out, blasint(outStride))
  }

  public static func convolutionScatter(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>,
    weights: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_scatter_f64(&shape, active, Int64(count), input, weights, output)
  }

  public static func convolutionScatterTurned(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>,
    weights: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>, turned: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_scatter_turned_f64(&shape, active, Int64(count), input, weights, output, turned)
  }

  public static func convolutionBegins(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, into begins: UnsafeMutablePointer<UInt32>
  ) {
    ganglion_conv_begins_f64(&shape, active, Int64(count), begins)
  }

  public static func convolutionCollect(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, begins: UnsafePointer<UInt32>,
    _ input: UnsafePointer<Double>, weights: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_collect_f64(&shape, active, begins, input, weights, output)
  }

  public static func convolutionOuter(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>,
    delta: UnsafePointer<Double>, into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_outer_f64(&shape, active, Int64(count), input, delta, gradient)
  }

  public static func convolutionScatterBack(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, delta: UnsafePointer<Double>,
    transposed: UnsafePointer<Double>, into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_scatter_back_f64(&shape, active, Int64(count), delta, transposed, gradient)
  }

  public static func convolutionPad(
    _ shape: inout ganglion_conv, _ input: UnsafePointer<Double>, into padded: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_pad_f64(&shape, input, padded)
  }

  public static func convolutionDirect(
    _ shape: inout ganglion_conv, padded: UnsafePointer<Double>, weights: UnsafePointer<Double>,
    into output: UnsafeMutablePointer<Double>, packed: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_direct_f64(&shape, padded, weights, output, packed)
  }

  public static func convolutionGradientRoom(_ shape: inout ganglion_conv) -> Int {
    Int(ganglion_conv_gradient_room_f64(&shape))
  }

  public static func convolutionGradient(
    _ shape: inout ganglion_conv, active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>,
    delta: UnsafePointer<Double>, into gradient: UnsafeMutablePointer<Double>, room: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_gradient_f64(&shape, active, Int64(count), input, delta, gradient, room)
  }

  public static func convolutionColumns(
    _ shape: inout ganglion_conv, padded: UnsafePointer<Double>, into columns: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_columns_f64(&shape, padded, columns)
  }

  public static func convolutionSpread(
    _ shape: inout ganglion_conv, group: Int, columns: UnsafePointer<Double>, first: Int, count: Int,
    into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_conv_spread_f64(&shape, Int64(group), columns, Int64(first), Int64(count), gradient)
  }

  public static func pool(
    _ shape: inout ganglion_pool, _ input: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_pool_f64(&shape, input, output)
  }

  public static func poolBack(
    _ shape: inout ganglion_pool, _ input: UnsafePointer<Double>, _ output: UnsafePointer<Double>,
    delta: UnsafePointer<Double>, into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_pool_back_f64(&shape, input, output, delta, gradient)
  }

  public static func cellGates(
    places: Int, channels: Int, _ gates: UnsafeMutablePointer<Double>
  ) {
    ganglion_lstm_gates_f64(Int64(places), Int64(channels), gates)
  }

  public static func cellState(
    places: Int, channels: Int, gates: UnsafePointer<Double>, forget: UnsafePointer<Double>, forgetStride: Int,
    earlierCell: UnsafePointer<Double>, cell: UnsafeMutablePointer<Double>, hidden: UnsafeMutablePointer<Double>
  ) {
    ganglion_lstm_state_f64(
      Int64(places), Int64(channels), gates, forget, Int64(forgetStride), earlierCell, cell, hidden)
  }

  public static func cellFire(
    count: Int, hidden: UnsafePointer<Double>, surrogate: Int32, smooth: Bool, width: Double, threshold: Double,
    into spikes: UnsafeMutablePointer<Double>
  ) {
    ganglion_lstm_fire_f64(Int64(count), hidden, surrogate, smooth ? 1 : 0, width, threshold, spikes)
  }

  public static func cellFireBack(
    count: Int, hidden: UnsafePointer<Double>, surrogate: Int32, width: Double, threshold: Double,
    delta: UnsafePointer<Double>, into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_lstm_fire_back_f64(Int64(count), hidden, surrogate, width, threshold, delta, gradient)
  }

  public static func cellStateBack(
    places: Int, channels: Int, gates: UnsafePointer<Double>, forget: UnsafePointer<Double>, forgetStride: Int,
    earlierCell: UnsafePointer<Double>?, cell: UnsafePointer<Double>, hiddenGradient: UnsafePointer<Double>,
    cellGradient: UnsafeMutablePointer<Double>, gateGradient: UnsafeMutablePointer<Double>,
    forgetGradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_lstm_state_back_f64(
      Int64(places), Int64(channels), gates, forget, Int64(forgetStride), earlierCell, cell, hiddenGradient,
      cellGradient, gateGradient, forgetGradient)
  }

  public static func cellForgetBack(
    places: Int, channels: Int, gates: UnsafePointer<Double>, forgetGradient: UnsafePointer<Double>,
    gateGradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_lstm_forget_back_f64(Int64(places), Int64(channels), gates, forgetGradient, gateGradient)
  }

  public static func attentionTape(
    _ attention: inout ganglion_attention
  ) -> Int {
    Int(ganglion_attention_tape_f64(&attention))
  }

  public static func attend(
    _ attention: inout ganglion_attention, parameters: UnsafePointer<Double>, map: UnsafePointer<Double>, stride: Int,
    kept: UnsafeMutablePointer<Double>, tape: UnsafeMutablePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_attention_forward_f64(&attention, parameters, map, Int64(stride), kept, tape, output)
  }

  public static func attendAgain(
    _ attention: inout ganglion_attention, map: UnsafePointer<Double>, stride: Int, tape: UnsafePointer<Double>,
    into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_attention_apply_f64(&attention, map, Int64(stride), tape, output)
  }

  public static func attendBack(
    _ attention: inout ganglion_attention, parameters: UnsafePointer<Double>, map: UnsafePointer<Double>, stride: Int,
    tape: UnsafePointer<Double>, carry: UnsafeMutablePointer<Double>, delta: UnsafeMutablePointer<Double>,
    gradient: UnsafeMutablePointer<Double>, scratch: UnsafeMutablePointer<Double>
  ) {
    ganglion_attention_backward_f64(&attention, parameters, map, Int64(stride), tape, carry, delta, gradient, scratch)
  }
}
