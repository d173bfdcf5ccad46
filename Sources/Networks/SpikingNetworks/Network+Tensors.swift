import Numerics

/// Names a network's parameters in a model file: `layers.<index>.<name>`.
extension Network where Scalar == Float {
  /// A network with the given parameters; every one the description asks for, and no other.
  public init(_ description: NetworkDescription, tensors: [String: Tensor]) throws(NetworkError) {
    try self.init(description, seed: 0)
    var used: Set<String> = []
    for (name, specification, range) in named {
      guard let tensor = tensors[name] else { throw .missingTensor(name: name, shape: specification.shape) }
      guard tensor.shape == specification.shape else {
        throw .tensorShape(name: name, expected: specification.shape, found: tensor.shape)
      }
      parameters.replaceSubrange(range, with: tensor.values)
      used.insert(name)
    }
    for name in tensors.keys.sorted() where !used.contains(name) { throw .unexpectedTensor(name: name) }
  }

  /// The parameters under their names.
  public func tensors() throws(TensorError) -> [String: Tensor] {
    var tensors: [String: Tensor] = [:]
    for (name, specification, range) in named {
      tensors[name] = try Tensor(shape: specification.shape, values: Array(parameters[range]))
    }
    return tensors
  }
}

extension Network {
  /// Name, specification and place of every block of parameters.
  public var named: [(name: String, specification: ParameterSpecification, range: Range<Int>)] {
    var list: [(String, ParameterSpecification, Range<Int>)] = []
    for (index, layer) in layers.enumerated() {
      var offset = parameterOffsets[index]
      for specification in layer.parameters {
        list.append(
          ("layers.\(index).\(specification.name)", specification, offset..<offset + specification.count))
        offset += specification.count
      }
    }
    return list
  }
}
