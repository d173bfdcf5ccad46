/// What each label of a task looks like to the hidden neurons, in the task's context: their mean rates, and how far
/// recordings scatter around them. A few numbers a neuron; no recording is kept.
public struct ClassMeans: Sendable {
  /// Added to every deviation, spikes a step, so that neurons that hardly fire do not decide.
  static let smallest = 0.02

  let means: [[Double]]
  let deviations: [Double]
  /// Neurons that fire for any label.
  private let active: [Int]

  /// - Parameters:
  ///   - rates: of each recording, of each neuron, spikes a step.
  ///   - targets: label of each recording.
  public init(_ rates: [[Double]], targets: [Int]) {
    let neurons = rates.first?.count ?? 0
    var means: [[Double]] = []
    var squares = [Double](repeating: 0, count: neurons)
    for label in Set(targets).sorted() {
      let own = rates.indices.filter { targets[$0] == label }
      let mean = (0..<neurons).map { neuron in own.reduce(0) { $0 + rates[$1][neuron] } / Double(own.count) }
      for recording in own {
        for neuron in 0..<neurons {
          let distance = rates[recording][neuron] - mean[neuron]
          squares[neuron] += distance * distance
        }
      }
      means.append(mean)
    }
    self.means = means
    deviations = squares.map { ($0 / Double(max(rates.count, 1))).squareRoot() + Self.smallest }
    active = (0..<neurons).filter { neuron in means.contains { $0[neuron] > 0.005 } }
  }

  /// How near a recording comes to any label, by its rates: the negative mean squared distance in deviations.
  public func nearness(of rates: [Double]) -> Double {
    means.map { mean in
      -active.reduce(0) { sum, neuron in
        let distance = (rates[neuron] - mean[neuron]) / deviations[neuron]
        return sum + distance * distance
      } / Double(max(active.count, 1))
    }.max() ?? -.infinity
  }
}
