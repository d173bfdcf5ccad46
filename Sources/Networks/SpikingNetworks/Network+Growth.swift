/// Room for another task: context units in front of the hidden neurons, more neurons, more outputs.
extension Network {
  /// Whether hidden layers can be given more neurons: dense synapses, normalisations and neurons only.
  public var canGrow: Bool {
    description.layers.allSatisfy {
      switch $0 {
      case .dense, .batchNorm, .neurons, .dropout, .context: true
      default: false
      }
    }
  }

  /// Layers of hidden spiking neurons: what context units can gate.
  public var gateable: [Int] {
    description.layers.indices.dropLast().filter { index in
      guard case .neurons(let neurons) = description.layers[index] else { return false }
      return neurons.output == .spikes
    }
  }

  /// A larger network that holds this one: every parameter of this network stands in it at the same coordinates, and what
  /// is new comes behind, in every dimension.
  ///
  /// Each gateable layer has `contexts` context units in front of it afterwards. New neurons hear everybody, with random
  /// weights, and are heard by the old ones with weight zero; weights of context units begin at zero.
  ///
  /// - Parameters:
  ///   - contexts: context units, at least as many as there are.
  ///   - neurons: neurons that each hidden layer gains; 0 unless `canGrow`.
  ///   - outputs: outputs gained; the last layer must be dense.
  public func grown(contexts: Int, neurons: Int, outputs: Int, seed: UInt64) throws(NetworkError) -> Network {
    precondition(contexts >= contextCount && neurons >= 0 && outputs >= 0, "a network only grows")
    precondition(neurons == 0 || canGrow, "layers of this network cannot be given neurons")
    var layers: [LayerDescription] = []
    /// Place of each layer of this network in the new one.
    var places: [Int] = []
    let gateable = Set(gateable)
    for (index, layer) in description.layers.enumerated() {
      let isLast = index == description.layers.count - 1
      switch layer {
      case .dense(var dense):
        dense.units += isLast ? outputs : neurons
        places.append(layers.count)
        layers.append(.dense(dense))
      case .context(var context):
        context.units = contexts
        places.append(layers.count)
        layers.append(.context(context))
      case .neurons(var neurons) where gateable.contains(index):
        if index == 0 || !description.layers[index - 1].isContext {
          layers.append(.context(ContextDescription(units: contexts)))
        }
        neurons.silentNeuronsLearnNothing = true
        places.append(layers.count)
        layers.append(.neurons(neurons))
      default:
        guard !isLast || outputs == 0 else {
          throw .option(layer: index, kind: self.layers[index].kind, problem: "cannot be given outputs")
        }
        places.append(layers.count)
        layers.append(layer)
      }
    }
    var larger = try Network(NetworkDescription(input: description.input, layers: layers), seed: seed)
    for (index, layer) in larger.layers.enumerated() where layer is ContextGate<Scalar> {
      let begin = larger.parameterOffsets[index]
      for place in begin..<begin + layer.parameterCount { larger.parameters[place] = 0 }
    }
    for (index, layer) in self.layers.enumerated() {
      var from = parameterOffsets[index]
      var to = larger.parameterOffsets[places[index]]
      for (own, other) in zip(layer.parameters, larger.layers[places[index]].parameters) {
        if own.name == "weight" && layer is Dense<Scalar> || own.name == "recurrent" {
          larger.silence(from: to, own: own.shape, larger: other.shape)
        }
        larger.copy(from: parameters[from..<from + own.count], shape: own.shape, at: to, shape: other.shape)
        from += own.count
        to += other.count
      }
    }
    return larger
  }

  /// Copies a block of numbers to the beginning of every dimension of a larger one.
  private mutating func copy(from values: ArraySlice<Scalar>, shape: [Int], at offset: Int, shape larger: [Int]) {
    var coordinates = [Int](repeating: 0, count: shape.count)
    for value in values {
      var place = 0
      for (dimension, coordinate) in coordinates.enumerated() { place = place * larger[dimension] + coordinate }
      parameters[offset + place] = value
      for dimension in shape.indices.reversed() {
        coordinates[dimension] += 1
        if coordinates[dimension] < shape[dimension] { break }
        coordinates[dimension] = 0
      }
    }
  }

  /// Sets the synapses from new neurons to old ones to zero; the last two dimensions are from and to.
  private mutating func silence(from offset: Int, own: [Int], larger: [Int]) {
    let rank = own.count
    let (inputs, units) = (larger[rank - 2], larger[rank - 1])
    for block in 0..<larger.dropLast(2).reduce(1, *) {
      for from in own[rank - 2]..<inputs {
        let row = offset + (block * inputs + from) * units
        for to in 0..<own[rank - 1] { parameters[row + to] = 0 }
      }
    }
  }
}

extension LayerDescription {
  public var isContext: Bool {
    if case .context = self { true } else { false }
  }
}
