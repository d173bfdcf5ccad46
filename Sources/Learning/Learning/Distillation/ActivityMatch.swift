import Foundation
import Numerics
import SpikingNetworks

/// Mean activity of a layer over the steps of each sample of a batch, `[places, channels]` each.
struct MeanActivity {
  let places: Int
  let channels: Int
  /// `[samples][places * channels]`.
  var values: [[Float]]

  /// - Parameter shape: of the layer's output; its last extent are channels, the others places.
  init(_ activity: Buffer<Float>, shape: [Int], layout: BatchLayout) {
    channels = shape.last ?? 1
    places = shape.dropLast().reduce(1, *)
    let width = places * channels
    values = (0..<layout.samples).map { sample in
      var mean = [Float](repeating: 0, count: width)
      let steps = layout.steps(of: sample)
      for row in layout.firstRow(of: sample)..<layout.firstRow(of: sample) + steps {
        for place in 0..<width { mean[place] += activity.base[row * width + place] }
      }
      for place in 0..<width { mean[place] /= Float(max(steps, 1)) }
      return mean
    }
  }
}

/// Feature distillation: `weight · mean over places and the teacher's channels of (A f_S − f_T)²`, with a matrix `A` from
/// the student's channels to the teacher's that is learned along (KDSNN; the mean and the matrix at equal widths are ours).
struct FeatureMatch {
  private let inputs: Int
  private let outputs: Int
  /// `[student channels, teacher channels]`.
  private(set) var matrix: [Float]
  private var first: [Float]
  private var second: [Float]
  private var steps = 0

  init(student channels: Int, teacher outputs: Int, seed: UInt64, index: Int) {
    inputs = channels
    self.outputs = outputs
    var random = RandomStream(seed: seed, purpose: "alignment", index: index)
    matrix = (0..<channels * outputs).map { _ in Float(random.normal() / Double(channels).squareRoot()) }
    first = [Float](repeating: 0, count: matrix.count)
    second = first
  }

  /// The matrix, its moments and the steps it has made.
  var memory: [Float] {
    get { matrix + first + second + [Float(steps)] }
    set {
      let count = matrix.count
      precondition(newValue.count == 3 * count + 1, "memory of a matrix of the same size")
      matrix = Array(newValue[..<count])
      first = Array(newValue[count..<2 * count])
      second = Array(newValue[(2 * count)..<3 * count])
      steps = Int(newValue[3 * count])
    }
  }

  /// The sum of the samples' losses, and of each sample the gradient by the student's mean activity; the matrix takes a
  /// step of Adam at `rate`.
  mutating func match(_ student: MeanActivity, _ teacher: MeanActivity, weight: Double, rate: Double) -> (
    loss: Double, gradients: [[Float]]
  ) {
    precondition(student.places == teacher.places, "features are compared place by place")
    var slope = [Float](repeating: 0, count: matrix.count)
    var lossSum = 0.0
    let scale = Float(2 * weight / Double(student.places * outputs))
    let gradients = zip(student.values, teacher.values).map { mine, theirs in
      var gradient = [Float](repeating: 0, count: mine.count)
      for place in 0..<student.places {
        for output in 0..<outputs {
          var seen: Float = 0
          for input in 0..<inputs { seen += mine[place * inputs + input] * matrix[input * outputs + output] }
          let distance = seen - theirs[place * outputs + output]
          lossSum += weight * Double(distance * distance) / Double(student.places * outputs)
          for input in 0..<inputs {
            gradient[place * inputs + input] += scale * distance * matrix[input * outputs + output]
            slope[input * outputs + output] += scale * distance * mine[place * inputs + input]
          }
        }
      }
      return gradient
    }
    learn(slope, share: 1 / Float(max(student.values.count, 1)), rate: rate)
    return (lossSum, gradients)
  }

  private mutating func learn(_ slope: [Float], share: Float, rate: Double) {
    steps += 1
    let correction1 = Float(1 - pow(0.9, Double(steps)))
    let correction2 = Float(1 - pow(0.999, Double(steps)))
    for index in matrix.indices {
      let gradient = slope[index] * share
      first[index] = 0.9 * first[index] + 0.1 * gradient
      second[index] = 0.999 * second[index] + 0.001 * gradient * gradient
      matrix[index] -= Float(rate) * first[index] / correction1 / ((second[index] / correction2).squareRoot() + 1e-8)
    }
  }
}

/// Attention transfer: `weight · mean over places of (Q_S − Q_T)²` with `Q` the places' mean squared activity over the
/// channels, scaled to length 1 (Zagoruyko and Komodakis 2017, their code's form).
enum AttentionMatch {
  /// Each place's mean squared activity over its channels, scaled to length 1, and the length it had.
  private static func map(_ activity: [Float], places: Int, channels: Int) -> (shares: [Double], length: Double) {
    let squares = (0..<places).map { place in
      (0..<channels).reduce(0.0) { sum, channel in
        let value = Double(activity[place * channels + channel])
        return sum + value * value
      } / Double(channels)
    }
    let length = squares.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return (length > 0 ? squares.map { $0 / length } : squares, length)
  }

  /// The loss and its gradient by the student's activity.
  static func loss(
    student: [Float], teacher: [Float], places: Int, channels: Int, teacherChannels: Int, weight: Double
  ) -> (loss: Double, gradient: [Float]) {
    let wanted = map(teacher, places: places, channels: teacherChannels).shares
    let (found, length) = map(student, places: places, channels: channels)
    let distances = zip(found, wanted).map { $0 - $1 }
    let loss = weight * distances.reduce(0) { $0 + $1 * $1 } / Double(places)
    guard length > 0 else { return (loss, [Float](repeating: 0, count: student.count)) }
    let slopes = distances.map { 2 * weight * $0 / Double(places) }
    let along = zip(slopes, found).reduce(0) { $0 + $1.0 * $1.1 }
    var gradient = [Float](repeating: 0, count: student.count)
    for place in 0..<places {
      let bySquare = (slopes[place] - along * found[place]) / length
      for channel in 0..<channels {
        let at = place * channels + channel
        gradient[at] = Float(bySquare * 2 * Double(student[at]) / Double(channels))
      }
    }
    return (loss, gradient)
  }
}
