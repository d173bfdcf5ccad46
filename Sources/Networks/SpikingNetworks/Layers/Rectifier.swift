import Numerics

/// Rectified linear units, `y = max(0, x)`: they keep nothing from step to step, so a network of them is a plain one.
public struct Rectifier<Scalar: Real>: Layer {
  public let kind = "relu"
  public var role: LayerRole { .rectifier }
  public let inputShape: [Int]
  public var outputShape: [Int] { inputShape }
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0
  public let emitsSpikes = false
  public let worksInPlace = true
  public let readsActive = false

  public init(inputShape: [Int]) {
    self.inputShape = inputShape
  }

  private func rectify(_ input: UnsafePointer<Scalar>, count: Int, into output: UnsafeMutablePointer<Scalar>) {
    for place in 0..<count { output[place] = max(input[place], 0) }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    rectify(input.values, count: inputWidth, into: output.values)
    output.activeCount = nil
  }

  public func work(of pass: LayerPass<Scalar>) -> LayerWork { LayerWork() }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let width = inputWidth
    pass.forEachSample { _, _, row, steps in
      rectify(pass.input.values.base + row * width, count: steps * width, into: pass.output.values.base + row * width)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let width = inputWidth
    pass.forEachSample { _, _, row, steps in
      for place in row * width..<(row + steps) * width {
        inputGradient.base[place] = pass.output.values.base[place] > 0 ? pass.outputGradient.base[place] : 0
      }
    }
  }
}
