import CKernels
import Tensors

/// Pooling over squares of a map; see `PoolDescription`. Of equal maxima the first gets the gradient.
public struct Pool<Scalar: Real>: Layer {
  public let kind = "pool"
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let emitsSpikes: Bool
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0
  private let shape: ganglion_pool

  public init(
    _ description: PoolDescription, inputShape: [Int], spikes: Bool, layer: Int
  ) throws(NetworkError) {
    guard inputShape.count == 3 else {
      throw .shape(
        layer: layer, kind: kind, problem: "takes a map [height, width, channels], the layer before gives \(inputShape)"
      )
    }
    guard description.size > 0, description.stride > 0 else {
      throw .option(layer: layer, kind: kind, problem: "size and stride must be positive")
    }
    guard inputShape[0] >= description.size, inputShape[1] >= description.size else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "squares of \(description.size) do not fit a map of \(inputShape[0]) x \(inputShape[1])")
    }
    self.inputShape = inputShape
    emitsSpikes = spikes
    let height = (inputShape[0] - description.size) / description.stride + 1
    let width = (inputShape[1] - description.size) / description.stride + 1
    outputShape = [height, width, inputShape[2]]
    let kind =
      switch description.kind {
      case .average: GANGLION_POOL_AVERAGE
      case .sum: GANGLION_POOL_SUM
      case .max: GANGLION_POOL_MAX
      }
    shape = ganglion_pool(
      kind: Int32(kind), in_height: Int32(inputShape[0]), in_width: Int32(inputShape[1]),
      channels: Int32(inputShape[2]), out_height: Int32(height), out_width: Int32(width),
      size_y: Int32(description.size), size_x: Int32(description.size), stride_y: Int32(description.stride),
      stride_x: Int32(description.stride))
  }

  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    var shape = shape
    Scalar.pool(&shape, input.values, into: output.values)
    output.activeCount =
      emitsSpikes ? Scalar.listActive(output.values, width: outputWidth, into: output.active) : nil
  }

  public func forward(_ pass: LayerPass<Scalar>) {
    let (width, outputs) = (inputWidth, outputWidth)
    pass.forEachSample { _, _, row, steps in
      var shape = shape
      for step in row..<row + steps {
        Scalar.pool(&shape, pass.input.values.base + step * width, into: pass.output.values.base + step * outputs)
      }
    }
  }

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
