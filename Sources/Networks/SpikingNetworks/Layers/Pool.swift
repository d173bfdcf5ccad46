import CKernels
import Numerics

/// Pooling over rectangles of a map; see `PoolDescription`. Of equal maxima the first gets the gradient.
public struct Pool<Scalar: Real>: Layer {
  public let kind = "pool"
  public var role: LayerRole { .passage }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes: Bool
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0
  public let readsActive = false
  private let shape: ganglion_pool

  public init(
    _ description: PoolDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    guard (1...3).contains(inputShape.count) else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "takes a map [height, width, channels], a row of [length, channels] or of [length], not \(inputShape)")
    }
    let (size, stride) = (description.size, description.stride)
    guard size.isAtLeast(1), stride.isAtLeast(1) else {
      throw .option(layer: layer, kind: kind, problem: "size and stride must be positive")
    }
    // A row is a map one high that is pooled along its length only.
    let isMap = inputShape.count == 3
    guard isMap || (size.isSquare && stride.isSquare) else {
      throw .option(layer: layer, kind: kind, problem: "a row has a length alone; write a single number")
    }
    let extent = inputShape.count == 1 ? [1, inputShape[0], 1] : isMap ? inputShape : [1] + inputShape
    let (sizeY, strideY) = isMap ? (size.height, stride.height) : (1, 1)
    guard extent[0] >= sizeY, extent[1] >= size.width else {
      throw .shape(
        layer: layer, kind: kind,
        problem:
          "\(size.isSquare ? "squares" : "rectangles") of \(size) do not fit a map of \(extent[0]) x \(extent[1])")
    }
    self.inputShape = inputShape
    emitsSpikes = spikes
    let height = (extent[0] - sizeY) / strideY + 1
    let width = (extent[1] - size.width) / stride.width + 1
    outputShape = inputShape.count == 1 ? [width] : isMap ? [height, width, extent[2]] : [width, extent[2]]
    let kind =
      switch description.kind {
      case .average: GANGLION_POOL_AVERAGE
      case .sum: GANGLION_POOL_SUM
      case .max: GANGLION_POOL_MAX
      }
    shape = ganglion_pool(
      kind: Int32(kind), in_height: Int32(extent[0]), in_width: Int32(extent[1]), channels: Int32(extent[2]),
      out_height: Int32(height), out_width: Int32(width), size_y: Int32(sizeY), size_x: Int32(size.width),
      stride_y: Int32(strideY), stride_x: Int32(stride.width))
  }

  public func emitsCounts(from input: Bool) -> Bool { input && shape.kind == Int32(GANGLION_POOL_MAX) }

  /// Height of a rectangle where they tile the map's rows; nil where they overlap or leave some out.
  var tilingRows: Int? {
    shape.stride_y == shape.size_y && shape.out_height * shape.size_y == shape.in_height ? Int(shape.size_y) : nil
  }

  /// Pools some rows of a map, as many as fill squares.
  func poolPiece(rows: Int, _ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>) {
    var piece = shape
    piece.in_height = Int32(rows)
    piece.out_height = Int32(rows) / shape.size_y
    Scalar.pool(&piece, input, into: output)
  }

  /// Takes the gradient of some pooled rows back to the rows they were pooled from.
  func poolPieceBack(
    rows: Int, _ input: UnsafePointer<Scalar>, _ output: UnsafePointer<Scalar>, delta: UnsafePointer<Scalar>,
    into gradient: UnsafeMutablePointer<Scalar>
  ) {
    var piece = shape
    piece.in_height = Int32(rows)
    piece.out_height = Int32(rows) / shape.size_y
    Scalar.poolBack(&piece, input, output, delta: delta, into: gradient)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    var shape = shape
    Scalar.pool(&shape, input.values, into: output.values)
    output.activeCount =
      emitsSpikes && output.isListWanted
      ? Scalar.listActive(output.values, width: outputWidth, into: output.active) : nil
  }

  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    guard shape.kind != Int32(GANGLION_POOL_MAX) else { return work }
    let outputs = Double(pass.layout.rows * outputWidth)
    work.units.additions = outputs * Double(shape.size_x * shape.size_y - 1)
    if shape.kind == Int32(GANGLION_POOL_AVERAGE) { work.units.multiplications = outputs }
    return work
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let (width, outputs) = (inputWidth, outputWidth)
    pass.forEachSample { _, _, row, steps in
      var shape = shape
      for step in row..<row + steps {
        Scalar.pool(&shape, pass.input.values.base + step * width, into: pass.output.values.base + step * outputs)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let (width, outputs) = (inputWidth, outputWidth)
    pass.forEachSample { _, _, row, steps in
      var shape = shape
      for step in row..<row + steps {
        Scalar.poolBack(
          &shape, pass.input.values.base + step * width, pass.output.values.base + step * outputs,
          delta: pass.outputGradient.base + step * outputs, into: inputGradient.base + step * width)
      }
    }
  }
}
