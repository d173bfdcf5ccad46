import Numerics

/// Streams of words and speech that the network does not learn from, a minute at a time.
struct WordTrial: TrialSubject {
  private let composer: ChunkComposer
  private let seed: UInt64
  private static let minuteSeconds = 60.0

  init(_ material: StreamMaterial, _ options: CompositionOptions, seed: UInt64) {
    let frames = Int(Self.minuteSeconds * 1e6 / Double(material.bands.stepMicroseconds))
    var composer = ChunkComposer(material, options, frames: frames, mining: .none)
    composer.isPlain = true
    self.composer = composer
    self.seed = seed
  }

  var stepMicroseconds: Int64 { composer.stepMicroseconds }

  func makeFeed(_ kind: TrialKind, restMicroseconds: Int64) -> any TrialFeed {
    var composer = composer
    // A word that comes while its label rests could not be heard.
    composer.pauseAfterWord = Int((restMicroseconds + 1_000_000) / stepMicroseconds)
    return Feed(
      composer: composer, kind: kind, seed: seed,
      compressor: StreamCompressor(composer.material.bands.makeCompressor(), bands: composer.material.bands.bands))
  }

  private struct Feed: TrialFeed {
    let composer: ChunkComposer
    let kind: TrialKind
    let seed: UInt64
    /// What the compression remembers goes on from minute to minute.
    var compressor: StreamCompressor

    private var purpose: String {
      switch kind {
      case .words: "trial of words"
      case .noisyWords: "trial of words in noise"
      case .others: "trial without words"
      }
    }

    mutating func minute(_ number: Int) -> StreamPiece {
      var composer = composer
      var random = RandomStream(seed: seed, purpose: purpose, index: number)
      if kind == .others {
        composer.material.words = []
        composer.pauseAfterWord = 0
      } else {
        composer.density = 2
        composer.options.partChance = 0
        composer.noise = .none
      }
      if kind == .noisyWords {
        let noises = composer.material.noise
        let noise = noises.isEmpty ? composer.material.white : noises[random.integer(below: noises.count)]
        composer.noise = .under(noise, decibels: 10)
      }
      let (energies, words) = composer.compose(&random)
      return StreamPiece(frames: compressor.following(energies), words: words)
    }
  }
}
