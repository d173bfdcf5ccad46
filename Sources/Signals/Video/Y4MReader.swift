import Events

/// YUV4MPEG2: a line of text, then frames of raw planes, of which the luma is read.
///
/// Source: the format as mjpegtools define it (`yuv4mpeg(5)`), with ffmpeg's names for more bits (`420p10`, `mono16`).
package struct Y4MReader: FrameSource {
  package let geometry: SensorGeometry
  private let rate: FrameRate
  private var bytes: ByteReader
  private let table: [Float]
  private let sampleBytes: Int
  private var luma: [UInt8]
  private var chroma: [UInt8]

  /// - Parameter path: `-` is standard input.
  package init(path: String, gamma: Double) throws(VideoError) {
    bytes = try ByteReader(path: path)
    let name = bytes.name
    guard let line = try bytes.line(), line.starts(with: "YUV4MPEG2".utf8) else {
      throw VideoError(name, at: 0, "is no Y4M video; make one with ffmpeg -i VIDEO -f yuv4mpegpipe -")
    }
    var width: Int?
    var height: Int?
    var rate: FrameRate?
    var colour = "420"
    for field in String(decoding: line, as: UTF8.self).split(separator: " ").dropFirst() {
      let value = field.dropFirst()
      switch field.first {
      case "W": width = Int(value)
      case "H": height = Int(value)
      case "F":
        let parts = value.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        rate = parts.count == 2 ? FrameRate(frames: parts[0], seconds: parts[1]) : nil
      case "C": colour = String(value)
      default: break
      }
    }
    guard let width, let height, case let size = SensorGeometry(width: width, height: height), size.isValid,
      size.pixelCount <= 1 << 26
    else { throw VideoError(name, at: 0, "names no size between 1x1 and 2^26 pixels in its header") }
    guard let rate else {
      throw VideoError(name, at: 0, "names no rate of frames in its header; set one with ffmpeg -r")
    }
    guard let layout = Layout(colour, width: width, height: height) else {
      throw VideoError(
        name, at: 0, "has samples of kind \(colour), which is not known; convert it with ffmpeg -pix_fmt gray")
    }
    geometry = size
    self.rate = rate
    sampleBytes = layout.bits > 8 ? 2 : 1
    table = Gamma.table(bits: layout.bits, gamma: gamma)
    luma = [UInt8](repeating: 0, count: size.pixelCount * sampleBytes)
    chroma = [UInt8](repeating: 0, count: layout.chroma * sampleBytes)
  }

  /// What a frame holds beside its luma.
  private struct Layout {
    let bits: Int
    /// Samples of the other planes.
    let chroma: Int

    init?(_ name: String, width: Int, height: Int) {
      let half = (width: (width + 1) / 2, height: (height + 1) / 2)
      let kinds: [(name: String, samples: Int)] = [
        ("mono", 0), ("420", 2 * half.width * half.height), ("422", 2 * half.width * height),
        ("411", 2 * ((width + 3) / 4) * height), ("444alpha", 3 * width * height), ("444", 2 * width * height),
      ]
      guard let kind = kinds.first(where: { name.hasPrefix($0.name) }) else { return nil }
      chroma = kind.samples
      // What follows names the bits, or where the colours lie, which does not matter here.
      let rest = name.dropFirst(kind.name.count)
      let digits = kind.name == "mono" ? rest : rest.hasPrefix("p") ? rest.dropFirst() : ""
      if digits.isEmpty || Int(digits) == nil {
        bits = 8
      } else if let number = Int(digits), (9...16).contains(number) {
        bits = number
      } else {
        return nil
      }
    }
  }

  package func timeMicroseconds(ofFrame number: Int) -> Int64 { rate.timeMicroseconds(ofFrame: number) }

  package mutating func next(into image: inout [Float]) throws(VideoError) -> Bool {
    let start = bytes.offset
    guard let line = try bytes.line() else { return false }
    guard line.starts(with: "FRAME".utf8) else {
      throw VideoError(bytes.name, at: start, "a frame begins with FRAME; the video is damaged")
    }
    let read = try bytes.read(into: &luma) + bytes.read(into: &chroma)
    guard read == luma.count + chroma.count else {
      throw VideoError(
        bytes.name, at: bytes.offset,
        "ends within a frame, after \(read) of \(luma.count + chroma.count) bytes; it was cut off")
    }
    if image.count != geometry.pixelCount { image = [Float](repeating: 0, count: geometry.pixelCount) }
    if sampleBytes == 1 {
      for index in image.indices { image[index] = table[Int(luma[index])] }
    } else {
      for index in image.indices {
        let sample = Int(luma[2 * index]) | Int(luma[2 * index + 1]) << 8
        image[index] = table[min(table.count - 1, sample)]
      }
    }
    return true
  }
}
