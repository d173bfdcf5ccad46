import Events

/// How frames without a header lie in a stream: `gray8:640x480:30`.
package struct RawFrameFormat: Sendable, Equatable {
  package enum Samples: String, CaseIterable, Sendable {
    case gray8
    case gray16le
    case rgb24

    var bytes: Int {
      switch self {
      case .gray8: 1
      case .gray16le: 2
      case .rgb24: 3
      }
    }
  }
  package var samples: Samples
  package var geometry: SensorGeometry
  package var rate: FrameRate

  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let samples = Samples(rawValue: String(parts[0])), let geometry = SensorGeometry(parts[1]),
      geometry.pixelCount <= 1 << 26, let rate = FrameRate(parts[2])
    else { return nil }
    self.samples = samples
    self.geometry = geometry
    self.rate = rate
  }
}

/// Frames without a header.
package struct RawFrameReader: FrameSource {
  private let format: RawFrameFormat
  private var bytes: ByteReader
  private let table: [Float]
  private var frame: [UInt8]

  /// - Parameter path: `-` is standard input.
  package init(path: String, format: RawFrameFormat, gamma: Double) throws(VideoError) {
    bytes = try ByteReader(path: path)
    self.format = format
    table = Gamma.table(bits: format.samples == .gray16le ? 16 : 8, gamma: gamma)
    frame = [UInt8](repeating: 0, count: format.geometry.pixelCount * format.samples.bytes)
  }

  package var geometry: SensorGeometry { format.geometry }
  package func timeMicroseconds(ofFrame number: Int) -> Int64 { format.rate.timeMicroseconds(ofFrame: number) }

  package mutating func next(into image: inout [Float]) throws(VideoError) -> Bool {
    let read = try bytes.read(into: &frame)
    guard read > 0 else { return false }
    guard read == frame.count else {
      throw VideoError(
        bytes.name, at: bytes.offset,
        "ends within a frame, after \(read) of \(frame.count) bytes; it was cut off, or is not \(format.samples.rawValue) of "
          + "\(format.geometry)")
    }
    if image.count != geometry.pixelCount { image = [Float](repeating: 0, count: geometry.pixelCount) }
    switch format.samples {
    case .gray8:
      for index in image.indices { image[index] = table[Int(frame[index])] }
    case .gray16le:
      for index in image.indices { image[index] = table[Int(frame[2 * index]) | Int(frame[2 * index + 1]) << 8] }
    case .rgb24:
      for index in image.indices {
        image[index] = Luminance.of(
          red: table[Int(frame[3 * index])], green: table[Int(frame[3 * index + 1])],
          blue: table[Int(frame[3 * index + 2])])
      }
    }
    return true
  }
}

/// Brightness of colours (ITU-R BT.709).
enum Luminance {
  static func of(red: Float, green: Float, blue: Float) -> Float { 0.2126 * red + 0.7152 * green + 0.0722 * blue }
}
