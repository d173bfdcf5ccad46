import Failures

/// What can be wrong with a network before it runs.
public enum NetworkError: ReportedError, Equatable {
  /// A layer cannot take what the one before it gives.
  case shape(layer: Int, kind: String, problem: String)
  /// An option of a layer is outside its range.
  case option(layer: Int, kind: String, problem: String)
  case noLayers
  /// The last layer must give one number for each class.
  case output(expected: Int, found: [Int])
  case missingTensor(name: String, shape: [Int])
  case unexpectedTensor(name: String)
  case tensorShape(name: String, expected: [Int], found: [Int])

  public var kind: FailureKind { .configuration }
  public var description: String {
    switch self {
    case .shape(let layer, let kind, let problem): "layer \(layer) (\(kind)): \(problem)"
    case .option(let layer, let kind, let problem): "layer \(layer) (\(kind)): \(problem)"
    case .noLayers: "a network needs at least one layer"
    case .output(let expected, let found):
      "the last layer gives \(found), but there are \(expected) classes; make its units \(expected)"
    case .missingTensor(let name, let shape): "tensor '\(name)' of shape \(shape) is missing"
    case .unexpectedTensor(let name): "tensor '\(name)' belongs to no layer of the network"
    case .tensorShape(let name, let expected, let found):
      "tensor '\(name)' has shape \(found), the network needs \(expected)"
    }
  }
}
