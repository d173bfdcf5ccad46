import Failures

/// A dense block of single-precision numbers with its shape, last dimension contiguous.
public struct Tensor: Sendable, Equatable {
  /// Extent of each dimension; empty for a scalar.
  public let shape: [Int]
  /// The numbers, `shape.reduce(1, *)` of them.
  public var values: [Float]

  /// - Throws: `TensorError.count` if the number of values is not what the shape asks for.
  public init(shape: [Int], values: [Float]) throws(TensorError) {
    let expected = shape.reduce(1, *)
    guard values.count == expected else {
      throw TensorError.count(shape: shape, expected: expected, found: values.count)
    }
    self.shape = shape
    self.values = values
  }
}

/// What can be wrong with a block of numbers.
public enum TensorError: ReportedError, Equatable {
  case count(shape: [Int], expected: Int, found: Int)

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .count(let shape, let expected, let found):
      "a tensor of shape \(shape) holds \(expected) numbers, but \(found) were given"
    }
  }
}
