import Foundation
import Learning
import Numerics

/// Words in speech and noise as what a network learns from: it finds where words really end, and what fools it.
extension ChunkComposer: StreamSubject {
  var stepMicroseconds: Int64 { material.bands.stepMicroseconds }

  var findings: StreamFindings {
    get { StreamFindings(mined: mined, spans: material.words.map(\.span)) }
    set {
      mined = newValue.mined
      for (index, span) in newValue.spans.enumerated() { material.words[index].span = span }
    }
  }

  func chunk(_ number: Int, seed: UInt64) -> StreamPiece {
    var random = RandomStream(seed: seed, purpose: "chunk", index: number)
    let chunk = compose(&random)
    return StreamPiece(frames: material.frames(of: chunk.energies), words: chunk.words)
  }

  mutating func lookBack(_ listener: StreamListener) throws {
    if mined.isEmpty { findWordEnds(listener) }
    try mine(listener)
  }

  /// Where a first network says that a word has been heard tells its end better than energy where more than the word is loud:
  /// the usual delay before the network's peak is the word's end. Spans that stay too long to be one are dropped.
  private mutating func findWordEnds(_ listener: StreamListener) {
    let material = material
    let labels = listener.labels
    let bands = material.bands
    let lead = listener.free
    let sequences = material.words.map { word in
      let silence = [Float](repeating: 0, count: lead * bands.bands)
      return material.frames(of: silence + word.variants[0].energies + [Float](repeating: 0, count: 40 * bands.bands))
    }
    let peaks: [Int] = zip(listener.hear(sequences), material.words).map { logits, word in
      let answers = logits.count / labels
      let best = (0..<answers).max { logits[$0 * labels + word.label] < logits[$1 * labels + word.label] } ?? 0
      return (best + 1) * listener.timeStride - lead
    }
    let second = Int(1e6 / Double(bands.stepMicroseconds))
    let delays = zip(peaks, material.words).filter { $1.span.count <= second }.map { $0 - $1.span.upperBound }.sorted()
    guard let delay = delays.isEmpty ? nil : delays[delays.count / 2] else { return }
    for (index, word) in material.words.enumerated() {
      var span = word.span
      if span.count > second {
        let end = min(word.variants[0].frames, max(1, peaks[index] - delay))
        span = max(0, end - 65 * second / 100)..<end
      }
      if span.count < 28 * second / 100 || span.count > 16 * second / 10 { span = 0..<0 }
      self.material.words[index].span = span
    }
    // A training in which nothing is left is one whose recordings are unlike words: they are taken as they were.
    if self.material.words.allSatisfy(\.span.isEmpty) { self.material.words = material.words }
  }

  /// Listens to a share of the speech and remembers the seconds that came closest to a word.
  private mutating func mine(_ listener: StreamListener) throws {
    let material = material
    let bands = material.bands
    let second = Int(1e6 / Double(bands.stepMicroseconds))
    var random = RandomStream(seed: listener.seed, purpose: "mining", index: listener.trained)
    var pieces: [SpeechPiece] = []
    for (set, clips) in material.speech.enumerated() {
      for (clip, sound) in clips.enumerated() where random.uniform() < mining.heard {
        for start in stride(from: 0, to: max(1, sound.frames - second / 2), by: 8 * second) {
          pieces.append(SpeechPiece(set: set, clip: clip, start: start, count: min(8 * second, sound.frames - start)))
        }
      }
    }
    guard !pieces.isEmpty else { return }
    var found: [(score: Float, piece: SpeechPiece)] = []
    let labels = listener.labels
    let (composer, free, seed, step) = (self, listener.free, listener.seed, listener.trained)
    for start in stride(from: 0, to: pieces.count, by: 256) {
      let batch = Array(pieces[start..<min(start + 256, pieces.count)])
      let sequences = try encodeAll(batch, threads: listener.threads) { index, piece in
        var random = RandomStream(seed: seed, purpose: "mining \(step)", index: start + index)
        return composer.disturbed(piece, lead: free, &random)
      }
      for (logits, piece) in zip(listener.hear(sequences), batch) {
        for begin in stride(from: 0, to: piece.count, by: second) {
          let end = min(begin + second, piece.count)
          let answers =
            (free + begin) / listener.timeStride..<min((free + end) / listener.timeStride, logits.count / labels)
          guard
            let highest = answers.lazy.flatMap({ answer in (0..<labels).map { logits[answer * labels + $0] } }).max()
          else { continue }
          // What was heard before is what made the network hear a word.
          let from = max(0, piece.start + begin - second)
          found.append(
            (highest, SpeechPiece(set: piece.set, clip: piece.clip, start: from, count: piece.start + end - from)))
        }
      }
    }
    found.sort { $0.score > $1.score }
    let kept = max(1, Int(Double(found.count) * mining.kept))
    mined = found.prefix(kept).map(\.piece)
  }
}

extension ChunkComposer {
  /// A piece of speech behind silence, in light noise, as the encoder would hear it.
  func disturbed(_ piece: SpeechPiece, lead: Int, _ random: inout RandomStream) -> SpikeSequence {
    let bands = material.bands.bands
    var clip = BandClip(bands: bands, energies: [Float](repeating: 0, count: (lead + piece.count) * bands))
    let sound = material.speech[piece.set][piece.clip]
    Placement(gain: 1).add(sound, piece.start..<piece.start + piece.count, to: &clip.energies, at: lead)
    let noise = material.noise.isEmpty ? material.white : material.noise[random.integer(below: material.noise.count)]
    let from = random.integer(below: noise.frames)
    let placement = Placement(gain: Float(pow(10, -random.uniform(in: 15...30) / 10)))
    var place = 0
    var at = from
    while place < clip.frames {
      let count = min(noise.frames - at, clip.frames - place)
      placement.add(noise, at..<at + count, to: &clip.energies, at: place)
      place += count
      at = 0
    }
    return material.frames(of: clip.energies)
  }
}
