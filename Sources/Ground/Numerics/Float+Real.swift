import CBLAS
import CKernels

extension Float: Real {
  public static func multiply(
    _ input: UnsafePointer<Float>, inputStride: Int, _ weights: UnsafePointer<Float>, rows: Int, depth: Int,
    width: Int, into output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    ganglion_multiply_f32(
      input, Int64(inputStride), weights, Int64(rows), Int64(depth), Int64(width), output, Int64(outputStride))
  }

  public static func multiplyTransposedWeights(
    _ delta: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, rows: Int, depth: Int, width: Int,
    into output: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, blasint(rows), blasint(depth), blasint(width), 1, delta, blasint(width),
      weights, blasint(width), 1, output, blasint(depth))
  }

  public static func multiplyTransposedInput(
    _ input: UnsafePointer<Float>, _ delta: UnsafePointer<Float>, rows: Int, depth: Int, width: Int,
    into gradient: UnsafeMutablePointer<Float>
  ) {
    cblas_sgemm(
      CblasRowMajor, CblasTrans, CblasNoTrans, blasint(depth), blasint(width), blasint(rows), 1, input, blasint(depth),
      delta, blasint(width), 1, gradient, blasint(width))
  }

  public static func scatter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    width: Int, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_scatter_f32(active, Int64(count), input, weights, Int64(width), output)
  }

  public static func scatter(
    active: UnsafePointer<UInt32>, count: Int, values: UnsafePointer<Float>, _ weights: UnsafePointer<Float>,
    width: Int, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_scatter_list_f32(active, Int64(count), values, weights, Int64(width), output)
  }

  public static func scatter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>, starts: UnsafePointer<UInt32>,
    columns: UnsafePointer<UInt16>, _ weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_scatter_sparse_f32(active, Int64(count), input, starts, columns, weights, output)
  }

  public static func scatterBlocks(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>, starts: UnsafePointer<UInt32>,
    columns: UnsafePointer<UInt16>, _ weights: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
  ) {
    ganglion_scatter_blocks_f32(active, Int64(count), input, starts, columns, weights, output)
  }

  public static func addOuter(
    active: UnsafePointer<UInt32>, count: Int, _ input: UnsafePointer<Float>, _ delta: UnsafePointer<Float>,
    width: Int, into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_outer_f32(active, Int64(count), input, delta, Int64(width), gradient)
  }

  public static func addOuter(
    active: UnsafePointer<UInt32>, count: Int, values: UnsafePointer<Float>, _ delta: UnsafePointer<Float>,
    width: Int, into gradient: UnsafeMutablePointer<Float>
  ) {
    ganglion_outer_list_f32(active, Int64(count), values, delta, Int64(width), gradient)
  }

  public static func listActive(
    _ row: UnsafePointer<Float>, width: Int, into active: UnsafeMutablePointer<UInt32>
  ) -> Int {
    Int(ganglion_active_f32(row, Int64(width), active))
  }

  public static func listActive(
    _ row: UnsafePointer<Float>, width: Int, below limit: Int, into active: UnsafeMutablePointer<UInt32>
  ) -> Int? {
    let count = Int(ganglion_active_below_f32(row, Int64(width), Int64(limit), active))
    return count < 0 ? nil : count
  }

  public static func stepNeurons(
    _ neuron: inout ganglion_neuron, width: Int, decay: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    thresholds: UnsafePointer<Float>?, current: UnsafePointer<Float>, state: UnsafeMutablePointer<Float>,
    membrane: UnsafeMutablePointer<Float>?, spikes: UnsafeMutablePointer<Float>
  ) {
    ganglion_neurons_step_f32(&neuron, Int64(width), decay, scale, thresholds, current, state, membrane, spikes)
  }

  public static func runNeurons(
    _ neuron: inout ganglion_neuron, steps: Int, width: Int, decay: UnsafePointer<Float>,
    scale: UnsafePointer<Float>, thresholds: UnsafePointer<Float>?, current: UnsafePointer<Float>,
    recurrent: UnsafePointer<Float>?, state: UnsafeMutablePointer<Float>, membrane: UnsafeMutablePointer<Float>,
    spikes: UnsafeMutablePointer<Float>,
    drives: UnsafeMutablePointer<Float>?, adaptations: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>, active: UnsafeMutablePointer<UInt32>
  ) {
    ganglion_neurons_forward_f32(
      &neuron, Int64(steps), Int64(width), decay, scale, thresholds, current, recurrent, state, membrane, spikes,
      drives, adaptations, scratch, active)
  }

  public static func stepNeuronsBack(
    _ neuron: inout ganglion_neuron, width: Int, decay: UnsafePointer<Float>, scale: UnsafePointer<Float>,
    membrane: UnsafePointer<Float>, spikes: UnsafePointer<Float>, spikeGradient: UnsafePointer<Float>,
    currentGradient: UnsafeMutablePointer<Float>, carry: UnsafeMutablePointer<Float>
  ) {
    ganglion_neurons_step_back_f32(
      &neuron, Int64(width), decay, scale, membrane, spikes, spikeGradient, currentGradient, carry)
  }

  public static func runNeuronsBackward(
    _ neuron: inout ganglion_neuron, steps: Int, width: Int, decay: UnsafePointer<Float>,
    scale: UnsafePointer<Float>, thresholds: UnsafePointer<Float>?, membrane: UnsafePointer<Float>,
    spikes: UnsafePointer<Float>, drives: UnsafePointer<Float>?, adaptations: UnsafePointer<Float>?,
    spikeGradient: UnsafePointer<Float>, recurrentTransposed: UnsafePointer<Float>?,
    recurrentGradient: UnsafeMutablePointer<Float>?,
    currentGradient: UnsafeMutablePointer<Float>, decayGradient: UnsafeMutablePointer<Float>?,
    scaleGradient: UnsafeMutablePointer<Float>?, thresholdGradient: UnsafeMutablePointer<Float>?,
    begin: UnsafePointer<Float>?, fired: UnsafePointer<Float>?, carried: UnsafeMutablePointer<Float>?,
    scratch: UnsafeMutablePointer<Float>,
    active: UnsafeMutablePointer<UInt32>
  ) {
    ganglion_neurons_backward_f32(
      &neuron, Int64(steps), Int64(width), decay, scale, thresholds, membrane, spikes, drives, adaptations,
      spikeGradient, recurrentTransposed, recurrentGradient, currentGradient, decayGradient, scaleGradient,
      thresholdGradient, begin, fired, carried, scratch, active)
  }

  public static func stepAdam(
    count: Int, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    first: UnsafeMutablePointer<Float>, second: UnsafeMutablePointer<Float>, rate: Float, beta1: Float, beta2: Float,
    epsilon: Float, decay: Float, correction1: Float, correction2: Float
  ) {
    ganglion_adam_f32(
      Int64(count), parameters, gradient, first, second, rate, beta1, beta2, epsilon, decay, correction1, correction2)
  }

  public static func stepMomentum(
    count: Int, parameters: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
    velocity: UnsafeMutablePointer<Float>, rate: Float, momentum: Float, decay: Float
  ) {
    ganglion_momentum_f32(Int64(count), parameters, gradient, velocity, rate, momentum, decay)
  }

  public static func addMoments(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, sums: UnsafeMutablePointer<Float>,
    squares: UnsafeMutablePointer<Float>
  ) {
    ganglion_moments_f32(x, Int64(rows), Int64(channels), sums, squares)
  }

  public static func affine(
    _ x: UnsafePointer<Float>, rows: Int, channels: Int, scale: UnsafePointer<Float>, shift: UnsafePointer<Float>,
    into y: UnsafeMutablePointer<Float>
  ) {
    ganglion_affine_f32(x, Int64(rows), Int64(channels), scale, shift, y)
  }

  public static func addNormalSums(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, sum: UnsafeMutablePointer<Float>,
    sumNormalised: UnsafeMutablePointer<Float>
  ) {
    ganglion_normal_sums_f32(x, dy, Int64(rows), Int64(channels), mean, inverseDeviation, sum, sumNormalised)
  }

  public static func normalBackward(
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, channels: Int, mean: UnsafePointer<Float>,
    inverseDeviation: UnsafePointer<Float>, scale: UnsafePointer<Float>, meanDy: UnsafePointer<Float>,
    meanDyNormalised: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>
  ) {
    ganglion_normal_backward_f32(
      x, dy, Int64(rows), Int64(channels), mean, inverseDeviation, scale, meanDy, meanDyNormalised, dx)
  }
}
