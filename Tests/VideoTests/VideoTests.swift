import Events
import Foundation
import TestSupport
import Testing

@testable import Video

struct VideoTests {
  private func file(_ text: String, _ bytes: [UInt8]) throws -> TemporaryFile {
    try TemporaryFile(Array(text.utf8) + bytes, extension: "y4m")
  }

  private func frames(_ path: String) throws -> [[Float]] {
    var reader = try Y4MReader(path: path, gamma: 1)
    var frames: [[Float]] = []
    var image: [Float] = []
    while try reader.next(into: &image) { frames.append(image) }
    return frames
  }

  @Test func everyKindOfSamplesGivesItsLuma() throws {
    let frame = Array("FRAME\n".utf8)
    let luma: [UInt8] = [0, 51, 255, 102]
    for (kind, more) in [("mono", 0), ("420jpeg", 2), ("420", 2), ("422", 4), ("444", 8), ("444alpha", 12)] {
      let colours = [UInt8](repeating: 9, count: more)
      let bytes: [UInt8] = frame + luma + colours + frame + Array(luma.reversed()) + colours
      let video = try file("YUV4MPEG2 W2 H2 F30:1 Ip C\(kind)\n", bytes)
      #expect(try frames(video.path) == [[0, 0.2, 1, 0.4], [0.4, 1, 0.2, 0]], "\(kind)")
    }
    let deep = try file("YUV4MPEG2 W2 H1 F25:2 Cmono10\n", frame + [0xFF, 0x03, 0, 0])
    #expect(try frames(deep.path) == [[1, 0]])
    let reader = try Y4MReader(path: deep.path, gamma: 1)
    #expect(reader.timeMicroseconds(ofFrame: 25) == 2_000_000)
  }

  @Test(arguments: [
    ("YUV4MPEG W2 H2 F1:1\n", "no Y4M"), ("YUV4MPEG2 W2 F1:1\n", "size"), ("YUV4MPEG2 W0 H2 F1:1\n", "size"),
    ("YUV4MPEG2 W2 H2\n", "rate"), ("YUV4MPEG2 W2 H2 F0:1\n", "rate"),
    ("YUV4MPEG2 W2 H2 F1:1000000000\n", "rate"), ("YUV4MPEG2 W2 H2 F-1:1\n", "rate"),
    ("YUV4MPEG2 W2 H2 F1:1 Cfoo\n", "foo"),
    ("YUV4MPEG2 W70000 H70000 F1:1\n", "size"), ("", "no Y4M"), (String(repeating: "x", count: 3_000), "header"),
  ])
  func aHeaderThatIsWrongIsNamed(_ header: String, _ word: String) throws {
    let video = try file(header, [])
    do {
      _ = try Y4MReader(path: video.path, gamma: 1)
      Issue.record("was taken")
    } catch {
      #expect(error.description.contains(video.path) && error.description.contains(word), "\(error)")
    }
  }

  @Test func aVideoThatWasCutOffSaysWhere() throws {
    let video = try file("YUV4MPEG2 W2 H2 F1:1 Cmono\n", Array("FRAME\n".utf8) + [1, 2, 3])
    let header = 27
    var reader = try Y4MReader(path: video.path, gamma: 1)
    var image: [Float] = []
    do {
      _ = try reader.next(into: &image)
      Issue.record("was read")
    } catch {
      #expect(error.offset == Int64(header + 9))
      #expect(error.reason.contains("3 of 4 bytes"))
    }
  }

  @Test func whatIsWrittenIsReadAgain() throws {
    let video = try file("", [])
    let size = SensorGeometry(width: 3, height: 2)
    var writer = try Y4MWriter(path: video.path, geometry: size, framesPerSecond: 50)
    let image: [Float] = [0, 0.1, 0.25, 0.5, 0.75, 1]
    try writer.write(image)
    try writer.write(image.reversed())
    try writer.finish()
    var reader = try Y4MReader(path: video.path, gamma: Gamma.usual)
    #expect(reader.geometry == size && reader.timeMicroseconds(ofFrame: 1) == 20_000)
    var read: [Float] = []
    #expect(try reader.next(into: &read))
    #expect(zip(read, image).allSatisfy { abs($0 - $1) < 0.01 })
    #expect(try reader.next(into: &read))
    #expect(zip(read, image.reversed()).allSatisfy { abs($0 - $1) < 0.01 })
    #expect(try !reader.next(into: &read))
  }

  @Test func framesWithoutAHeaderAreWhatTheyAreSaidToBe() throws {
    let video = try file("", [255, 0, 0, 0, 255, 0, 51, 51, 51])
    let format = try #require(RawFrameFormat("rgb24:3x1:10"))
    var reader = try RawFrameReader(path: video.path, format: format, gamma: 1)
    var image: [Float] = []
    #expect(try reader.next(into: &image))
    #expect(zip(image, [0.2126, 0.7152, 0.2]).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(try !reader.next(into: &image))
    for wrong in ["gray8:3x1", "gray9:3x1:10", "gray8:3:10", "gray8:3x1:0", "gray8:3x1:1/0"] {
      #expect(RawFrameFormat(wrong) == nil)
    }
    var cut = try RawFrameReader(path: video.path, format: #require(RawFrameFormat("gray8:2x2:10")), gamma: 1)
    #expect(try cut.next(into: &image) && cut.next(into: &image))
    #expect(throws: VideoError.self) { try cut.next(into: &image) }
  }

  @Test func scalingKeepsTheMean() {
    let source = SensorGeometry(width: 9, height: 6)
    let image = (0..<54).map { Float(($0 * 7) % 11) }
    for (width, height) in [(3, 2), (6, 4), (9, 6), (18, 12), (1, 1)] {
      let target = SensorGeometry(width: width, height: height)
      var scaled: [Float] = []
      AreaScaling(from: source, to: target).apply(image, into: &scaled)
      #expect(scaled.count == target.pixelCount)
      guard width * 6 == height * 9 else { continue }
      let means = [scaled, image].map { $0.reduce(0, +) / Float($0.count) }
      #expect(abs(means[0] - means[1]) < 1e-4, "\(target)")
    }
    // Of a wider picture the middle is kept.
    var middle: [Float] = []
    AreaScaling(from: SensorGeometry(width: 4, height: 2), to: SensorGeometry(width: 1, height: 1))
      .apply([9, 1, 2, 9, 9, 3, 4, 9], into: &middle)
    #expect(middle == [2.5])
  }
}
