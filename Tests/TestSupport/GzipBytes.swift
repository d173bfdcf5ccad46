import CZlib

/// Bytes packed as one member of gzip.
func gzip(_ content: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  let size = Int32(MemoryLayout<z_stream>.size)
  // The largest window, and 16 for the header and sum of gzip.
  deflateInit2_(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, size)
  defer { deflateEnd(&stream) }
  var source = content
  var packed = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(content.count))) + 64)
  source.withUnsafeMutableBufferPointer { source in
    packed.withUnsafeMutableBufferPointer { packed in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      stream.next_out = packed.baseAddress
      stream.avail_out = UInt32(packed.count)
      _ = deflate(&stream, Z_FINISH)
    }
  }
  return Array(packed.prefix(Int(stream.total_out)))
}
