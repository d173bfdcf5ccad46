import Numerics

/// A tensor as whole numbers from −127 to 127 and a scale for each place of its last axis: a quarter of the bytes.
///
/// `value = code · scale`, with the scale such that the largest magnitude of its column is 127. Scales have 16 significant
/// bits, so that 127 times one is exact and what was stored is stored again as it is.
struct EightBitTensor: Equatable {
  let codes: [Int8]
  let scales: [Float]

  init(_ tensor: Tensor) {
    let width = max(1, tensor.shape.last ?? 1)
    var largest = [Float](repeating: 0, count: width)
    for (index, value) in tensor.values.enumerated() {
      largest[index % width] = max(largest[index % width], value.magnitude)
    }
    let scales = largest.map { $0 >= 1e-30 && $0.isFinite ? Self.shortened($0 / 127) : 1 }
    codes = tensor.values.enumerated().map { index, value in
      let code = (value / scales[index % width]).rounded()
      return Int8(max(-127, min(127, code.isFinite ? code : 0)))
    }
    self.scales = scales
  }

  init(codes: [Int8], scales: [Float]) {
    self.codes = codes
    self.scales = scales
  }

  /// The next number up with 16 significant bits.
  private static func shortened(_ scale: Float) -> Float { Float(bitPattern: (scale.bitPattern + 0xFF) & ~0xFF) }

  var values: [Float] {
    let width = scales.count
    return codes.enumerated().map { Float($1) * scales[$0 % width] }
  }
}

extension Network where Scalar == Float {
  /// The same network with weights as they are after being stored in 8 bits: those of layers with at least 256 of them.
  public func withEightBitWeights() -> Network {
    var network = self
    for (_, specification, range) in named where Self.isStoredInEightBits(specification) {
      guard let tensor = try? Tensor(shape: specification.shape, values: Array(parameters[range])) else { continue }
      network.parameters.replaceSubrange(range, with: EightBitTensor(tensor).values)
    }
    return network
  }

  /// Names of the tensors that `withEightBitWeights` changes.
  public var eightBitTensors: Set<String> {
    Set(named.filter { Self.isStoredInEightBits($0.specification) }.map(\.name))
  }

  private static func isStoredInEightBits(_ specification: ParameterSpecification) -> Bool {
    specification.role == .weight && specification.count >= 256
  }
}
