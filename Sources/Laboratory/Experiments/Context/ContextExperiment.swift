import Foundation
import Learning

/// What one arm of the context experiment did with one seed.
public struct ContextResult: Sendable, Codable, Equatable {
  public var arm: ContextArm
  public var seed: UInt64
  /// Distance between a context unit's two values.
  public var scale: Double
  /// Weight of elastic consolidation; nil of other arms.
  public var elasticity: Double?
  /// Of the two tasks after both are learnt, and of the first before the second began.
  public var first: Double
  public var second: Double
  public var firstBefore: Double
  public var congruent: Double
  public var incongruent: Double
  /// Hidden neurons that fire in one task alone.
  public var onlyFirst: Int
  public var onlySecond: Int
  /// Hidden neurons whose rate follows one task's reward alone.
  public var selectiveFirst: Int
  public var selectiveSecond: Int
  public var meanRate: Double
  /// Accuracies of both tasks after every tenth episode.
  public var course: [[Double]]
  public var seconds: Double
}

public enum ContextExperiment {
  /// Weights of elastic consolidation that are tried; the best on average is what the rival is judged by.
  public static let elasticities: [Double] = [1e5, 1e6, 1e7, 1e8]

  public static func run(_ arm: ContextArm, seed: UInt64, scale: Double, elasticity: Double? = nil) throws
    -> ContextResult
  {
    let begin = Date()
    var learner = try ContextLearner(arm: arm, seed: seed, scale: scale, elasticity: elasticity ?? 0)
    var course: [[Double]] = []
    var before = 0.0
    learner.learnBoth { episode, first, second in
      if episode == ContextLearner.episodes { before = first }
      if episode % 10 == 0 { course.append([first, second]) }
    }
    let responses = learner.responses()
    return ContextResult(
      arm: arm, seed: seed, scale: scale, elasticity: elasticity, first: responses.accuracy(0),
      second: responses.accuracy(1),
      firstBefore: before, congruent: responses.accuracy(areCongruent: true),
      incongruent: responses.accuracy(areCongruent: false), onlyFirst: responses.neuronsOnly(in: 0),
      onlySecond: responses.neuronsOnly(in: 1), selectiveFirst: responses.neuronsSelective(for: 0),
      selectiveSecond: responses.neuronsSelective(for: 1),
      meanRate: responses.rates.reduce(0) { $0 + $1.reduce(0, +) } / Double(responses.rates.count * 100),
      course: course, seconds: Date().timeIntervalSince(begin))
  }
}
