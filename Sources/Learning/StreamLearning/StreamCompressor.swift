import BandEncoders
import Numerics

/// Energies of a composed stream as frames, with what the compression remembers of it.
struct StreamCompressor {
  private var compressor: BandCompressor
  private var row: [Float]

  init(_ compressor: BandCompressor, bands: Int) {
    self.compressor = compressor
    row = [Float](repeating: 0, count: bands)
  }

  /// Compresses a step of energies into `row`.
  private mutating func compress(_ energies: [Float], _ frame: Int) {
    let bands = row.count
    for band in 0..<bands { row[band] = energies[frame * bands + band] }
    compressor.compress(&row)
  }

  /// All steps as a sequence. The compression is run over the first half second before, as if the stream had gone on for long.
  mutating func sequence(_ energies: [Float]) -> SpikeSequence {
    for frame in 0..<min(50, energies.count / row.count) { compress(energies, frame) }
    return following(energies)
  }

  /// All steps as a sequence that follows what was compressed before.
  mutating func following(_ energies: [Float]) -> SpikeSequence {
    let bands = row.count
    let steps = energies.count / bands
    var sequence = SpikeSequence(shape: [bands])
    let all = (0..<UInt32(bands)).map { $0 }
    for frame in 0..<steps {
      compress(energies, frame)
      if row.contains(0) {
        let active = row.indices.filter { row[$0] != 0 }
        sequence.append(channels: active.map { UInt32($0) }, values: active.map { row[$0] })
      } else {
        sequence.append(channels: all, values: row)
      }
    }
    return sequence
  }
}

extension StreamMaterial {
  /// Energies as what the encoder would make of them.
  func frames(of energies: [Float]) -> SpikeSequence {
    var compressor = StreamCompressor(bands.makeCompressor(), bands: bands.bands)
    return compressor.sequence(energies)
  }
}
