import Audio
import Events
import SocketProtocol
import StreamSources
import Synchronization

/// The last seconds of a source, as they came, for whoever wants to hear or see a detection again. It is kept in memory only,
/// and only where the configuration asks for it.
package final class ReplayMemory: Sendable {
  private struct State: Sendable {
    var sound = KeptSound()
    var events = KeptEvents()
  }

  private let state = Mutex(State())
  private let microseconds: Int64

  package init(seconds: Int) { microseconds = Int64(seconds) * 1_000_000 }

  package func keep(_ block: SoundBlock) { state.withLock { $0.sound.append(block, microseconds: microseconds) } }

  package func keep(_ block: EventBlock) { state.withLock { $0.events.append(block, microseconds: microseconds) } }

  /// What there is of a stretch of stream time; nil where there is nothing of it.
  func response(_ range: Range<Int64>) -> HTTPResponse? {
    let (sound, events) = state.withLock { ($0.sound.clip(range), $0.events.clip(range)) }
    if let sound { return HTTPResponse(.ok, "audio/wav", body: sound.bytes) }
    return events.map { HTTPResponse(.ok, "application/json", body: $0) }
  }
}

/// The last seconds of sound, in 16 bits. A value.
struct KeptSound: Sendable {
  private struct Piece: Sendable {
    var start: Int64
    var end: Int64
    var rate: Int
    var samples: [Int16]
  }

  /// At 48 kHz almost six minutes.
  private static let mostSamples = 1 << 24
  private var pieces: [Piece] = []
  private var head = 0
  private var count = 0

  mutating func append(_ block: SoundBlock, microseconds: Int64) {
    // A stream that begins anew in an earlier time, or goes on at another rate, is another.
    if let last = pieces.last, last.rate != block.sampleRate || block.startMicroseconds < last.start {
      (pieces, head, count) = ([], 0, 0)
    }
    let samples = block.samples.map(WaveFile.sample)
    pieces.append(
      Piece(start: block.startMicroseconds, end: block.endMicroseconds, rate: block.sampleRate, samples: samples))
    count += samples.count
    while head < pieces.count - 1,
      block.endMicroseconds - pieces[head].start > microseconds || count > Self.mostSamples
    {
      count -= pieces[head].samples.count
      pieces[head].samples = []
      head += 1
    }
    if head >= 256 && head * 2 >= pieces.count {
      pieces.removeFirst(head)
      head = 0
    }
  }

  /// The sound of a stretch of stream time, as far as it is there; what is missing within is silent.
  func clip(_ range: Range<Int64>) -> WaveFile? {
    let found = pieces[head...].filter { $0.end > range.lowerBound && $0.start < range.upperBound }
    guard let first = found.first, let last = found.last else { return nil }
    let (from, to) = (max(range.lowerBound, first.start), min(range.upperBound, last.end))
    let length = Int((to - from) * Int64(first.rate) / 1_000_000)
    guard length > 0 else { return nil }
    var samples = [Int16](repeating: 0, count: length)
    for piece in found {
      let place = Int((piece.start - from) * Int64(piece.rate) / 1_000_000)
      let begin = max(0, -place)
      let end = min(piece.samples.count, length - place)
      guard begin < end else { continue }
      samples.replaceSubrange(place + begin..<place + end, with: piece.samples[begin..<end])
    }
    return WaveFile(samples: samples, sampleRate: first.rate)
  }
}

/// The last seconds of events. A value.
struct KeptEvents: Sendable {
  /// 16 bytes each.
  private static let most = 2_000_000
  /// Of a clip; a browser draws no more.
  private static let mostOfClip = 100_000
  private var blocks: [EventBlock] = []
  private var head = 0
  private var count = 0

  mutating func append(_ block: EventBlock, microseconds: Int64) {
    if let last = blocks.last, block.startMicroseconds < last.startMicroseconds || block.camera != last.camera {
      (blocks, head, count) = ([], 0, 0)
    }
    blocks.append(block)
    count += block.count
    while head < blocks.count - 1,
      block.endMicroseconds - blocks[head].startMicroseconds > microseconds || count > Self.most
    {
      count -= blocks[head].count
      head += 1
    }
    if head >= 64 && head * 2 >= blocks.count {
      blocks.removeFirst(head)
      head = 0
    }
  }

  /// The events of a stretch of stream time as JSON: the size of the picture and columns of times, places and polarities.
  /// Where there are too many every second, third … is given, and `every` says so.
  func clip(_ range: Range<Int64>) -> [UInt8]? {
    let found = blocks[head...].filter {
      $0.endMicroseconds >= range.lowerBound && $0.startMicroseconds < range.upperBound
    }
    let total = found.reduce(0) { $0 + $1.count }
    guard total > 0 else { return nil }
    let every = (total + Self.mostOfClip - 1) / Self.mostOfClip
    var (times, x, y, polarities): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    var (width, height, number) = (found.first?.camera?.width ?? 1, found.first?.camera?.height ?? 1, 0)
    for block in found {
      for index in 0..<block.count where range.contains(block.events.times[index]) {
        width = max(width, Int(block.events.x[index]) + 1)
        height = max(height, Int(block.events.y[index]) + 1)
        number += 1
        guard number.isMultiple(of: every) else { continue }
        times.append(Int(block.events.times[index]))
        x.append(Int(block.events.x[index]))
        y.append(Int(block.events.y[index]))
        polarities.append(Int(block.events.polarities[index]))
      }
    }
    if times.isEmpty { return nil }
    var line = JSONLine(type: "events")
    line.add("width", Int64(width))
    line.add("height", Int64(height))
    line.add("every", Int64(every))
    line.add("t_us", times)
    line.add("x", x)
    line.add("y", y)
    line.add("p", polarities)
    return line.closed
  }
}
