import Events
import Foundation
import TestSupport
import Testing

@testable import Video

/// Frames of every kind, sample by sample.
struct FrameTests {
  private func file(_ text: String, _ bytes: [UInt8]) throws -> TemporaryFile {
    try TemporaryFile(Array(text.utf8) + bytes, extension: "y4m")
  }

  /// Pictures of odd sizes have a colour for the last column and row too; two frames show whether each is passed over whole.
  @Test(arguments: [
    ("420jpeg", 8, 8), ("420p10", 8, 10), ("422", 12, 8), ("411", 6, 8), ("444", 18, 8), ("444alpha", 27, 8),
    ("mono", 0, 8), ("mono16", 0, 16), ("422p12", 12, 12), ("444p9", 18, 9),
  ])
  func coloursOfOddSizesArePassedOver(kind: String, chroma: Int, bits: Int) throws {
    let wide = bits > 8
    func samples(_ values: [Int]) -> [UInt8] {
      values.flatMap { wide ? [UInt8($0 & 255), UInt8($0 >> 8)] : [UInt8($0)] }
    }
    // Of 3x3 pixels. jpeg's 420 has no bits of its own.
    let top = (1 << max(bits, 8)) - 1
    let luma: [Int] = [0, top, 0, top, 0, 0, 0, 0, top]
    let colours = samples([Int](repeating: 1, count: chroma))
    let frame: [UInt8] = Array("FRAME Ixyz\n".utf8) + samples(luma) + colours
    let last: [UInt8] = Array("FRAME\n".utf8) + samples(luma.reversed()) + colours
    let video = try file("YUV4MPEG2 W3 H3 F24000:1001 C\(kind)\n", frame + last)
    var reader = try Y4MReader(path: video.path, gamma: 1)
    var image: [Float] = []
    let light: [Float] = luma.map { $0 == 0 ? 0 : 1 }
    let turned: [Float] = light.reversed()
    #expect(try reader.next(into: &image))
    #expect(image == light, "\(kind)")
    #expect(try reader.next(into: &image))
    #expect(image == turned, "\(kind)")
    #expect(try !reader.next(into: &image))
    #expect(reader.timeMicroseconds(ofFrame: 24_000) == 1_001_000_000)
    #expect(reader.timeMicroseconds(ofFrame: 1) == 41_708)
  }

  @Test func aVideoThatNamesNoColoursIsOfTheUsual() throws {
    let video = try file("YUV4MPEG2 W2 H2 F1:1\n", Array("FRAME\n".utf8) + [255, 0, 0, 255, 9, 9])
    var reader = try Y4MReader(path: video.path, gamma: 2)
    var image: [Float] = []
    #expect(try reader.next(into: &image) && image == [1, 0, 0, 1])
    #expect(try !reader.next(into: &image))
    let other = try file("YUV4MPEG2 W2 H2 F1:1 Cmono\n", Array("FRAMX\n".utf8) + [1, 2, 3, 4])
    var damaged = try Y4MReader(path: other.path, gamma: 1)
    do {
      _ = try damaged.next(into: &image)
      Issue.record("was read")
    } catch {
      #expect(error.offset == 27 && error.reason.contains("FRAME"))
    }
    #expect(throws: VideoError.self) { try Y4MReader(path: "/nowhere/at/all.y4m", gamma: 1) }
  }

  @Test func samplesWithoutAHeaderAreScaledToOne() throws {
    let bytes: [UInt8] = [0, 0, 0xFF, 0xFF, 0, 0x80, 0x33, 0x33]
    let video = try file("", bytes)
    var deep = try RawFrameReader(path: video.path, format: #require(RawFrameFormat("gray16le:2x2:29.97")), gamma: 1)
    var image: [Float] = []
    #expect(try deep.next(into: &image))
    let deepLight: [Float] = [0, 1, 0.500008, 0.2]
    #expect(zip(image, deepLight).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(deep.geometry == SensorGeometry(width: 2, height: 2))
    #expect(deep.timeMicroseconds(ofFrame: 2_997) == 100_000_000)
    var plain = try RawFrameReader(path: video.path, format: #require(RawFrameFormat("gray8:4x1:10")), gamma: 2)
    #expect(try plain.next(into: &image) && image == [0, 0, 1, 1])
    #expect(try plain.next(into: &image))
    let half: Float = 128.0 * 128.0 / (255.0 * 255.0)
    #expect(abs(image[1] - half) < 1e-6)
    #expect(abs(image[3] - 0.04) < 1e-6)
    var coloured = try RawFrameReader(path: video.path, format: #require(RawFrameFormat("rgb24:1x1:1")), gamma: 1)
    #expect(try coloured.next(into: &image) && abs(image[0] - 0.0722) < 1e-6)
  }

  @Test func ratesAreWholeNumbersOrDecimalsOrRatios() {
    for (text, frames, seconds) in [
      ("30", 30_000, 1_000), ("29.97", 29_970, 1_000), ("30000/1001", 30_000, 1_001), ("0.002", 2, 1_000),
      ("1000000", 1_000_000_000, 1_000), ("1/1000", 1, 1_000),
    ] {
      let rate = FrameRate(text)
      #expect(rate?.frames == frames && rate?.seconds == seconds, "\(text)")
    }
    for text in ["", "0", "0.001", "-1", "1000001", "1/0", "0/1", "1/1001", "a", "1/2/3", "1/", "nan"] {
      #expect(FrameRate(text) == nil, "\(text)")
    }
    #expect(FrameRate(frames: 1, seconds: 1_999) == nil && FrameRate(frames: 2, seconds: 1_999) != nil)
    // Times of days at high rates fit: the product alone would not.
    #expect(FrameRate(frames: 1_000_000, seconds: 1)?.timeMicroseconds(ofFrame: 1 << 50) == 1 << 50)
  }

  @Test func aWrittenVideoHasTheseBytes() throws {
    let video = try file("", [])
    var writer = try Y4MWriter(
      path: video.path, geometry: SensorGeometry(width: 3, height: 2), framesPerSecond: 25)
    try writer.write([-1, 0, 0.2, 0.5, 1, 7])
    try writer.finish()
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: video.path)))
    // 255 times the root of 2.2 of each.
    let samples: [UInt8] = [0, 0, 123, 186, 255, 255]
    let wanted: [UInt8] = Array("YUV4MPEG2 W3 H2 F25:1 Ip A1:1 Cmono\nFRAME\n".utf8) + samples
    #expect(bytes == wanted)
  }

  @Test func aPictureIsScaledByTheAreasThatFallOnAPixel() {
    func scaled(_ image: [Float], _ from: (Int, Int), _ to: (Int, Int)) -> [Float] {
      var result: [Float] = []
      AreaScaling(from: SensorGeometry(width: from.0, height: from.1), to: SensorGeometry(width: to.0, height: to.1))
        .apply(image, into: &result)
      return result
    }
    func isNear(_ found: [Float], _ wanted: [Float]) -> Bool {
      found.count == wanted.count && zip(found, wanted).allSatisfy { abs($0 - $1) < 1e-5 }
    }
    // One and a half columns to one, and rows the same.
    let thirds: [Float] = [7.0 / 3, 11.0 / 3, 19.0 / 3, 23.0 / 3]
    #expect(isNear(scaled([1, 2, 3, 4, 5, 6, 7, 8, 9], (3, 3), (2, 2)), thirds))
    // Of a wide picture the middle columns are kept, of a high one the middle rows.
    #expect(isNear(scaled([1, 2, 3, 4, 5, 6, 7, 8], (4, 2), (2, 2)), [2, 3, 6, 7]))
    #expect(isNear(scaled([1, 2, 3, 4, 5, 6, 7, 8], (2, 4), (2, 2)), [3, 4, 5, 6]))
    // Enlarged, each stands in its own place.
    #expect(isNear(scaled([1, 2], (2, 1), (4, 2)), [1, 1, 2, 2, 1, 1, 2, 2]))
    #expect(isNear(scaled([1, 2, 3], (3, 1), (3, 1)), [1, 2, 3]))
  }
}
