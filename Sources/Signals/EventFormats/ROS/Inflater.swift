import CBzip2
import CLZ4
import CZlib
import CZstd
import Synchronization

/// How chunks and messages of bags are compressed.
enum BagCompression: String, Sendable {
  case none
  case bzip2 = "bz2"
  case lz4
  case zstd

  var title: String {
    switch self {
    case .none: "plain"
    case .bzip2: "bzip2"
    case .lz4: "LZ4"
    case .zstd: "Zstd"
    }
  }

  var stream: StreamCompression {
    switch self {
    case .none: .none
    case .bzip2: .bzip2
    case .lz4: .lz4
    case .zstd: .zstd
    }
  }
}

/// How a stream can be compressed: as chunks of bags are, or a whole file.
enum StreamCompression: Sendable {
  case none
  case bzip2
  case lz4
  case zstd
  case gzip
}

/// Unpacks a stream piece by piece, in memory that does not depend on its size.
final class Inflater: Sendable {
  /// How far one call came.
  struct Progress {
    var taken = 0
    var written = 0
    /// The stream is complete; what follows is another.
    var isComplete = false
    var isDamaged = false
  }

  /// Largest distance that Zstandard looks back, as a power of two: 64 MiB. Recorders stay below 8 MiB.
  private static let largestZstdWindow: Int32 = 26
  /// The largest window of deflate, and 16 for the header and sum of gzip around it.
  private static let gzipWindow: Int32 = 15 + 16

  // Unchecked: the pointers are owned by this value alone, which lives in the lock below.
  private struct Contexts: ~Copyable, @unchecked Sendable {
    var bzip2: UnsafeMutablePointer<bz_stream>?
    var lz4: OpaquePointer?
    var zstd: OpaquePointer?
    var gzip: UnsafeMutablePointer<z_stream>?

    mutating func endGzip() {
      guard let stream = gzip else { return }
      inflateEnd(stream)
      stream.deallocate()
      gzip = nil
    }

    mutating func endBzip2() {
      guard let stream = bzip2 else { return }
      BZ2_bzDecompressEnd(stream)
      stream.deallocate()
      bzip2 = nil
    }

    deinit {
      if let bzip2 {
        BZ2_bzDecompressEnd(bzip2)
        bzip2.deallocate()
      }
      if let lz4 { LZ4F_freeDecompressionContext(lz4) }
      if let zstd { ZSTD_freeDCtx(zstd) }
      if let gzip {
        inflateEnd(gzip)
        gzip.deallocate()
      }
    }
  }

  // Copies of a reader share this object: the lock keeps two of them from using one context at a time.
  private let contexts = Mutex(Contexts())

  /// Makes ready for the beginning of a stream.
  func begin(_ compression: StreamCompression) {
    contexts.withLock { contexts in
      switch compression {
      case .none: break
      case .bzip2:
        contexts.endBzip2()
        let stream = UnsafeMutablePointer<bz_stream>.allocate(capacity: 1)
        stream.initialize(to: bz_stream())
        if BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK { contexts.bzip2 = stream } else { stream.deallocate() }
      case .lz4:
        if contexts.lz4 == nil { LZ4F_createDecompressionContext(&contexts.lz4, UInt32(LZ4F_VERSION)) }
        if let context = contexts.lz4 { LZ4F_resetDecompressionContext(context) }
      case .zstd:
        if contexts.zstd == nil {
          contexts.zstd = ZSTD_createDCtx()
          if let context = contexts.zstd {
            ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.largestZstdWindow)
          }
        }
        if let context = contexts.zstd { ZSTD_DCtx_reset(context, ZSTD_reset_session_only) }
      case .gzip:
        contexts.endGzip()
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, Self.gzipWindow, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        if code == Z_OK { contexts.gzip = stream } else { stream.deallocate() }
      }
    }
  }

  /// Unpacks from the front of `source` to the front of `target`.
  func inflate(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, _ compression: StreamCompression
  ) -> Progress {
    contexts.withLock { contexts in
      switch compression {
      case .none:
        let count = min(source.count, target.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source.prefix(count)))
        return Progress(taken: count, written: count)
      case .bzip2:
        guard let stream = contexts.bzip2 else { return Progress(isDamaged: true) }
        return Self.inflateBzip2(source, into: target, stream)
      case .lz4:
        guard let context = contexts.lz4 else { return Progress(isDamaged: true) }
        var (taken, written) = (source.count, target.count)
        let hint = LZ4F_decompress(context, target.baseAddress, &written, source.baseAddress, &taken, nil)
        if LZ4F_isError(hint) != 0 { return Progress(isDamaged: true) }
        return Progress(taken: taken, written: written, isComplete: hint == 0)
      case .zstd:
        guard let context = contexts.zstd else { return Progress(isDamaged: true) }
        var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        let hint = ZSTD_decompressStream(context, &output, &input)
        if ZSTD_isError(hint) != 0 { return Progress(isDamaged: true) }
        return Progress(taken: input.pos, written: output.pos, isComplete: hint == 0)
      case .gzip:
        guard let stream = contexts.gzip else { return Progress(isDamaged: true) }
        return Self.inflateGzip(source, into: target, stream)
      }
    }
  }

  private static func inflateGzip(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    _ stream: UnsafeMutablePointer<z_stream>
  ) -> Progress {
    let (available, room) = (min(source.count, 1 << 30), min(target.count, 1 << 30))
    // The library reads through a pointer that it declares as one to write through.
    stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(available)
    stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(room)
    let code = CZlib.inflate(stream, Z_NO_FLUSH)
    // Without input or room there is no progress, which is no damage.
    guard code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR else { return Progress(isDamaged: true) }
    return Progress(
      taken: available - Int(stream.pointee.avail_in), written: room - Int(stream.pointee.avail_out),
      isComplete: code == Z_STREAM_END)
  }

  private static func inflateBzip2(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    _ stream: UnsafeMutablePointer<bz_stream>
  ) -> Progress {
    // Both are far below what 32 bits hold: windows of the reader.
    let (available, room) = (min(source.count, 1 << 30), min(target.count, 1 << 30))
    // The library reads through a pointer that it declares as one to write through.
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: source.baseAddress?.assumingMemoryBound(to: CChar.self))
    stream.pointee.avail_in = UInt32(available)
    stream.pointee.next_out = target.baseAddress?.assumingMemoryBound(to: CChar.self)
    stream.pointee.avail_out = UInt32(room)
    let code = BZ2_bzDecompress(stream)
    guard code == BZ_OK || code == BZ_STREAM_END else { return Progress(isDamaged: true) }
    return Progress(
      taken: available - Int(stream.pointee.avail_in), written: room - Int(stream.pointee.avail_out),
      isComplete: code == BZ_STREAM_END)
  }
}
