import CKernels
import Numerics

/// The arithmetic of one convolution over maps `[height, width, channels]`, shared by the layers that contain one.
///
/// Maps with few active entries are scattered, denser ones laid out with their border of zeros and multiplied whole; both
/// add the terms of an output in the same order, so the choice does not change a bit of the result.
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
  private let gradientRoom: Int

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
    var shape = shape
    gradientRoom = back == nil ? 0 : Scalar.convolutionGradientRoom(&shape)
  }

  var channels: Int { groups * groupChannels }
  var weightShape: [Int] {
    let block = [
      Int(shape.kernel_height), Int(shape.kernel_width), Int(shape.in_channels) / groups, groupChannels,
    ]
    return groups == 1 ? block : [groups] + block
  }
  var weightCount: Int { groups * depth * groupChannels }

  /// Scalars of working memory of `add`: where the listed inputs of each place begin, or the padded map and its weights.
  var stepRoom: Int { max(inputPlaces + 1, directRoom(shape)) }
  /// Scalars of working memory of the functions that take gradients back.
  var trainingRoom: Int { max(stepRoom, gradientRoom, back.map { directRoom($0) } ?? spreadBlock * depth) }
  /// Outputs whose gradients are spread over what they see at a time, where strides leave gaps.
  private var spreadBlock: Int { min(places, max(48, (1 << 18) / depth)) }
  private var inputPlaces: Int { Int(shape.in_height * shape.in_width) }

  private static func paddedCount(_ shape: ganglion_conv) -> Int {
    Int(shape.in_height + 2 * shape.padding_y) * paddedRow(shape)
  }

  private static func paddedRow(_ shape: ganglion_conv) -> Int {
    Int(shape.in_width + 2 * shape.padding_x) * Int(shape.in_channels)
  }

  private func directRoom(_ shape: ganglion_conv) -> Int {
    let seen = Int(shape.kernel_height * shape.kernel_width * shape.in_channels) / groups
    return Self.paddedCount(shape) + seen * 2 * 32 / MemoryLayout<Scalar>.size
  }

  /// Whether a whole row of the kernel is worth adding at once: there are too few channels to fill vectors with. The
  /// working memory of `add` has room for the weights of so many.
  private var isNarrow: Bool {
    let lane = 32 / MemoryLayout<Scalar>.size
    return back != nil && groups == 1 && channels % lane != 0 && channels < 2 * lane && shape.kernel_width > 1
  }

  /// Maps of `count` entries with fewer active ones are sparse.
  private func sparseLimit(of count: Int) -> Int { Int((Self.sparseShare * Double(count)).rounded(.up)) }

  /// The active inputs, listed where there are few enough of them to be scattered; nil otherwise.
  func listed(_ input: UnsafePointer<Scalar>, into active: UnsafeMutablePointer<UInt32>) -> Int? {
    Scalar.listActive(input, width: inputs, below: sparseLimit(of: inputs), into: active)
  }

  /// How the outputs of one input are computed.
  enum Way {
    /// Few active inputs, each added to all it reaches.
    case scatter(count: Int)
    /// Active inputs looked up around each output; the list's beginnings lie at the start of the working memory.
    case collect
    /// All inputs; the padded map lies at the start of the working memory.
    case direct
  }

  /// Decides for an input; `activeCount` is nil where the active inputs are not listed.
  ///
  /// `workspace` has room for `stepRoom` scalars and belongs to the input until the last `add`.
  func way(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?,
    workspace: UnsafeMutablePointer<Scalar>
  ) -> Way {
    guard let activeCount, activeCount < sparseLimit(of: inputs) else {
      var shape = shape
      Scalar.convolutionPad(&shape, input, into: workspace)
      return .direct
    }
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
      let list = active + reached.lowerBound
      if isNarrow, reached.count >= Int(shape.in_channels) {
        Scalar.convolutionScatterTurned(
          &shape, active: list, count: reached.count, input, weights: weights, into: output, turned: workspace)
      } else {
        Scalar.convolutionScatter(
          &shape, active: list, count: reached.count, input, weights: weights, into: output)
      }
    case .collect:
      Scalar.convolutionCollect(
        &shape, active: active, begins: begins(workspace), input, weights: weights, into: output)
    case .direct:
      let first = (rows?.lowerBound ?? 0) * Int(shape.stride_y) * Self.paddedRow(shape)
      Scalar.convolutionDirect(
        &shape, padded: workspace + first, weights: weights, into: output,
        packed: workspace + Self.paddedCount(self.shape))
    }
  }

  /// `output += weights ∗ input`; `activeCount` is nil where the active inputs are not listed.
  ///
  /// `workspace` has room for `stepRoom` scalars.
  func add(
    _ input: UnsafePointer<Scalar>, active: UnsafePointer<UInt32>, activeCount: Int?, weights: UnsafePointer<Scalar>,
    to output: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>
  ) {
    let way = way(input, active: active, activeCount: activeCount, workspace: workspace)
    add(input, active: active, way, weights: weights, to: output, workspace: workspace)
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

  /// For each input the weights it meets in all outputs it reaches, those that are zero left out.
  func fan(_ weights: UnsafePointer<Scalar>) -> [Int] {
    let (kernelHeight, kernelWidth) = (Int(shape.kernel_height), Int(shape.kernel_width))
    let (width, inner) = (Int(shape.in_width), Int(shape.in_channels) / groups)
    let present = presentWeights(weights, rows: groups * depth, width: groupChannels)
    // Where along one direction an input lies in an output's kernel, if it does.
    func reaches(_ place: Int, _ tap: Int, padding: Int32, stride: Int32, outputs: Int32) -> Bool {
      let from = place + Int(padding) - tap
      return from >= 0 && from % Int(stride) == 0 && from / Int(stride) < Int(outputs)
    }
    return (0..<inputs).map { input in
      let channel = input % Int(shape.in_channels)
      let (y, x) = (input / Int(shape.in_channels) / width, input / Int(shape.in_channels) % width)
      var count = 0
      for ky in 0..<kernelHeight
      where reaches(y, ky, padding: shape.padding_y, stride: shape.stride_y, outputs: shape.out_height) {
        for kx in 0..<kernelWidth
        where reaches(x, kx, padding: shape.padding_x, stride: shape.stride_x, outputs: shape.out_width) {
          count += present[channel / inner * depth + (ky * kernelWidth + kx) * inner + channel % inner]
        }
      }
      return count
    }
  }

  /// `gradient += inputᵀ ∗ delta`; `active` has room for `inputs` entries, `workspace` for `trainingRoom` scalars.
  func addWeightGradient(
    _ input: UnsafePointer<Scalar>, active: UnsafeMutablePointer<UInt32>, delta: UnsafePointer<Scalar>,
    to gradient: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    let count = Scalar.listActive(input, width: inputs, into: active)
    // Laying the output gradients together pays where each is used several times.
    let reached = count * Int(shape.kernel_height * shape.kernel_width) / groups
    if back != nil, reached > places {
      Scalar.convolutionGradient(
        &shape, active: active, count: count, input, delta: delta, into: gradient, room: workspace)
    } else {
      Scalar.convolutionOuter(&shape, active: active, count: count, input, delta: delta, into: gradient)
    }
  }

  /// Steps whose weight gradient is worth taking together, where strides leave gaps and inputs are not sparse.
  var gatheredSteps: Int {
    let bytes = places * depth * MemoryLayout<Scalar>.size
    guard back == nil, groups == 1, bytes <= 4 << 20 else { return 0 }
    return max(1, (64 << 10) / bytes)
  }

  /// What every output sees of a map, `[places, depth]`; `workspace` has room for `stepRoom` scalars.
  func gather(
    _ input: UnsafePointer<Scalar>, into columns: UnsafeMutablePointer<Scalar>, workspace: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    Scalar.convolutionPad(&shape, input, into: workspace)
    Scalar.convolutionColumns(&shape, padded: workspace, into: columns)
  }

  /// `gradient += inputᵀ ∗ delta` for so many maps laid out by `gather`, one behind another.
  func addWeightGradient(
    columns: UnsafePointer<Scalar>, delta: UnsafePointer<Scalar>, maps: Int, to gradient: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.multiplyTransposedInput(
      columns, delta, rows: maps * places, depth: depth, width: channels, into: gradient)
  }

  /// Whether a map has so many active entries that it is better multiplied whole.
  func isDense(_ input: UnsafePointer<Scalar>, into active: UnsafeMutablePointer<UInt32>) -> Bool {
    listed(input, into: active) == nil
  }

  /// `gradient += weightsᵀ ∗ delta`; `active` has room for `outputs` entries, `workspace` for `trainingRoom` scalars,
  /// and `transposed` is what `transpose` made of the weights.
  func addInputGradient(
    delta: UnsafePointer<Scalar>, weights: UnsafePointer<Scalar>, transposed: UnsafePointer<Scalar>,
    active: UnsafeMutablePointer<UInt32>, to gradient: UnsafeMutablePointer<Scalar>,
    workspace: UnsafeMutablePointer<Scalar>
  ) {
    var shape = shape
    if let count = Scalar.listActive(delta, width: outputs, below: sparseLimit(of: outputs), into: active) {
      Scalar.convolutionScatterBack(
        &shape, active: active, count: count, delta: delta, transposed: transposed, into: gradient)
      return
    }
    if var back {
      Scalar.convolutionPad(&back, delta, into: workspace)
      Scalar.convolutionDirect(
        &back, padded: workspace, weights: transposed, into: gradient, packed: workspace + Self.paddedCount(back))
      return
    }
    for group in 0..<groups {
      for first in stride(from: 0, to: places, by: spreadBlock) {
        let count = min(spreadBlock, places - first)
        workspace.update(repeating: 0, count: count * depth)
        Scalar.addProduct(
          transposeLeft: false, transposeRight: true, rows: count, columns: depth, depth: groupChannels,
          delta + first * channels + group * groupChannels, stride: channels,
          weights + group * depth * groupChannels, stride: groupChannels, into: workspace, stride: depth)
        Scalar.convolutionSpread(&shape, group: group, columns: workspace, first: first, count: count, into: gradient)
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
