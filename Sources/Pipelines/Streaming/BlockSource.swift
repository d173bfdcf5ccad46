import Audio
import EventFormats
import Events

/// Where a stream's blocks come from. Reading may block its thread.
public protocol BlockSource: SendableMetatype {
  associatedtype Block: Sendable
  /// The next block and the stream time at which it ends; nil at the end.
  mutating func next() throws -> (block: Block, endMicroseconds: Int64)?
  /// What the user should know once the stream has ended.
  var notices: [InputNotice] { get }
}

/// A piece of a sound that may consist of several recordings, one after another.
public enum SoundPiece: Sendable, Equatable {
  /// Samples at the model's rate.
  case samples([Float])
  /// A recording has ended, and the next begins at this stream time.
  case cut(originMicroseconds: Int64)
}

/// Sound at the model's rate.
public struct SoundBlocks: BlockSource {
  private let stream: SoundStream
  /// Blocks of 10 ms that travel together: one where results are to come at once, more where throughput counts.
  private let gathering: Int
  /// Samples of the running recording.
  private var samples: Int64 = 0
  private var pending: (any Error)?
  /// Of what came; nil where the encoder does not mind an offset.
  private var level: SoundLevel?

  /// - Parameter hearsOffset: whether the encoder takes a constant for sound.
  public init(
    _ source: any SampleSource, sampleRate: Int, gathering: Int, hearsOffset: Bool = false
  ) throws(AudioError) {
    level = hearsOffset ? SoundLevel() : nil
    stream = try SoundStream(source, sampleRate: sampleRate)
    self.gathering = max(1, gathering)
  }

  public var notices: [InputNotice] {
    (stream.source.notices + [level?.offsetAdvice].compactMap { $0 }).map {
      InputNotice(source: stream.source.name, text: $0)
    }
  }

  public mutating func next() throws -> (block: SoundPiece, endMicroseconds: Int64)? {
    if let pending { throw pending }
    var block: [Float] = []
    do {
      for _ in 0..<gathering {
        guard let more = try stream.next() else { break }
        block += more
      }
      // A resampler may still be filling up.
      while block.isEmpty {
        guard let more = try stream.next() else {
          guard try stream.nextStretch() else { return nil }
          samples = 0
          return (.cut(originMicroseconds: stream.originMicroseconds), stream.originMicroseconds)
        }
        block += more
      }
    } catch {
      if block.isEmpty { throw error }
      pending = error
    }
    samples += Int64(block.count)
    level?.add(block)
    return (.samples(block), stream.originMicroseconds + samples * 1_000_000 / Int64(stream.sampleRate))
  }
}

/// Events of a recording, the first at stream time 0.
public struct EventBlocks: BlockSource {
  private var reader: any EventReader
  private let name: String
  private let maximumEvents: Int
  private var end: Int64 = 0
  private var isDrained = false

  public init(_ reader: any EventReader, name: String, maximumEvents: Int) {
    self.reader = reader
    self.name = name
    self.maximumEvents = maximumEvents
  }

  public mutating func next() throws -> (block: EventBatch, endMicroseconds: Int64)? {
    var batch = EventBatch()
    if try reader.read(into: &batch, maximum: maximumEvents) {
      end = max(end, batch.times.last ?? end)
      return (batch, end)
    }
    if !isDrained, let cut = reader.accounting.violations[.truncatedTail] {
      isDrained = true
      throw InputError(
        source: name, place: cut.place, problem: "is cut off within an event or packet",
        remedy: "results cover what is there; copy the file again for the rest")
    }
    if !isDrained, reader.accounting.events == 0 {
      isDrained = true
      throw InputError(
        source: name, place: "byte \(reader.accounting.bytesRead)",
        problem: "holds no events", remedy: "check that the recording was written")
    }
    return nil
  }

  public var notices: [InputNotice] {
    let broken = reader.accounting.violations.filter { $0.key != .truncatedTail }
    return reader.guesses.map { InputNotice(source: name, guess: $0) }
      + broken.sorted { $0.key.rawValue < $1.key.rawValue }.map { kind, violations in
        InputNotice(source: name, text: "\(violations.count) x \(kind.name), first at \(violations.place)")
      }
  }
}
