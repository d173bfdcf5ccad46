import CLZ4
import CZstd
import Synchronization

/// Unpacks the packets of AEDAT 4; its working memory is kept from packet to packet.
final class Decompressor: Sendable {
  /// Largest packet in memory; recorders write well under one megabyte.
  static let maximumSize = 24 << 20

  // Unchecked: the two pointers are owned by this value alone, which lives in the lock below.
  private struct Contexts: ~Copyable, @unchecked Sendable {
    var lz4: OpaquePointer?
    var zstd: OpaquePointer?

    deinit {
      if let lz4 { LZ4F_freeDecompressionContext(lz4) }
      if let zstd { ZSTD_freeDCtx(zstd) }
    }
  }

  // Copies of a reader share this object: the lock keeps two of them from using one context at a time.
  private let contexts = Mutex(Contexts())

  /// Unpacks one frame into `output`, whose first bytes it replaces; returns how many it wrote, nil when the frame is
  /// damaged or larger than `maximumSize`.
  func unpack(
    _ frame: UnsafeRawBufferPointer, _ compression: AEDAT4Compression, into output: inout [UInt8]
  ) -> Int? {
    contexts.withLock { contexts in
      switch compression {
      case .none:
        return nil
      case .lz4, .lz4High:
        if contexts.lz4 == nil { LZ4F_createDecompressionContext(&contexts.lz4, UInt32(LZ4F_VERSION)) }
        guard let context = contexts.lz4 else { return nil }
        return Self.unpackLZ4(frame, context, into: &output)
      case .zstd, .zstdHigh:
        if contexts.zstd == nil { contexts.zstd = ZSTD_createDCtx() }
        guard let context = contexts.zstd else { return nil }
        return Self.unpackZstd(frame, context, into: &output)
      }
    }
  }

  /// Makes room for `size` bytes; false when that is more than allowed.
  private static func reserve(_ size: Int, in output: inout [UInt8]) -> Bool {
    guard size <= maximumSize else { return false }
    if output.count < size { output.append(contentsOf: repeatElement(0, count: size - output.count)) }
    return true
  }

  private static func unpackLZ4(
    _ frame: UnsafeRawBufferPointer, _ context: OpaquePointer, into output: inout [UInt8]
  ) -> Int? {
    // Room for one more block than is expected: blocks are unpacked in place, and copied only where room is short.
    var room = max(output.count, 4 * frame.count + largestUsualBlock)
    while true {
      guard reserve(min(room, maximumSize), in: &output) else { return nil }
      switch unpackLZ4Whole(frame, context, into: &output) {
      case .written(let count): return count
      case .damaged: return nil
      case .larger:
        guard output.count < maximumSize else { return nil }
        // What is unpacked must not move while it is looked back to: from the beginning.
        room = 2 * output.count
      }
    }
  }

  private enum Outcome {
    case written(Int)
    case larger
    case damaged
  }

  /// Size of the blocks that recorders write, 64 KiB.
  private static let largestUsualBlock = 65536

  private static func unpackLZ4Whole(
    _ frame: UnsafeRawBufferPointer, _ context: OpaquePointer, into output: inout [UInt8]
  ) -> Outcome {
    LZ4F_resetDecompressionContext(context)
    return output.withUnsafeMutableBytes { output in
      var options = LZ4F_decompressOptions_t()
      // Later blocks look back into earlier ones where these lie, instead of into a copy.
      options.stableDst = 1
      var written = 0
      var taken = 0
      while taken < frame.count {
        var sourceSize = frame.count - taken
        var targetSize = output.count - written
        let hint = LZ4F_decompress(
          context, output.baseAddress.map { $0 + written }, &targetSize, frame.baseAddress.map { $0 + taken },
          &sourceSize, &options)
        guard LZ4F_isError(hint) == 0 else { return .damaged }
        written += targetSize
        taken += sourceSize
        if hint == 0 { return .written(written) }
        if written == output.count { return .larger }
        if sourceSize == 0, targetSize == 0 { return .damaged }
      }
      return .damaged
    }
  }

  private static func unpackZstd(
    _ frame: UnsafeRawBufferPointer, _ context: OpaquePointer, into output: inout [UInt8]
  ) -> Int? {
    let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
    // Two values at the top stand for an unknown size and for no frame at all.
    if size < UInt64.max - 1 {
      guard size <= UInt64(maximumSize), reserve(Int(size), in: &output) else { return nil }
      let written = output.withUnsafeMutableBytes { bytes in
        ZSTD_decompressDCtx(context, bytes.baseAddress, bytes.count, frame.baseAddress, frame.count)
      }
      return ZSTD_isError(written) == 0 ? written : nil
    }
    guard size == UInt64.max, reserve(min(max(output.count, 8 * frame.count, 65536), maximumSize), in: &output) else {
      return nil
    }
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    var source = ZSTD_inBuffer(src: frame.baseAddress, size: frame.count, pos: 0)
    var written = 0
    while true {
      let before = (source.pos, written)
      let hint = output.withUnsafeMutableBytes { bytes in
        var target = ZSTD_outBuffer(dst: bytes.baseAddress, size: bytes.count, pos: written)
        let hint = ZSTD_decompressStream(context, &target, &source)
        written = target.pos
        return hint
      }
      guard ZSTD_isError(hint) == 0 else { return nil }
      if hint == 0 { return written }
      if written == output.count {
        guard reserve(2 * output.count, in: &output) else { return nil }
      } else if before == (source.pos, written) {
        return nil
      }
    }
  }
}
