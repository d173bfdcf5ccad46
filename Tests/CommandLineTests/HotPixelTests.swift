import Foundation
import TestSupport
import Testing

/// `ganglion convert` with hot pixels looks for them behind the filters that stand in front.
struct HotPixelTests {
  @Test func hotPixelsAreThoseThatTheFiltersInFrontLeave() throws {
    // Five-byte events: all over 34x34, and one pixel that fires without cause after 20 ms.
    var bytes: [UInt8] = []
    for index in 0..<1_200 {
      let isHot = index >= 400 && index % 2 == 0
      let (x, y) = isHot ? (20, 22) : (index * 7 % 34, index / 34 % 34)
      let time = 50 * index
      bytes += [UInt8(x), UInt8(y), UInt8(0x80 | time >> 16), UInt8(time >> 8 & 0xFF), UInt8(time & 0xFF)]
    }
    let file = try TemporaryFile(bytes)
    func rows(_ filters: String) throws -> [String] {
      let outcome = try Program.shell(
        "ganglion convert --input-format nmnist --sensor 34x34 --format csv \(filters) \(file.path) -")
      #expect(outcome.code == 0, "\(outcome.errors)")
      return outcome.lines.dropFirst().map { $0.split(separator: ",")[1...2].joined(separator: ",") }
    }
    let cropped = try rows("--filter crop=10,10,20,20")
    #expect(cropped.count { $0 == "10,12" } >= 400)
    let cleaned = try rows("--filter crop=10,10,20,20 --filter hot-pixels=5")
    #expect(cleaned == cropped.filter { $0 != "10,12" })
    // Nothing is hot in what comes before.
    let early = try rows("--filter time=0..20000")
    #expect(try rows("--filter time=0..20000 --filter hot-pixels=5") == early && early.count == 400)
  }
}
