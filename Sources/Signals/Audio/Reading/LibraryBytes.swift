import CSndFile
import Glibc

/// The bytes of one recording as libsndfile wants them: a file that it may go back in over its first bytes.
///
/// The library returns to the start once or twice while it makes out what it has before it. What it has read by then is
/// kept; further on the stream goes one way.
final class LibraryBytes {
  /// Bytes from the start that are kept; a header with a picture in it may be large.
  private static let limit = 1 << 20

  private let stream: ByteStream
  private(set) var extent: any RecordingExtent
  /// Whether a request is met in full: samples are counted, frames of a codec may come as they are.
  private let readsInFull: Bool
  /// What the library is told of the length of it all, where it has to know.
  private let length: Int64
  private var head: [UInt8]
  /// Bytes so far, those in front of the stream's own with them.
  private var received: Int
  private var position = 0
  /// Bytes of the recording that have been read.
  private(set) var taken: Int64 = 0
  /// Why the stream broke off.
  private(set) var failure: AudioError?

  /// - Parameters:
  ///   - header: bytes in front of those of the stream.
  ///   - sampleBytes: how many follow them by that header; nil for what is read until it ends.
  init(
    header: [UInt8] = [], sampleBytes: Int64? = nil, stream: ByteStream, extent: any RecordingExtent, readsInFull: Bool
  ) {
    self.stream = stream
    length = sampleBytes.map { Int64(header.count) + $0 } ?? Int64.max >> 1
    self.extent = extent
    self.readsInFull = readsInFull
    head = header
    received = header.count
  }

  /// Lets the library read through this object, which must outlive the handle.
  func open(_ info: inout SF_INFO) -> OpaquePointer? {
    var operations = SF_VIRTUAL_IO(
      get_filelen: { context in LibraryBytes.from(context).map { sf_count_t($0.length) } ?? -1 },
      seek: { offset, origin, context in LibraryBytes.from(context)?.seek(offset, origin: origin) ?? -1 },
      read: { buffer, count, context in
        guard let buffer else { return 0 }
        return LibraryBytes.from(context)?.read(UnsafeMutableRawBufferPointer(start: buffer, count: Int(count))) ?? 0
      },
      write: { _, _, _ in 0 },
      tell: { context in LibraryBytes.from(context).map { sf_count_t($0.position) } ?? -1 })
    // Unretained is enough: the reader that owns the handle owns this object too and closes the handle first.
    return sf_open_virtual(&operations, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> LibraryBytes? {
    context.map { Unmanaged<LibraryBytes>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Goes anywhere but to the end, which nobody knows; where there is nothing to read, nothing is read.
  private func seek(_ offset: sf_count_t, origin: Int32) -> sf_count_t {
    switch origin {
    case SEEK_SET: position = Int(offset)
    case SEEK_CUR: position += Int(offset)
    default: return -1
    }
    return sf_count_t(position)
  }

  private func read(_ room: UnsafeMutableRawBufferPointer) -> sf_count_t {
    var done = 0
    while done < room.count {
      let left = UnsafeMutableRawBufferPointer(rebasing: room[done...])
      var now = 0
      if position < head.count {
        now = min(left.count, head.count - position)
        left.copyBytes(from: head[position..<position + now])
      } else if position == received {
        now = takeMore(left)
      }
      if now == 0 { break }
      position += now
      done += now
      if !readsInFull { break }
    }
    return sf_count_t(done)
  }

  private func takeMore(_ room: UnsafeMutableRawBufferPointer) -> Int {
    do throws(AudioError) {
      let count = try take(room)
      if received == head.count && received + count <= Self.limit { head.append(contentsOf: room[..<count]) }
      received += count
      taken += Int64(count)
      return count
    } catch {
      failure = failure ?? error
      return 0
    }
  }

  private func take(_ room: UnsafeMutableRawBufferPointer) throws(AudioError) -> Int {
    let count = min(room.count, try extent.belonging(stream))
    guard count > 0 else { return 0 }
    let taken = try stream.take(into: UnsafeMutableRawBufferPointer(rebasing: room[..<count]))
    extent.took(taken)
    return taken
  }

  /// Passes over what is left of the recording: the stream then stands at the next, or at its end.
  func finish() throws(AudioError) {
    while true {
      let count = try extent.belonging(stream)
      if count == 0 { return }
      extent.took(Int(try stream.skip(Int64(count))))
    }
  }
}
