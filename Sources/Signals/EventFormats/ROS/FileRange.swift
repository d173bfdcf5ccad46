/// Part of a file, for looking things up while it is read from the front.
struct FileRange: ByteSource {
  let name: String
  var path: String? { nil }
  private let file: SeekableFile
  private var position: Int64

  init(_ file: SeekableFile, from position: Int64) {
    name = file.name
    self.file = file
    self.position = position
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    let count = try file.read(into: buffer, at: position)
    position += Int64(count)
    return count
  }
}
