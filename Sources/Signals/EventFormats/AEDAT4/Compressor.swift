import CLZ4
import CZstd

/// Packs one packet of AEDAT 4; nil when the library fails, which only a lack of memory makes it do.
func compress(_ bytes: [UInt8], _ compression: AEDAT4Compression) -> [UInt8]? {
  switch compression {
  case .none: return bytes
  case .lz4, .lz4High:
    var preferences = LZ4F_preferences_t()
    preferences.compressionLevel = compression == .lz4 ? 0 : 9
    preferences.frameInfo.blockMode = LZ4F_blockIndependent
    preferences.frameInfo.blockSizeID = LZ4F_max256KB
    var packed = [UInt8](repeating: 0, count: LZ4F_compressFrameBound(bytes.count, &preferences))
    let size = packed.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        LZ4F_compressFrame(target.baseAddress, target.count, source.baseAddress, source.count, &preferences)
      }
    }
    guard LZ4F_isError(size) == 0 else { return nil }
    packed.removeLast(packed.count - size)
    return packed
  case .zstd, .zstdHigh:
    var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(bytes.count))
    let size = packed.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { source in
        ZSTD_compress(
          target.baseAddress, target.count, source.baseAddress, source.count, compression == .zstd ? 3 : 12)
      }
    }
    guard ZSTD_isError(size) == 0 else { return nil }
    packed.removeLast(packed.count - size)
    return packed
  }
}
