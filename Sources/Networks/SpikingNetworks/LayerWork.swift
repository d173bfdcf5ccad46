import Numerics

/// What is calculated, memory and comparisons left out.
public struct Arithmetic: Sendable, Equatable, Codable {
  /// Sums of two numbers; for a synapse, of its weight for an input of exactly one.
  public var additions: Double
  /// Products, each with the addition that takes it up.
  public var multiplications: Double
  /// Sigmoids and hyperbolic tangents.
  public var functions: Double

  public init(additions: Double = 0, multiplications: Double = 0, functions: Double = 0) {
    self.additions = additions
    self.multiplications = multiplications
    self.functions = functions
  }

  public static func + (left: Self, right: Self) -> Self {
    Self(
      additions: left.additions + right.additions, multiplications: left.multiplications + right.multiplications,
      functions: left.functions + right.functions)
  }

  public static func += (left: inout Self, right: Self) { left = left + right }

  public static func * (left: Self, factor: Double) -> Self {
    Self(
      additions: left.additions * factor, multiplications: left.multiplications * factor,
      functions: left.functions * factor)
  }

  /// So many sums of something scaled by a constant: nothing where that is zero, additions where it is one.
  static func scaled(by constant: Double, count: Int) -> Self {
    constant == 0
      ? Self() : constant == 1 ? Self(additions: Double(count)) : Self(multiplications: Double(count))
  }
}

/// What the steps of a layer have calculated.
///
/// A synapse costs something where its weight and its input are not zero: an addition where the input is a spike, exactly
/// one, n additions where it is the n spikes of a neuron that sends several in a step, and a multiplication where it is any
/// other number, be it a count of the encoder's, a sum, a mean or a hidden state. What is done for every unit in every
/// step, such as leaks, gates and normalisations, is counted for every unit.
public struct LayerWork: Sendable, Equatable {
  public var synapses = Arithmetic()
  public var units = Arithmetic()
  /// Inputs that synapses were asked for, those of them that were not zero, and those that were multiplied.
  public var inputs = 0.0
  public var activeInputs = 0.0
  public var gradedInputs = 0.0

  public init() {}

  public static func += (left: inout Self, right: Self) {
    left.synapses += right.synapses
    left.units += right.units
    left.inputs += right.inputs
    left.activeInputs += right.activeInputs
    left.gradedInputs += right.gradedInputs
  }

  /// One input goes through as many weights.
  mutating func meet(isSpike: Bool, weights: Int) {
    activeInputs += 1
    if isSpike {
      synapses.additions += Double(weights)
    } else {
      gradedInputs += 1
      synapses.multiplications += Double(weights)
    }
  }

  /// A row of inputs, each of which meets as many weights as `fan` says.
  mutating func meet<Scalar: Real>(_ row: UnsafePointer<Scalar>, areCounts: Bool = false, fan: [Int]) {
    inputs += Double(fan.count)
    for (index, weights) in fan.enumerated() where row[index] != 0 {
      if areCounts {
        activeInputs += 1
        synapses.additions += Double(row[index]) * Double(weights)
      } else {
        meet(isSpike: row[index] == 1, weights: weights)
      }
    }
  }
}

/// How many weights each row of a matrix has that are not zero.
func presentWeights<Scalar: Real>(_ weights: UnsafePointer<Scalar>, rows: Int, width: Int) -> [Int] {
  (0..<rows).map { row in (0..<width).count { weights[row * width + $0] != 0 } }
}

extension BatchRunner {
  /// What the steps of the last `forward`, which took sequences whole, have calculated in a layer.
  public func work(ofLayer index: Int) -> LayerWork {
    precondition(windows == nil && !isTraining, "work is counted on whole sequences outside of training")
    return layers[index].work(of: passes[index])
  }
}
