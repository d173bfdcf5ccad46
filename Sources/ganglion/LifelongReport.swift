import Foundation
import Learning
import Plotting

/// The table and the picture of a sequence of tasks.
struct LifelongReport {
  let sequence: TaskSequence.Kind
  let results: [LifelongResult]

  private func runs(_ arm: LifelongArm) -> [LifelongResult] {
    let tuning = ExperimentLifelong.tuningSeeds
    return results.filter {
      $0.arm == arm && !tuning.contains($0.seed) && (arm != .elastic || $0.elasticity == bestElasticity)
    }.sorted { $0.seed < $1.seed }
  }

  /// The weight of elastic consolidation that did best on the validation part, with the seeds that are for that.
  var bestElasticity: Double? {
    let tuned = results.filter { $0.arm == .elastic && ExperimentLifelong.tuningSeeds.contains($0.seed) }
    return Dictionary(grouping: tuned, by: { $0.elasticity ?? 0 }).max { left, right in
      (SeedStatistics(left.value.map(\.validation)).mean, -left.key)
        < (SeedStatistics(right.value.map(\.validation)).mean, -right.key)
    }?.key
  }

  var markdown: String { "" }
  func draw(to path: String) throws {}
}
