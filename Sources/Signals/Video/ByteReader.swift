import Foundation

/// Bytes of a file or of standard input, front to back.
struct ByteReader {
  let name: String
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var place = 0
  /// Bytes taken so far.
  private(set) var offset: Int64 = 0

  /// - Parameter path: `-` is standard input.
  init(path: String) throws(VideoError) {
    if path == "-" {
      name = "standard input"
      handle = .standardInput
      return
    }
    name = path
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw VideoError(path, "cannot be opened; check the path and that you may read it", kind: .missing)
    }
    self.handle = handle
  }

  private mutating func fill() throws(VideoError) -> Bool {
    do {
      guard let data = try handle.read(upToCount: 1 << 20), !data.isEmpty else { return false }
      buffer = [UInt8](data)
      place = 0
      return true
    } catch {
      throw VideoError(name, at: offset, "cannot be read: \(error.localizedDescription)", kind: .missing)
    }
  }

  /// Fills an array as far as there are bytes; returns how many there were.
  mutating func read(into bytes: inout [UInt8]) throws(VideoError) -> Int {
    var count = 0
    while count < bytes.count {
      if place == buffer.count, try !fill() { break }
      let size = min(bytes.count - count, buffer.count - place)
      bytes.replaceSubrange(count..<count + size, with: buffer[place..<place + size])
      place += size
      count += size
      offset += Int64(size)
    }
    return count
  }

  /// Bytes up to a line feed, without it; nil at the end.
  ///
  /// - Throws: where the line is longer than a kilobyte, or not ended.
  mutating func line() throws(VideoError) -> [UInt8]? {
    var line: [UInt8] = []
    while true {
      if place == buffer.count, try !fill() {
        if line.isEmpty { return nil }
        throw VideoError(name, at: offset, "ends within a line of its header; it was cut off")
      }
      let byte = buffer[place]
      place += 1
      offset += 1
      if byte == 0x0A { return line }
      guard line.count < 1_024 else {
        throw VideoError(
          name, at: offset, "is no Y4M video: its header has no end; make one with ffmpeg -f yuv4mpegpipe")
      }
      line.append(byte)
    }
  }
}
