/// What begins so is told apart by sound and by events alike: what the one reads, the other refuses by name.
extension Signature {
  // MARK: Packing

  package static let zip = Signature([0x50, 0x4B, 3, 4])
  package static let gzip = Signature([0x1F, 0x8B, 0x08])
  package static let zstd = Signature([0x28, 0xB5, 0x2F, 0xFD])
  package static let xz = Signature([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00])
  /// Of the first block of bzip2, as three letters are too few. The end of an empty file has a number of its own.
  package static let bzip2 = Signature([0x31, 0x41, 0x59, 0x26, 0x53, 0x59], at: 4)
  package static let lz4 = Signature([0x04, 0x22, 0x4D, 0x18])
  /// As Linux kernels are packed, without frames.
  package static let lz4Legacy = Signature([0x02, 0x21, 0x4C, 0x18])
  /// `.Z` of 16 bits, which is what compress makes.
  package static let compress = Signature([0x1F, 0x9D, 0x90])
  package static let lzip = Signature("LZIP")
  package static let lzop = Signature([0x89, 0x4C, 0x5A, 0x4F, 0x00])
  package static let snappy = Signature([0xFF, 0x06, 0x00, 0x00] + Array("sNaPpY".utf8))
  package static let rar = Signature([0x52, 0x61, 0x72, 0x21, 0x1A, 0x07])
  package static let sevenZip = Signature([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C])
  package static let tar = Signature("ustar", at: 257)

  // MARK: Pictures and documents

  package static let png = Signature([0x89, 0x50, 0x4E, 0x47])
  package static let jpeg = Signature([0xFF, 0xD8, 0xFF])
  package static let gif = Signature("GIF8")
  package static let webp = Signature("WEBP", at: 8)
  package static let bitmap = Signature("BM")
  package static let pdf = Signature("%PDF")
  package static let program = Signature([0x7F, 0x45, 0x4C, 0x46])
  package static let midi = Signature("MThd")

  // MARK: Events, and what holds them among other things

  /// AEDAT of any version, the number of which follows.
  package static let aedat = Signature("#!AER-DAT")
  /// AEDAT 4 as it comes over a network: a FlatBuffer behind its length.
  package static let aedat4Network = Signature("IOHE", at: 8)
  package static let eventStream = Signature("Event Stream")
  package static let numPy = Signature([0x93] + Array("NUMPY".utf8))
  package static let hdf5 = Signature([0x89] + Array("HDF\r\n".utf8) + [0x1A, 0x0A])
  /// A ROS 1 bag of any version, the number of which follows.
  package static let rosBag = Signature("#ROSBAG V")
  /// MCAP of any version, the number of which follows.
  package static let mcap = Signature([0x89] + Array("MCAP".utf8))
  package static let sqlite = Signature("SQLite format 3\0")
}
