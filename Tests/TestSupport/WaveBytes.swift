import Foundation

/// Builds WAV and AU files byte by byte, right or wrong in one chosen place.
public struct WaveBytes {
  public var sampleRate: UInt32 = 16_000
  public var channels: UInt16 = 1
  /// 1 is PCM of 16 bits, 3 is float of 32 bits.
  public var isFloat = false
  /// Bytes the data chunk claims; nil says the truth.
  public var claimedBytes: UInt32?

  public init(sampleRate: UInt32 = 16_000, channels: UInt16 = 1, isFloat: Bool = false, claimedBytes: UInt32? = nil) {
    self.sampleRate = sampleRate
    self.channels = channels
    self.isFloat = isFloat
    self.claimedBytes = claimedBytes
  }

  public func file(_ samples: [Float]) -> [UInt8] {
    var data: [UInt8] = []
    for sample in samples {
      if isFloat {
        data += Self.little(sample.bitPattern)
      } else {
        data += Self.little(UInt16(bitPattern: Int16(sample * 32_767)))
      }
    }
    let width: UInt16 = isFloat ? 4 : 2
    let claimed = claimedBytes ?? UInt32(data.count)
    var file = Array("RIFF".utf8) + Self.little(claimed &+ 36) + Array("WAVEfmt ".utf8) + Self.little(UInt32(16))
    file += Self.little(UInt16(isFloat ? 3 : 1)) + Self.little(channels) + Self.little(sampleRate)
    file += Self.little(sampleRate &* UInt32(channels * width)) + Self.little(channels * width)
    file += Self.little(width * 8) + Array("data".utf8) + Self.little(claimed)
    return file + data
  }

  public static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
