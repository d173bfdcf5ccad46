import CSndFile
import Glibc

/// A pipe that can go back over its first bytes: libsndfile returns to the start once before it decodes FLAC.
final class RewindableBytes {
  /// Bytes from the start that are kept; a header with a picture in it may be large.
  private static let limit = 1 << 20

  private let descriptor: Int32
  private var head: [UInt8]
  /// Bytes taken from the pipe so far.
  private var received: Int
  private var position = 0

  /// Takes over `descriptor`, from which `head` has been read already.
  init(descriptor: Int32, head: [UInt8]) {
    self.descriptor = descriptor
    self.head = head
    received = head.count
  }

  deinit { close(descriptor) }

  /// Lets the library read through this object, which must outlive the handle.
  func open(_ info: inout SF_INFO) -> OpaquePointer? {
    var operations = SF_VIRTUAL_IO(
      get_filelen: { _ in sf_count_t(Int64.max >> 1) },
      seek: { offset, origin, context in
        RewindableBytes.from(context)?.seek(offset, origin: origin) ?? -1
      },
      read: { buffer, count, context in
        guard let buffer else { return 0 }
        return RewindableBytes.from(context)?.read(into: buffer, count: Int(count)) ?? 0
      },
      write: { _, _, _ in 0 },
      tell: { context in RewindableBytes.from(context).map { sf_count_t($0.position) } ?? -1 })
    // Unretained is enough: the reader that owns the handle owns this object too and closes the handle first.
    return sf_open_virtual(&operations, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> RewindableBytes? {
    context.map { Unmanaged<RewindableBytes>.fromOpaque($0).takeUnretainedValue() }
  }

  private func seek(_ offset: sf_count_t, origin: Int32) -> sf_count_t {
    let target: Int
    switch origin {
    case SEEK_SET: target = Int(offset)
    case SEEK_CUR: target = position + Int(offset)
    default: return -1
    }
    let isKept = target >= 0 && target <= head.count && received == head.count
    guard isKept || target == position else { return -1 }
    position = target
    return sf_count_t(target)
  }

  private func read(into buffer: UnsafeMutableRawPointer, count: Int) -> sf_count_t {
    var done = 0
    while done < count {
      let kept = min(count - done, head.count - position)
      if kept > 0 && received == head.count {
        head.withUnsafeBytes { bytes in
          // Both ranges lie inside their buffers: `kept` is bounded by what is left of either.
          UnsafeMutableRawBufferPointer(start: buffer + done, count: kept).copyBytes(
            from: bytes[position..<position + kept])
        }
        done += kept
        position += kept
        continue
      }
      let got = Glibc.read(descriptor, buffer + done, count - done)
      if got < 0 && errno == EINTR { continue }
      if got <= 0 { break }
      if received == head.count && received + got <= Self.limit {
        head.append(contentsOf: UnsafeRawBufferPointer(start: buffer + done, count: got))
      }
      received += got
      position += got
      done += got
    }
    return sf_count_t(done)
  }
}
