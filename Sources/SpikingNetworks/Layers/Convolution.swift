import CKernels
import Tensors

/// The arithmetic of one convolution over maps `[height, width, channels]`, shared by the layers that contain one.
///
/// Maps with few active entries are scattered, denser ones gathered into columns and multiplied; both add the terms of
/// an output in the same order, so the choice does not change a bit of the result.
struct Convolution<Scalar: Real>: Sendable {
  let shape: ganglion_conv
  let inputs: Int
  let outputs: Int
  /// Outputs of one channel.
  let places: Int
  let groups: Int
  /// Inputs one output sees.
  let depth: Int
  let groupChannels: Int

  /// Maps with a smaller share of active entries are scattered.
  static var sparseShare: Double { 0.25 }

  /// - Parameter padding: zeros added on every side.
  init(
    height: Int, width: Int, inputChannels: Int, channels: Int, kernel: (y: Int, x: Int), stride: (y: Int, x: Int),
    padding: (y: Int, x: Int), groups: Int
  ) {
    let outHeight = (height + 2 * padding.y - kernel.y) / stride.y + 1
    let outWidth = (width + 2 * padding.x - kernel.x) / stride.x + 1
    shape = ganglion_conv(
      in_height: Int32(height), in_width: Int32(width), in_channels: Int32(inputChannels),
      out_height: Int32(outHeight), out_width: Int32(outWidth), out_channels: Int32(channels),
      kernel_height: Int32(kernel.y), kernel_width: Int32(kernel.x), stride_y: Int32(stride.y),
      stride_x: Int32(stride.x), padding_y: Int32(padding.y), padding_x: Int32(padding.x), groups: Int32(groups))
    self.groups = groups
    inputs = height * width * inputChannels
    places = outHeight * outWidth
    outputs = places * channels
    depth = kernel.y * kernel.x * inputChannels / groups
    groupChannels = channels / groups
  }

  var channels: Int { groups * groupChannels }
  var weightShape: [Int] {
    let block = [
      Int(shape.kernel_height), Int(shape.kernel_width), Int(shape.in_channels) / groups, groupChannels,
    ]
    return groups == 1 ? block : [groups] + block
  }
  var weightCount: Int { groups * depth * groupChannels }

  /// Outputs whose columns are gathered at a time: few enough for the caches in a step, more for BLAS in training.
  private var stepBlock: Int { min(places, 48) }
  private var trainingBlock: Int { min(places, max(48, (1 << 18) / depth)) }
  var stepColumns: Int { stepBlock * depth }
  var trainingColumns: Int { trainingBlock * depth }

  private func isSparse(_ active: Int?, of count: Int) -> Bool {
    active.map { Double($0) < Self.sparseShare * Double(count) } ?? false
  }

  /// `output += weights ∗ input`; `activeCount` is nil where the active inputs are not listed.
  ///
  /// `columns` has room for `stepColumns` scalars.
  func add(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?, weights: UnsafePointer<Scalar>,
    to output: UnsafeMutablePointer<Scalar>, columns: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    if let activeCount, isSparse(activeCount, of: inputs) {
      Scalar.convolutionScatter(
        &shape, active: active, count: activeCount, input, weights: weights, into: output)
      return
    }
    for group in 0..<groups {
      for first in stride(from: 0, to: places, by: stepBlock) {
        let count = min(stepBlock, places - first)
        Scalar.convolutionGather(&shape, group: group, input, first: first, count: count, into: columns)
        Scalar.multiply(
          columns, inputStride: depth, weights + group * depth * groupChannels, rows: count, depth: depth,
          width: groupChannels, into: output + first * channels + group * groupChannels, outputStride: channels)
      }
    }
  }

  /// `gradient += inputᵀ ∗ delta`; `columns` has room for `trainingColumns` scalars.
  func addWeightGradient(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?, delta: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>, columns: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    if let activeCount, isSparse(activeCount, of: inputs) {
      Scalar.convolutionOuter(&shape, active: active, count: activeCount, input, delta: delta, into: gradient)
      return
    }
    for group in 0..<groups {
      for first in stride(from: 0, to: places, by: trainingBlock) {
        let count = min(trainingBlock, places - first)
        Scalar.convolutionGather(&shape, group: group, input, first: first, count: count, into: columns)
        Scalar.addProduct(
          transposeLeft: true, transposeRight: false, rows: depth, columns: groupChannels, depth: count, columns,
          stride: depth, delta + first * channels + group * groupChannels, stride: channels,
          into: gradient + group * depth * groupChannels, stride: groupChannels)
      }
    }
  }

  /// `gradient += weightsᵀ ∗ delta`; `active` has room for `outputs` entries, `columns` for `trainingColumns` scalars,
  /// and `transposed` is what `transpose` made of the weights.
  func addInputGradient(
    delta: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>, transposed: UnsafePointer<Scalar>,
    active: UnsafeMutablePointer<UInt32>, to gradient: UnsafeMutablePointer<Scalar>,
    columns: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    let count = Scalar.listActive(delta, width: outputs, into: active)
    if isSparse(count, of: outputs) {
      Scalar.convolutionScatterBack(
        &shape, active: active, count: count, delta: delta, transposed: transposed, into: gradient)
      return
    }
    for group in 0..<groups {
      for first in stride(from: 0, to: places, by: trainingBlock) {
        let count = min(trainingBlock, places - first)
        columns.update(repeating: 0, count: count * depth)
        Scalar.addProduct(
          transposeLeft: false, transposeRight: true, rows: count, columns: depth, depth: groupChannels,
          delta + first * channels + group * groupChannels, stride: channels,
          weights + group * depth * groupChannels, stride: groupChannels, into: columns, stride: depth)
        Scalar.convolutionSpread(&shape, group: group, columns: columns, first: first, count: count, into: gradient)
      }
    }
  }

  /// The weights with the output channel before the input channel.
  func transpose(_ weights: UnsafePointer<Scalar>, into transposed: UnsafeMutablePointer<Scalar>) {
    let inner = Int(shape.in_channels) / groups
    for block in 0..<weightCount / (inner * groupChannels) {
      let source = weights + block * inner * groupChannels
      let target = transposed + block * inner * groupChannels
      for from in 0..<inner {
        for to in 0..<groupChannels { target[to * inner + from] = source[from * groupChannels + to] }
      }
    }
  }
}
