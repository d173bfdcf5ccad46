import Foundation

/// Bytes of containers of sound, made by hand: right, or wrong in the one place a test is about.
public enum SoundBytes {
  public static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] { WaveBytes.little(value) }
  public static func big<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] { little(value).reversed() }

  /// Samples of 16 bits.
  public static func samples(_ values: [Int16]) -> [UInt8] { values.flatMap(little) }

  /// A chunk of RIFF.
  public static func chunk(_ name: String, _ content: [UInt8], claiming size: UInt32? = nil) -> [UInt8] {
    Array(name.utf8) + little(size ?? UInt32(content.count)) + content
  }

  /// The chunk that says "16 bits, PCM".
  public static func format(sampleRate: UInt32 = 16_000, channels: UInt16 = 1) -> [UInt8] {
    chunk(
      "fmt ",
      little(UInt16(1)) + little(channels) + little(sampleRate) + little(sampleRate * 2 * UInt32(channels))
        + little(2 * channels) + little(UInt16(16)))
  }

  /// A RIFF file of such chunks.
  ///
  /// - Parameter size: what the file says of its own length; nil for the truth.
  public static func riff(_ chunks: [UInt8], name: String = "RIFF", claiming size: UInt32? = nil) -> [UInt8] {
    Array(name.utf8) + little(size ?? UInt32(chunks.count + 4)) + Array("WAVE".utf8) + chunks
  }

  /// A 64-bit kin of WAV, with the chunk that holds the long sizes.
  public static func long(
    _ values: [Int16], name: String, dataSize: UInt64?, field: UInt32 = .max, behind: [UInt8] = []
  ) -> [UInt8] {
    let data = samples(values)
    let size = dataSize ?? UInt64(data.count)
    let total = dataSize == nil ? UInt64(data.count + behind.count + 72) : 0
    let sizes = chunk("ds64", little(total) + little(size) + little(size / 2) + little(UInt32(0)))
    return riff(
      sizes + format() + chunk("data", data, claiming: field) + behind, name: name, claiming: .max)
  }

  /// AU with 16 bits; nil for an unknown length.
  public static func au(_ values: [Int16], sampleRate: UInt32 = 16_000, claiming size: UInt32?) -> [UInt8] {
    Array(".snd".utf8) + big(UInt32(24)) + big(size ?? .max) + big(UInt32(3)) + big(sampleRate) + big(UInt32(1))
      + values.flatMap(big)
  }

  /// AIFF with 16 bits at 16 kHz.
  ///
  /// - Parameter formatLast: whether the chunk that says what the samples are stands behind them.
  public static func aiff(_ values: [Int16], claiming size: UInt32? = nil, formatLast: Bool = false) -> [UInt8] {
    func chunk(_ name: String, _ content: [UInt8], _ size: UInt32? = nil) -> [UInt8] {
      Array(name.utf8) + big(size ?? UInt32(content.count)) + content
    }
    // 16000 as a float of 80 bits.
    let rate: [UInt8] = [0x40, 0x0C, 0xFA, 0, 0, 0, 0, 0, 0, 0]
    let format = chunk("COMM", big(UInt16(1)) + big(UInt32(values.count)) + big(UInt16(16)) + rate)
    let sound = chunk("SSND", [UInt8](repeating: 0, count: 8) + values.flatMap(big), size)
    let chunks = formatLast ? sound + format : format + sound
    return Array("FORM".utf8) + big(UInt32(chunks.count + 4)) + Array("AIFF".utf8) + chunks
  }
}
