import EventSimulation
import Events
import Learning
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
  let threads: Int
  /// Nothing is found out on the way.
  var findings = StreamFindings()

  var stepMicroseconds: Int64 { binning.binMicroseconds }

  /// Scenes that are learnt from in turn before others are made.
  private static let scenesAtATime = 256
  private let cache = SceneCache()

  init(scenes: SceneDescription, binning: EventBinningConfiguration, seconds: Double, seed: UInt64, threads: Int) {
    self.scenes = scenes
    self.binning = binning
    self.seconds = seconds
    self.seed = seed
    self.threads = threads
  }

  func chunk(_ number: Int, seed: UInt64) throws -> StreamPiece {
    let atATime = Self.scenesAtATime
    let block = number / (atATime * scenes.views)
    // An odd stride goes through all scenes of a block, each time in another order.
    let turn = number / atATime % scenes.views
    let scene = block * atATime + (number % atATime * (2 * turn + 1) + 37 * turn) % atATime
    let piece = try cache.piece(scene, block: block) {
      var random = RandomStream(seed: seed, purpose: "scene of a chunk", index: scene)
      return try self.piece(scenes.lessons, seconds: seconds, &random)
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
    var binner = try EventBinner(binning, camera: size)
    var frames = SpikeSequence(shape: binning.shape)
    // Every scene begins with its first frame, whatever is seen first.
    binner.begin(atMicroseconds: 0)
    var batch = EventBatch()
    while try recording.advance(into: &batch) {
      try binner.push(batch) { frames.append($0) }
      batch.removeAll()
    }
    let step = Double(stepMicroseconds) / 1e6
    let steps = Int(seconds / step)
    binner.advance(toMicroseconds: Int64(steps) * stepMicroseconds) { frames.append($0) }
    let words = scene.gestures.compactMap { found -> ChunkWord? in
      guard let label = scenes.gestures.firstIndex(of: found.gesture) else { return nil }
      return ChunkWord(
        label: label, start: Int((found.start / step).rounded()), end: Int((min(found.end, seconds) / step).rounded()))
    }
    return StreamPiece(frames: frames.extended(to: steps).part(0..<steps), words: words)
  }

  func makeFeed(_ kind: TrialKind, restMicroseconds: Int64) -> any TrialFeed {
    Feed(chunks: self, kind: kind)
  }

  /// Minutes of three scenes each, none of which the network learns from. Several are made beside each other.
  private struct Feed: TrialFeed {
    let chunks: SceneChunks
    let kind: TrialKind
    private var ready: [Int: StreamPiece] = [:]

    init(chunks: SceneChunks, kind: TrialKind) {
      self.chunks = chunks
      self.kind = kind
    }

    mutating func minute(_ number: Int) throws -> StreamPiece {
      if let piece = ready.removeValue(forKey: number) { return piece }
      let numbers = Array(number..<number + 2 * chunks.threads)
      let (chunks, kind) = (chunks, kind)
      let made = try encodeAll(numbers, threads: chunks.threads) { _, number in try chunks.minute(number, of: kind) }
      ready = Dictionary(uniqueKeysWithValues: zip(numbers, made))
      return made[0]
    }
  }

  private func minute(_ number: Int, of kind: TrialKind) throws -> StreamPiece {
    var options = scenes.options
    switch kind {
    case .words: break
    case .noisyWords: options.distraction = 0.4
    case .others:
      options.gestures = []
      options.distraction = 0.2
    }
    var random = RandomStream(seed: seed, purpose: "trial \(kind.rawValue)", index: number)
    var minute = StreamPiece(frames: SpikeSequence(shape: binning.shape), words: [])
    for _ in 0..<3 {
      let piece = try piece(options, seconds: 20, &random)
      let begin = minute.frames.steps
      minute.words += piece.words.map { ChunkWord(label: $0.label, start: $0.start + begin, end: $0.end + begin) }
      minute.frames.append(contentsOf: piece.frames)
    }
    return minute
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
