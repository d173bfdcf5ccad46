import SoundEncoders

extension SpiketrumConfiguration: SoundEncoding {
  /// What a recipe says of it.
  public typealias Options = SpiketrumOptions

  public static var kind: String { "spiketrum" }
  public var stepMicroseconds: Int64 { binMicroseconds }
  public var axes: [Int] { [channelCount, levels] }
  public var largestInput: Float { countClip }
  public var givesCurrents: Bool { false }

  public var summary: String {
    let range = dynamicRangeDecibels.map { " within \(Int($0.rounded())) dB of the peak" } ?? ""
    return "spiketrum version \(version): \(sampleRate) Hz, \(channelCount) channels x \(levels) levels, "
      + "up to \(Int(spikesPerSecond.rounded())) spikes a second\(range), steps of \(binMicroseconds / 1000) ms"
  }

  public func check() throws(EncoderError) {
    guard version == Self.currentVersion else {
      throw .version(encoder: Self.kind, found: version, known: Self.currentVersion)
    }
  }

  public func makeEncoder() throws(EncoderError) -> any SoundEncoder { try SpiketrumEncoder(self) }
}

extension SpiketrumEncoder: SoundEncoder {
  public var work: EncoderWork? { EncoderWork(kind: .matchingPursuit, multiplications: Double(multiplications)) }
}
