import Numerics
import Scenes

/// Another look at the same scene: mirrored, moved by cells, the polarities exchanged. Mirrored, left is right and clockwise
/// the other way round.
struct SceneView: Sendable {
  private let isMirrored: Bool
  private let isInverted: Bool
  private let shift: (x: Int, y: Int)
  private let labels: [Gesture]
  private let height: Int
  private let width: Int

  init(labels: [Gesture], shape: [Int], _ random: inout RandomStream) {
    self.labels = labels
    height = shape[1]
    width = shape[2]
    // A picture can be mirrored where every gesture that is told has its mirror image among them.
    isMirrored = random.uniform() < 0.5 && labels.allSatisfy { labels.contains($0.mirrored) }
    isInverted = random.uniform() < 0.3
    // By up to a sixteenth of the picture, however fine its cells.
    let reach = max(1, width / 16)
    shift = (random.integer(below: 2 * reach + 1) - reach, random.integer(below: 2 * reach + 1) - reach)
  }

  func apply(to piece: StreamPiece) -> StreamPiece {
    var frames = SpikeSequence(shape: piece.frames.shape)
    let plane = width * height
    for step in 0..<piece.frames.steps {
      var cells: [(channel: UInt32, value: Float)] = []
      for index in piece.frames.range(ofStep: step) {
        let channel = Int(piece.frames.channels[index])
        let polarity = isInverted ? 1 - channel / plane : channel / plane
        let column = channel % width
        let (x, y) = ((isMirrored ? width - 1 - column : column) + shift.x, channel % plane / width + shift.y)
        guard x >= 0, x < width, y >= 0, y < height else { continue }
        cells.append((UInt32(polarity * plane + y * width + x), piece.frames.values[index]))
      }
      cells.sort { $0.channel < $1.channel }
      frames.append(channels: cells.map(\.channel), values: cells.map(\.value))
    }
    guard isMirrored else { return StreamPiece(frames: frames, words: piece.words) }
    let words = piece.words.map { word -> ChunkWord in
      var word = word
      word.label = labels.firstIndex(of: labels[word.label].mirrored) ?? word.label
      return word
    }
    return StreamPiece(frames: frames, words: words)
  }
}
