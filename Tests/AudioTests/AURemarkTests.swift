import TestSupport
import Testing

@testable import Audio

/// Between the six words of AU and its samples stands a remark, as long as the second word says.
struct AURemarkTests {
  private func remarked(_ remark: String, claiming size: UInt32?) -> [UInt8] {
    var bytes = SoundBytes.au(values, claiming: size)
    let text = Array(remark.utf8)
    bytes.replaceSubrange(4..<8, with: SoundBytes.big(UInt32(24 + text.count)))
    bytes.insert(contentsOf: text, at: 24)
    return bytes
  }

  @Test(arguments: ["", "recorded at the window\0\0", String(repeating: "word ", count: 2_000)])
  func aRemarkIsNoSound(remark: String) throws {
    for size in [nil, 6_000] as [UInt32?] {
      let bytes = remarked(remark, claiming: size)
      for heard in [try Heard.file(bytes), try Heard.file(bytes, isGrowing: true), try Heard.pipe(bytes)] {
        #expect(heard.holds([read(values)]))
        #expect(heard.errors.isEmpty && heard.notices.isEmpty)
      }
    }
  }
}
