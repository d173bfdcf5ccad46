import CBLAS
import CKernels

extension Double: Real {
  public static func multiply(
    _ input: UnsafePointer<Double>, inputStride: Int, _ weights: UnsafePointer<Double>, rows: Int, depth: Int,
    width: Int, into output: UnsafeMutablePointer<Double>, outputStride: Int
  ) {
    ganglion_multiply_f64(
      input, Int64(inputStride), weights, Int64(rows), Int64(depth), Int64(width), output, Int64(outputStride))
  }

  public static func multiplyTransposedWeights(
    _ delta: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, rows: Int, depth: Int, width: Int,
    into output: UnsafeMutablePointer<Double>
  ) {
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(depth), blasint(width), 1, delta, blasint(width),
      weights, blasint(width), 1, output, blasint(depth))
  }

  public static func multiplyTransposedInput(
    _ input: UnsafePointer<Double>, _ delta: UnsafePointer<Double>, rows: Int, depth: Int, width: Int,
    into gradient: UnsafeMutablePointer<Double>
  ) {
    cblas_dgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, blasint(depth), blasint(width), blasint(rows), 1, input, blasint(depth),
      delta, blasint(width), 1, gradient, blasint(width))
  }

  public static func scatter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>, _ weights: UnsafePointer<Double>,
    width: Int, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_scatter_f64(active, Int64(count), input, weights, Int64(width), output)
  }

  public static func scatter(
    active: UnsafePointer<UInt32>, count: Int, values: UnsafePointer<Float>, _ weights: UnsafePointer<Double>,
    width: Int, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_scatter_list_f64(active, Int64(count), values, weights, Int64(width), output)
  }

  public static func scatter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>, starts: UnsafePointer<UInt32>,
    columns: UnsafePointer<UInt16>, _ weights: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_scatter_sparse_f64(active, Int64(count), input, starts, columns, weights, output)
  }

  public static func scatterBlocks(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>, starts: UnsafePointer<UInt32>,
    columns: UnsafePointer<UInt16>, _ weights: UnsafePointer<Double>, into output: UnsafeMutablePointer<Double>
  ) {
    ganglion_scatter_blocks_f64(active, Int64(count), input, starts, columns, weights, output)
  }

  public static func addOuter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Double>, _ delta: UnsafePointer<Double>,
    width: Int, into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_outer_f64(active, Int64(count), input, delta, Int64(width), gradient)
  }

  public static func addOuter(
    active: UnsafePointer<UInt32>, count: Int, values: UnsafePointer<Float>, _ delta: UnsafePointer<Double>,
    width: Int, into gradient: UnsafeMutablePointer<Double>
  ) {
    ganglion_outer_list_f64(active, Int64(count), values, delta, Int64(width), gradient)
  }

  public static func listActive(
    _ row: UnsafePointer<Double>, width: Int, into active: UnsafeMutablePointer<UInt32>
  ) -> Int {
    Int(ganglion_active_f64(row, Int64(width), active))
  }

  public static func listActive(
    _ row: UnsafePointer<Double>, width: Int, below limit: Int, into active: UnsafeMutablePointer<UInt32>
  ) -> Int? {
    let count = Int(ganglion_active_below_f64(row, Int64(width), Int64(limit), active))
    return count < 0 ? nil : count
  }

  public static func stepNeurons(
    _ neuron: inout ganglion_neuron, width: Int, decay: UnsafePointer<Double>, scale: UnsafePointer<Double>,
    thresholds: UnsafePointer<Double>?, current: UnsafePointer<Double>, state: UnsafeMutablePointer<Double>,
    membrane: UnsafeMutablePointer<Double>?, spikes: UnsafeMutablePointer<Double>
  ) {
    ganglion_neurons_step_f64(&neuron, Int64(width), decay, scale, thresholds, current, state, membrane, spikes)
  }

  public static func runNeurons(
    _ neuron: inout ganglion_neuron, steps: Int, width: Int, decay: UnsafePointer<Double>,
    scale: UnsafePointer<Double>, thresholds: UnsafePointer<Double>?, current: UnsafePointer<Double>,
    recurrent: UnsafePointer<Double>?, state: UnsafeMutablePointer<Double>, membrane: UnsafeMutablePointer<Double>,
    spikes: UnsafeMutablePointer<Double>,
    drives: UnsafeMutablePointer<Double>?, adaptations: UnsafeMutablePointer<Double>?,
    scratch: UnsafeMutablePointer<Double>, active: UnsafeMutablePointer<UInt32>
  ) {
    ganglion_neurons_forward_f64(
      &neuron, Int64(steps), Int64(width), decay, scale, thresholds, current, recurrent, state, membrane, spikes,
      drives, adaptations, scratch, active)
  }

  public static func stepNeuronsBack(
    _ neuron: inout ganglion_neuron, width: Int, decay: UnsafePointer<Double>, scale: UnsafePointer<Double>,
    membrane: UnsafePointer<Double>, spikes: UnsafePointer<Double>, spikeGradient: UnsafePointer<Double>,
    currentGradient: UnsafeMutablePointer<Double>, carry: UnsafeMutablePointer<Double>
  ) {
    ganglion_neurons_step_back_f64(
      &neuron, Int64(width), decay, scale, membrane, spikes, spikeGradient, currentGradient, carry)
  }

  public static func runNeuronsBackward(
    _ neuron: inout ganglion_neuron, steps: Int, width: Int, decay: UnsafePointer<Double>,
    scale: UnsafePointer<Double>, thresholds: UnsafePointer<Double>?, membrane: UnsafePointer<Double>,
    spikes: UnsafePointer<Double>, drives: UnsafePointer<Double>?, adaptations: UnsafePointer<Double>?,
    spikeGradient: UnsafePointer<Double>, recurrentTransposed: UnsafePointer<Double>?,
    recurrentGradient: UnsafeMutablePointer<Double>?,
    currentGradient: UnsafeMutablePointer<Double>, decayGradient: UnsafeMutablePointer<Double>?,
    scaleGradient: UnsafeMutablePointer<Double>?, thresholdGradient: UnsafeMutablePointer<Double>?,
    begin: UnsafePointer<Double>?, fired: UnsafePointer<Double>?, carried: UnsafeMutablePointer<Double>?,
    scratch: UnsafeMutablePointer<Double>,
    active: UnsafeMutablePointer<UInt32>
  ) {
    ganglion_neurons_backward_f64(
      &neuron, Int64(steps), Int64(width), decay, scale, thresholds, membrane, spikes, drives, adaptations,
      spikeGradient, recurrentTransposed, recurrentGradient, currentGradient, decayGradient, scaleGradient,
      thresholdGradient, begin, fired, carried, scratch, active)
  }

  public static func stepAdam(
    count: Int, parameters: UnsafeMutablePointer<Double>, gradient: UnsafePointer<Double>,
    first: UnsafeMutablePointer<Double>, second: UnsafeMutablePointer<Double>, rate: Double, beta1: Double,
    beta2: Double,
    epsilon: Double, decay: Double, correction1: Double, correction2: Double
  ) {
    ganglion_adam_f64(
      Int64(count), parameters, gradient, first, second, rate, beta1, beta2, epsilon, decay, correction1, correction2)
  }

  public static func stepMomentum(
    count: Int, parameters: UnsafeMutablePointer<Double>, gradient: UnsafePointer<Double>,
    velocity: UnsafeMutablePointer<Double>, rate: Double, momentum: Double, decay: Double
  ) {
    ganglion_momentum_f64(Int64(count), parameters, gradient, velocity, rate, momentum, decay)
  }

  public static func addMoments(
    _ x: UnsafePointer<Double>, rows: Int, channels: Int, sums: UnsafeMutablePointer<Double>,
    squares: UnsafeMutablePointer<Double>
  ) {
    ganglion_moments_f64(x, Int64(rows), Int64(channels), sums, squares)
  }

  public static func affine(
    _ x: UnsafePointer<Double>, rows: Int, channels: Int, scale: UnsafePointer<Double>, shift: UnsafePointer<Double>,
    into y: UnsafeMutablePointer<Double>
  ) {
    ganglion_affine_f64(x, Int64(rows), Int64(channels), scale, shift, y)
  }

  public static func addNormalSums(
    _ x: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, rows: Int, channels: Int, mean: UnsafePointer<Double>,
    inverseDeviation: UnsafePointer<Double>, sum: UnsafeMutablePointer<Double>,
    sumNormalised: UnsafeMutablePointer<Double>
  ) {
    ganglion_normal_sums_f64(x, dy, Int64(rows), Int64(channels), mean, inverseDeviation, sum, sumNormalised)
  }

  public static func normalBackward(
    _ x: UnsafePointer<Double>, _ dy: UnsafePointer<Double>, rows: Int, channels: Int, mean: UnsafePointer<Double>,
    inverseDeviation: UnsafePointer<Double>, scale: UnsafePointer<Double>, meanDy: UnsafePointer<Double>,
    meanDyNormalised: UnsafePointer<Double>, into dx: UnsafeMutablePointer<Double>
  ) {
    ganglion_normal_backward_f64(
      x, dy, Int64(rows), Int64(channels), mean, inverseDeviation, scale, meanDy, meanDyNormalised, dx)
  }
}
