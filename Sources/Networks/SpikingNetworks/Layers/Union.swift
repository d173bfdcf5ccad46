import Glibc
import Numerics

/// Logits of labels from those of their parts; see `UnionDescription`.
public struct Union<Scalar: Real>: Layer {
  public let kind = "union"
  public var role: LayerRole { .union }
  public let inputShape: [Int]
  public let outputShape: [Int]
  public let parameters: [ParameterSpecification] = []
  public let stateCount = 0
  public let emitsSpikes = false
  public let readsActive = false
  /// First input of each label, and the number of inputs as last entry.
  public let offsets: [Int]

  public init(_ description: UnionDescription, inputShape: [Int], layer: Int) throws(NetworkError) {
    let inputs = description.sizes.reduce(0, +)
    guard inputShape == [inputs] else {
      throw .shape(
        layer: layer, kind: kind,
        problem: "its sizes add up to \(inputs) inputs, not to \(inputShape)")
    }
    self.inputShape = inputShape
    outputShape = [description.sizes.count]
    offsets = description.sizes.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
  }

  private func unite(_ input: UnsafePointer<Scalar>, into output: UnsafeMutablePointer<Scalar>) {
    for label in 0..<outputWidth {
      let parts = offsets[label]..<offsets[label + 1]
      if parts.count == 1 {
        output[label] = input[parts.lowerBound]
        continue
      }
      let peak = parts.reduce(input[parts.lowerBound]) { max($0, input[$1]) }
      let sum = parts.reduce(0.0) { $0 + exp(Double(input[$1] - peak)) }
      output[label] = peak + Scalar(log(sum))
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func step(
    parameters: UnsafePointer<Scalar>, state: UnsafeMutablePointer<Scalar>, input: Signal<Scalar>,
    output: inout Signal<Scalar>
  ) {
    unite(input.values, into: output.values)
    output.activeCount = nil
  }

  /// An exponential for each input of a label of several, its sum, and a logarithm.
  public func work(of pass: LayerPass<Scalar>) -> LayerWork {
    var work = LayerWork()
    let rows = Double(pass.layout.rows)
    let united = (0..<outputWidth).map { offsets[$0 + 1] - offsets[$0] }.filter { $0 > 1 }
    work.units.functions = rows * Double(united.reduce(0) { $0 + $1 + 1 })
    work.units.additions = rows * Double(united.reduce(0, +))
    return work
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func forward(_ pass: LayerPass<Scalar>) {
    let (width, outputs) = (inputWidth, outputWidth)
    pass.forEachSample { _, _, row, steps in
      for step in row..<row + steps {
        unite(pass.input.values.base + step * width, into: pass.output.values.base + step * outputs)
      }
    }
  }

  /// A part's share in its label's sum of exponentials is what it gets of the gradient.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func backward(_ pass: LayerPass<Scalar>) {
    guard let inputGradient = pass.inputGradient else { return }
    let (width, outputs) = (inputWidth, outputWidth)
    pass.forEachSample { _, _, row, steps in
      for step in row..<row + steps {
        for label in 0..<outputs {
          let delta = pass.outputGradient.base[step * outputs + label]
          let total = pass.output.values.base[step * outputs + label]
          for part in offsets[label]..<offsets[label + 1] {
            let share = exp(Double(pass.input.values.base[step * width + part] - total))
            inputGradient.base[step * width + part] = delta * Scalar(share)
          }
        }
      }
    }
  }
}
