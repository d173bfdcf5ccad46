import Foundation
import Learning
import Numerics
import SpikingNetworks

/// The two tasks of Flesch et al. (2023): twenty-five blobs on a five by five grid, of which one task rewards the column
/// and the other the row.
struct ContextTask: Sendable {
  static let side = 5
  static let count = side * side
  /// Steps that a stimulus is shown for.
  let steps: Int
  /// Each blob as a constant current, less the mean of all blobs, `[25]` a step.
  let stimuli: [SpikeSequence]

  init(steps: Int) {
    self.steps = steps
    let grid = (0..<Self.side).map { Double($0) / Double(Self.side - 1) }
    let centres = (0..<Self.side).map { 0.2 + 0.15 * Double($0) }
    var blobs: [[Double]] = []
    for row in centres {
      for column in centres {
        var blob: [Double] = []
        for y in grid {
          for x in grid {
            blob.append(exp(-((x - column) * (x - column) + (y - row) * (y - row)) / (2 * 0.08)))
          }
        }
        let largest = blob.max() ?? 1
        blobs.append(blob.map { $0 / largest })
      }
    }
    let mean = (0..<Self.count).map { pixel in blobs.reduce(0) { $0 + $1[pixel] } / Double(Self.count) }
    stimuli = blobs.map { blob in
      var sequence = SpikeSequence(shape: [Self.count])
      let values = zip(blob, mean).map { Float($0 - $1) }
      for _ in 0..<steps { sequence.append(channels: (0..<UInt32(Self.count)).map { $0 }, values: values) }
      return sequence
    }
  }

  /// −2 ... 2: the stimulus's column in the first task, its row in the second.
  static func reward(_ stimulus: Int, task: Int) -> Double {
    Double(task == 0 ? stimulus % side : stimulus / side) - 2
  }
}
