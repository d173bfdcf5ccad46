import Audio
import EventFormats
import Events

extension RecordingEncoder {
  /// Tells a recording from others by its samples or events, whatever file holds them. What cannot be read is told apart by
  /// its bytes: its error comes when it is encoded.
  ///
  /// - Parameter limit: about how many numbers to look at, one a sample and two an event; all of them when nil.
  /// - Throws: `DataError` where there is no such file.
  func content(of path: String, limit: Int?) throws(DataError) -> ContentDigest {
    do {
      switch kind {
      case .sound(_, let encoding): return try sound(path, rate: encoding.sampleRate, limit: limit)
      case .events: return try events(path, limit: limit)
      }
    } catch {
      return try ContentDigest(ofFile: path)
    }
  }

  private func sound(_ path: String, rate: Int, limit: Int?) throws -> ContentDigest {
    var content = ContentHasher()
    // As it lies in the file: what is made of it does not matter here.
    let options = SoundReadingOptions(raw: reading.sound.raw)
    let reader = try SoundFileReader(.path(path), options: options, rate: rate)
    content.add(UInt64(reader.sampleRate))
    while limit.map({ content.words <= $0 }) ?? true {
      let samples = try reader.read(count: 4_096)
      if samples.isEmpty { break }
      for sample in samples { content.add(UInt64(sample.bitPattern)) }
    }
    return content.digest
  }

  private func events(_ path: String, limit: Int?) throws -> ContentDigest {
    var content = ContentHasher()
    guard var reader = try openEvents(path) else { return content.digest }
    var batch = EventBatch()
    var start: Int64?
    while limit.map({ content.words < $0 }) ?? true, try reader.read(into: &batch, maximum: 4_096) {
      for index in 0..<batch.count where limit.map({ content.words < $0 }) ?? true {
        let event = batch[index]
        // Where a clock begins is no content.
        let origin = start ?? event.timeMicroseconds
        start = origin
        content.add(UInt64(bitPattern: event.timeMicroseconds &- origin))
        content.add(UInt64(event.x) << 32 | UInt64(event.y) << 16 | UInt64(event.polarity))
      }
    }
    return content.digest
  }
}
