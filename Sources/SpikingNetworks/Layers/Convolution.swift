import CKernels
import Tensors

/// The arithmetic of one convolution over maps `[height, width, channels]`, shared by the layers that contain one.
///
/// Maps with few active entries are scattered, denser ones gathered into columns and multiplied; both add the terms of
/// an output in the same order, so the choice does not change a bit of the result.
struct Convolution<Scalar: Real>: Sendable {
  let shape: ganglion_conv
  /// The convolution that takes output gradients to input gradients; none with a stride, which leaves gaps.
  private let back: ganglion_conv?
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
    back =
      stride.y == 1 && stride.x == 1 && padding.y < kernel.y && padding.x < kernel.x
      ? ganglion_conv(
        in_height: Int32(outHeight), in_width: Int32(outWidth), in_channels: Int32(channels),
        out_height: Int32(height), out_width: Int32(width), out_channels: Int32(inputChannels),
        kernel_height: Int32(kernel.y), kernel_width: Int32(kernel.x), stride_y: 1, stride_x: 1,
        padding_y: Int32(kernel.y - 1 - padding.y), padding_x: Int32(kernel.x - 1 - padding.x), groups: Int32(groups))
      : nil
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
  var stepColumns: Int { max(stepBlock * depth, inputPlaces + 1) }
  var trainingColumns: Int { max(stepColumns, trainingBlock * depth, backBlock * backDepth) }
  private var backBlock: Int { min(inputPlaces, 48) }
  private var backDepth: Int { Int(shape.kernel_height * shape.kernel_width) * groupChannels }
  private var inputPlaces: Int { Int(shape.in_height * shape.in_width) }

  private func isSparse(_ active: Int?, of count: Int) -> Bool {
    active.map { Double($0) < Self.sparseShare * Double(count) } ?? false
  }

  /// The active inputs, listed where there are few enough of them to be scattered; nil otherwise.
  func listed(_ input: UnsafePointer<Scalar>, into active: UnsafeMutablePointer<UInt32>) -> Int? {
    guard isSparse(Scalar.countActive(input, width: inputs), of: inputs) else { return nil }
    return Scalar.listActive(input, width: inputs, into: active)
  }

  /// How the outputs of one input are computed.
  enum Way {
    /// Few active inputs, each added to all it reaches.
    case scatter(count: Int)
    /// Active inputs looked up around each output; the list's beginnings lie at the start of the working memory.
    case collect
    /// All inputs around each output gathered into columns.
    case gather
  }

  /// Decides for an input; `activeCount` is nil where the active inputs are not listed.
  ///
  /// `workspace` has room for `stepColumns` scalars and belongs to the input until the last `add`.
  func way(
    active: UnsafePointer<UInt32>, activeCount: Int?, workspace: UnsafeMutablePointer<Scalar>
  ) -> Way {
    guard let activeCount, isSparse(activeCount, of: inputs) else { return .gather }
    // A few spikes are quicker scattered than looked for around every output.
    let lane = 32 / MemoryLayout<Scalar>.size
    guard activeCount > places, groups == 1, channels % lane == 0 else { return .scatter(count: activeCount) }
    var shape = shape
    Scalar.convolutionBegins(&shape, active: active, count: activeCount, into: begins(workspace))
    return .collect
  }

  /// An index takes no more room than a scalar, and the working memory holds one for each place and one more; nobody
  /// reads it as scalars before it has been written as such again.
  private func begins(_ workspace: UnsafeMutablePointer<Scalar>) -> UnsafeMutablePointer<UInt32> {
    UnsafeMutableRawPointer(workspace).bindMemory(to: UInt32.self, capacity: inputPlaces + 1)
  }

  /// `output += weights ∗ input` for all outputs, or for some rows of them, where `output` begins with the first.
  func add(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, _ way: Way, weights: UnsafePointer<Scalar>,
    rows: Range<Int>? = nil, to output: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    if let rows {
      shape.padding_y -= Int32(rows.lowerBound) * shape.stride_y
      shape.out_height = Int32(rows.count)
    }
    switch way {
    case .scatter(let count):
      let reached = reached(by: rows, active: active, count: count)
      Scalar.convolutionScatter(
        &shape, active: active + reached.lowerBound, count: reached.count, input, weights: weights, into: output)
    case .collect:
      Scalar.convolutionCollect(
        &shape, active: active, begins: begins(workspace), input, weights: weights, into: output)
    case .gather:
      let places = Int(shape.out_height * shape.out_width)
      let columns = UnsafeMutableRawPointer(workspace).bindMemory(to: Scalar.self, capacity: stepColumns)
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
  }

  /// `output += weights ∗ input`; `activeCount` is nil where the active inputs are not listed.
  ///
  /// `columns` has room for `stepColumns` scalars.
  func add(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?, weights: UnsafePointer<Scalar>,
    to output: UnsafeMutablePointer<Scalar>, columns: UnsafeMutablePointer<Scalar>
  ) {
    let way = way(active: active, activeCount: activeCount, workspace: columns)
    add(input, active: active, way, weights: weights, to: output, workspace: columns)
  }

  /// Positions in the list of the active inputs that reach some rows of the output.
  private func reached(by rows: Range<Int>?, active: UnsafePointer<UInt32>, count: Int) -> Range<Int> {
    guard let rows else { return 0..<count }
    let row = Int(shape.in_width * shape.in_channels)
    let stride = Int(shape.stride_y)
    let top = max(rows.lowerBound * stride - Int(shape.padding_y), 0)
    let bottom = (rows.upperBound - 1) * stride - Int(shape.padding_y) + Int(shape.kernel_height)
    func position(of index: Int) -> Int {
      var (low, high) = (0, count)
      while low < high {
        let middle = (low + high) / 2
        if Int(active[middle]) < index { low = middle + 1 } else { high = middle }
      }
      return low
    }
    let first = position(of: top * row)
    return first..<max(first, position(of: max(bottom, 0) * row))
  }

  /// `gradient += inputᵀ ∗ delta`; `columns` has room for `trainingColumns` scalars.
  func addWeightGradient(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?, delta: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>, columns: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    // Scattering all over a gradient that does not fit the nearest caches is slow.
    let share = weightCount * MemoryLayout<Scalar>.size > 128 << 10 ? 0.08 : Self.sparseShare
    if let activeCount, Double(activeCount) < share * Double(inputs) {
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
    if isSparse(Scalar.countActive(delta, width: outputs), of: outputs) {
      let count = Scalar.listActive(delta, width: outputs, into: active)
      Scalar.convolutionScatterBack(
        &shape, active: active, count: count, delta: delta, transposed: transposed, into: gradient)
      return
    }
    if let back {
      gatherBack(back, delta: delta, transposed: transposed, to: gradient, columns: columns)
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

  private func gatherBack(
    _ back: ganglion_conv, delta: UnsafePointer<Scalar>, transposed: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>, columns: UnsafeMutablePointer<Scalar>
  ) {
    var back = back
    let inner = Int(shape.in_channels) / groups
    for group in 0..<groups {
      for first in stride(from: 0, to: inputPlaces, by: backBlock) {
        let count = min(backBlock, inputPlaces - first)
        Scalar.convolutionGather(&back, group: group, delta, first: first, count: count, into: columns)
        Scalar.multiply(
          columns, inputStride: backDepth, transposed + group * backDepth * inner, rows: count, depth: backDepth,
          width: inner, into: gradient + first * inner * groups + group * inner, outputStride: inner * groups)
      }
    }
  }

  /// The weights with the output channel before the input channel and the kernel turned by half a circle.
  func transpose(_ weights: UnsafePointer<Scalar>, into transposed: UnsafeMutablePointer<Scalar>) {
    let inner = Int(shape.in_channels) / groups
    let places = Int(shape.kernel_height * shape.kernel_width)
    for group in 0..<groups {
      for place in 0..<places {
        let source = weights + (group * places + place) * inner * groupChannels
        let target = transposed + (group * places + places - 1 - place) * inner * groupChannels
        for from in 0..<inner {
          for to in 0..<groupChannels { target[to * inner + from] = source[from * groupChannels + to] }
        }
      }
    }
  }
}
