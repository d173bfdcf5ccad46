import Foundation

/// The teacher's answers as a loss: `τ² KL(softmax(z_T / τ) ‖ softmax(z_S / τ))` (Hinton et al. 2015).
enum SoftTargets {
  /// Logarithms of the softmax of logits divided by `temperature`.
  static func logSoftmax(_ logits: [Double], temperature: Double) -> [Double] {
    let scaled = logits.map { $0 / temperature }
    let peak = scaled.max() ?? 0
    let logSum = log(scaled.reduce(0) { $0 + exp($1 - peak) }) + peak
    return scaled.map { $0 - logSum }
  }

  /// The loss and its gradient by the student's logits.
  static func loss(
    student: [Double], teacher: [Double], temperature: Double
  ) -> (loss: Double, gradient: [Double]) {
    let wanted = logSoftmax(teacher, temperature: temperature)
    let found = logSoftmax(student, temperature: temperature)
    let loss = zip(wanted, found).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    let gradient = zip(wanted, found).map { temperature * (exp($1) - exp($0)) }
    return (temperature * temperature * loss, gradient)
  }

  /// Logits of a teacher without a network.
  static func virtual(_ probability: Double, target: Int, of classes: Int) -> [Double] {
    (0..<classes).map { log($0 == target ? probability : (1 - probability) / Double(max(classes - 1, 1))) }
  }
}
