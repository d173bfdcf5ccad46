import EventSimulation
import Events
import Numerics
import Scenes
import Synchronization

/// Simulated people as what a network learns from: every piece is a scene of its own.
struct SceneChunks: StreamSubject, TrialSubject {
  let scenes: SceneDescription
  let binning: EventBinningConfiguration
  let seconds: Double
  /// Decides the scenes on which thresholds are tried.
  let seed: UInt64
  /// Nothing is found out on the way.
  var findings = StreamFindings()

  var stepMicroseconds: Int64 { binning.binMicroseconds }

  /// Scenes that are learnt from in turn before others are made.
  private static let scenesAtATime = 256
  private let cache = SceneCache()

  init(scenes: SceneDescription, binning: EventBinningConfiguration, seconds: Double, seed: UInt64) {
    self.scenes = scenes
    self.binning = binning
    self.seconds = seconds
    self.seed = seed
  }

  func chunk(_ number: Int, seed: UInt64) throws -> StreamPiece {
    let atATime = Self.scenesAtATime
    let block = number / (atATime * scenes.views)
    // An odd stride goes through all scenes of a block, each time in another order.
    let turn = number / atATime % scenes.views
    let scene = block * atATime + (number % atATime * (2 * turn + 1) + 37 * turn) % atATime
    let piece = try cache.piece(scene, block: block) {
      var random = RandomStream(seed: seed, purpose: "scene of a chunk", index: scene)
      return try self.piece(scenes.options, seconds: seconds, &random)
    }
    var changes = RandomStream(seed: seed, purpose: "view of a chunk", index: number)
    return SceneView(labels: scenes.gestures, shape: binning.shape, &changes).apply(to: piece)
  }

  mutating func lookBack(_ listener: StreamListener) {}

  /// A scene, simulated and binned.
  private func piece(_ options: SceneOptions, seconds: Double, _ random: inout RandomStream) throws -> StreamPiece {
    let size = scenes.sensors[random.integer(below: scenes.sensors.count)]
    let seed = random.next()
    let scene = Scene(options, size: size, seconds: seconds, seed: seed)
    var recording = try SceneRecording(scene, framesPerSecond: scenes.framesPerSecond, seed: seed)
    var counts = SceneCounts(size, binning)
    var batch = EventBatch()
    while try recording.advance(into: &batch) {
      counts.add(batch)
      batch.removeAll()
    }
    let step = Double(stepMicroseconds) / 1e6
    let steps = Int(seconds / step)
    let words = scene.gestures.compactMap { found -> ChunkWord? in
      guard let label = scenes.gestures.firstIndex(of: found.gesture) else { return nil }
      return ChunkWord(
        label: label, start: Int((found.start / step).rounded()), end: Int((min(found.end, seconds) / step).rounded()))
    }
    return StreamPiece(frames: counts.sequence(steps: steps), words: words)
  }

  func makeFeed(_ kind: TrialKind, restMicroseconds: Int64) -> any TrialFeed {
    Feed(chunks: self, kind: kind)
  }

  /// Minutes of three scenes each, none of which the network learns from.
  private struct Feed: TrialFeed {
    let chunks: SceneChunks
    let kind: TrialKind

    func minute(_ number: Int) throws -> StreamPiece {
      var options = chunks.scenes.options
      switch kind {
      case .words: break
      case .noisyWords: options.distraction = 0.4
      case .others:
        options.gestures = []
        options.distraction = 0.2
      }
      var random = RandomStream(seed: chunks.seed, purpose: "trial \(kind.rawValue)", index: number)
      var minute = StreamPiece(frames: SpikeSequence(shape: chunks.binning.shape), words: [])
      for _ in 0..<3 {
        let piece = try chunks.piece(options, seconds: 20, &random)
        let begin = minute.frames.steps
        minute.words += piece.words.map {
          ChunkWord(label: $0.label, start: $0.start + begin, end: $0.end + begin)
        }
        minute.frames.append(contentsOf: piece.frames)
      }
      return minute
    }
  }
}

/// Scenes that are needed again soon: it saves time and changes nothing.
private final class SceneCache: Sendable {
  private struct Content {
    var block = 0
    var pieces: [Int: StreamPiece] = [:]
  }
  private let content = Mutex(Content())

  func piece(_ number: Int, block: Int, _ make: () throws -> StreamPiece) rethrows -> StreamPiece {
    if let kept = content.withLock({ $0.pieces[number] }) { return kept }
    let made = try make()
    content.withLock { content in
      if content.block != block { content = Content(block: block) }
      content.pieces[number] = made
    }
    return made
  }
}

/// Events of a camera of any size as counts in the cells of a network's input: the whole picture, its aspect kept, and counted
/// as if the network's own sensor had seen it.
struct SceneCounts {
  private let binning: EventBinningConfiguration
  private let columns: [Int]
  private let rows: [Int]
  private let weight: Float
  private var cells: [Float] = []
  private let width: Int

  init(_ size: SensorGeometry, _ binning: EventBinningConfiguration) {
    self.binning = binning
    width = binning.shape.reduce(1, *)
    let scale = min(
      Double(binning.sensor.width) / Double(size.width), Double(binning.sensor.height) / Double(size.height))
    weight = Float(scale * scale)
    func cells(_ count: Int, _ target: Int) -> [Int] {
      let start = (Double(target) - scale * Double(count)) / 2
      return (0..<count).map {
        min(target - 1, max(0, Int(start + scale * (Double($0) + 0.5)))) / binning.downsampling
      }
    }
    columns = cells(size.width, binning.sensor.width)
    rows = cells(size.height, binning.sensor.height)
  }

  mutating func add(_ batch: EventBatch) {
    let plane = binning.width * binning.height
    for index in 0..<batch.count {
      let step = Int(batch.times[index] / binning.binMicroseconds)
      if cells.count < (step + 1) * width {
        cells.append(contentsOf: repeatElement(0, count: (step + 1) * width - cells.count))
      }
      let cell = rows[Int(batch.y[index])] * binning.width + columns[Int(batch.x[index])]
      cells[step * width + Int(batch.polarities[index]) * plane + cell] += weight
    }
  }

  func sequence(steps: Int) -> SpikeSequence {
    var sequence = SpikeSequence(shape: binning.shape)
    let limit = Float(binning.maximumCount ?? .max)
    for step in 0..<steps {
      var channels: [UInt32] = []
      var values: [Float] = []
      for cell in 0..<width where step * width + cell < cells.count && cells[step * width + cell] > 0 {
        channels.append(UInt32(cell))
        values.append(binning.mode == .binary ? 1 : min(limit, cells[step * width + cell]))
      }
      sequence.append(channels: channels, values: values)
    }
    return sequence
  }
}
