import Foundation

/// How far the outputs of new labels have to be lowered so that they do not take over what the model heard before, where it
/// finds out by itself which task it hears.
///
/// Each task's row of outputs becomes scores by a softmax, and the row with the highest one decides; a new label that is too
/// sure of itself wins everything. Its outputs exist in the new task alone, so lowering them changes nothing of the others.
struct LessonGuard {
  /// Mean outputs of a recording in each task's context, the new one's last, and the labels that compete in each.
  struct Heard {
    let rows: [[Float]]
  }

  let outputs: [[Int]]
  let newOutputs: Range<Int>

  /// The part of the sounds that a new label may take.
  static let allowed = 0.01
  /// Steps in which the outputs are lowered, and how far at most.
  private static let step: Float = 0.25
  private static let most: Float = 30

  /// Whether a new label wins, its outputs lowered by so much.
  func isTaken(_ heard: Heard, loweredBy shift: Float) -> Bool {
    var best = (score: -Double.infinity, output: 0)
    for (row, outputs) in zip(heard.rows, outputs) {
      let logits = outputs.map { Double(row[$0] - (newOutputs.contains($0) ? shift : 0)) }
      let peak = logits.max() ?? 0
      let total = logits.reduce(0) { $0 + exp($1 - peak) }
      guard let place = logits.firstIndex(of: peak), 1 / total > best.score else { continue }
      best = (1 / total, outputs[place])
    }
    return newOutputs.contains(best.output)
  }

  func share(of sounds: [Heard], loweredBy shift: Float) -> Double {
    sounds.isEmpty ? 0 : Double(sounds.count { isTaken($0, loweredBy: shift) }) / Double(sounds.count)
  }

  /// The least by which to lower them so that no more than the allowed part of the sounds is taken.
  func shift(for sounds: [Heard]) -> Float {
    var shift: Float = 0
    while shift < Self.most, share(of: sounds, loweredBy: shift) > Self.allowed { shift += Self.step }
    return shift
  }
}

/// What new labels do with sounds that are none of theirs, where the task is inferred.
public struct LessonSafety: Sendable, Equatable, Codable {
  /// Sounds that it was tried on; none of them was learnt from.
  public var sounds: Int
  /// Share of them that a new label took at first, and takes now that its outputs are lowered.
  public var takenBefore: Double
  public var taken: Double
  /// By how much they are lowered.
  public var lowered: Double
  /// Share of the new recordings that a new label still wins.
  public var heard: Double
}
