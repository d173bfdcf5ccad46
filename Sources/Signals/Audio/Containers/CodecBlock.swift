import CSndFile

/// How a codec that works in blocks lays out its samples: how many frames so many bytes hold.
///
/// The library is shown more bytes than there are, for nobody may know their number. What it makes of a block that it got
/// a part of, or nothing of, is made up: it counts for nothing.
struct CodecBlock {
  /// Of a whole block.
  let bytes: Int64
  let frames: Int64
  /// What a block begins with, and how it goes on: bytes, and the frames that are in them.
  private var head: (bytes: Int64, frames: Int64) = (0, 0)
  /// Nil where nothing can be heard of a part of a block.
  private var group: (bytes: Int64, frames: Int64)?

  /// - Parameters:
  ///   - info: what the library found the samples to be.
  ///   - told: bytes and frames of a block by the header, where it says so.
  /// - Returns: nil for what does not come in blocks.
  init?(_ info: SF_INFO, told: (bytes: Int64, frames: Int64)?) {
    let channels = Int64(info.channels)
    let isAIFF = Int(info.format) & SF_FORMAT_TYPEMASK == SF_FORMAT_AIFF
    let size: (Int64, Int64)?
    switch Int(info.format) & SF_FORMAT_SUBMASK {
    case SF_FORMAT_IMA_ADPCM where isAIFF:
      // One packet of each channel after another.
      size = (34 * channels, 64)
      if channels == 1 { (head, group) = ((2, 0), (1, 2)) }
    case SF_FORMAT_IMA_ADPCM:
      size = told
      (head, group) = ((4 * channels, 1), (4 * channels, 8))
    case SF_FORMAT_MS_ADPCM:
      size = told
      (head, group) = ((7 * channels, 2), (channels, 2))
    case SF_FORMAT_G721_32: (size, group) = ((60, 120), (1, 2))
    case SF_FORMAT_G723_24: (size, group) = ((45, 120), (3, 8))
    case SF_FORMAT_G723_40: (size, group) = ((75, 120), (5, 8))
    // The NMS kinds of 16, 24 and 32 kbit/s, which the headers of older libraries do not name.
    case 0x22: size = (42, 160)
    case 0x23: size = (62, 160)
    case 0x24: size = (82, 160)
    case SF_FORMAT_GSM610: size = isAIFF ? (33, 160) : (65, 320)
    default: size = nil
    }
    guard let size, size.0 > 0, size.1 > 0 else { return nil }
    (bytes, frames) = size
  }

  /// How many frames are in the first bytes of a recording.
  func frames(in count: Int64) -> Int64 {
    let rest = count % bytes
    let whole = count / bytes * frames
    guard let group, rest >= head.bytes else { return whole }
    return whole + min(frames, head.frames + (rest - head.bytes) / group.bytes * group.frames)
  }

  /// The length to give to the library for samples of so many bytes; nil for a number that nobody knows.
  ///
  /// It leaves a part of a block at the end out, and counts frames in 32 bits.
  func length(showing count: Int64?) -> Int64 {
    let longest = Int64(Int32.max) / frames
    return min(count.map { ($0 + bytes - 1) / bytes } ?? longest, longest) * bytes
  }
}
