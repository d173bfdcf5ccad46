import Audio
import ModelFiles
import Numerics
import SoundEncoders
import Spiketrum
import StreamSources

/// Sound, resampled to the model's rate and encoded.
public struct SoundSegments: SegmentEncoder {
  private let fresh: any SoundEncoder
  private let sampleRate: Int
  private let source: String
  private var encoder: any SoundEncoder
  private var resampler: Resampler?
  public private(set) var originMicroseconds: Int64 = 0
  private var last: SoundBlock?

  /// - Throws: for a model that watches.
  public init(_ model: PreparedModel, source: String) throws {
    guard case .sound(let encoder, let sampleRate) = model.encoder else {
      throw InputError(
        source: source, problem: "carries sound, and \(model.model.manifest.name) watches events",
        remedy: "give a model that listens")
    }
    fresh = encoder
    self.sampleRate = sampleRate
    self.encoder = encoder
    self.source = source
  }

  public func missing(before block: SoundBlock, droppedBefore: Int) -> Int64 {
    guard let last else { return 0 }
    if last.sampleRate == block.sampleRate && last.originMicroseconds == block.originMicroseconds {
      return (block.startSample - last.endSample) * 1_000_000 / Int64(block.sampleRate)
    }
    return max(0, block.startMicroseconds - last.endMicroseconds)
  }

  public mutating func begin(_ block: SoundBlock) throws {
    encoder = fresh
    resampler = try Resampler(
      inputRate: block.sampleRate, outputRate: sampleRate, source: source)
    originMicroseconds = block.startMicroseconds
  }

  public mutating func push(_ block: SoundBlock, emit: (SpikeFrame) -> Void) throws {
    var place = block
    // Only its place is needed later.
    let count = block.samples.count
    place.samples = []
    place.startSample += Int64(count)
    last = place
    guard let resampler else { return }
    encoder.push(try resampler.push(block.samples), emit: emit)
  }

  public mutating func advance(toMicroseconds time: Int64, emit: (SpikeFrame) -> Void) {}

  public mutating func finish(emit: (SpikeFrame) -> Void) throws {
    if let resampler { encoder.push(try resampler.finish(), emit: emit) }
    resampler = nil
    encoder.finish(emit: emit)
  }
}
