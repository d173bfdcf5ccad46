import Testing

@testable import SocketProtocol

struct LineSplitterTests {
  /// All pieces of a text that arrives in chunks, as `[line]` or `!` for one that is too long.
  private func split(_ text: String, longest: Int = 5, chunk: Int) -> String {
    var splitter = LineSplitter(longest: longest)
    var result = ""
    let bytes = Array(text.utf8)
    for begin in stride(from: 0, to: bytes.count, by: chunk) {
      splitter.push(bytes[begin..<min(bytes.count, begin + chunk)]) { piece in
        switch piece {
        case .line(let line): result += "[\(String(decoding: line, as: UTF8.self))]"
        case .tooLong: result += "!"
        }
      }
    }
    return result
  }

  @Test(arguments: [1, 2, 3, 7, 100])
  func linesDoNotDependOnHowTheBytesArrive(chunk: Int) {
    #expect(split("one\ntwo\r\n\nhalf", chunk: chunk) == "[one][two][]")
  }

  @Test(arguments: [1, 4, 100])
  func whatIsTooLongIsReportedOnceAndTheNextLineIsRead(chunk: Int) {
    #expect(split("12345\n123456\n1234567890123\nok\n", chunk: chunk) == "[12345]!![ok]")
    #expect(split("12345\r\n", chunk: chunk) == "[12345]")
  }

  @Test func anEndlessLineTakesNoMoreMemoryThanALine() {
    var splitter = LineSplitter(longest: 4_096)
    var complaints = 0
    let chunk = [UInt8](repeating: 0x78, count: 65_536)
    for _ in 0..<64 {
      splitter.push(chunk) { _ in complaints += 1 }
      #expect(splitter.waiting <= 4_097)
    }
    #expect(complaints == 1)
  }
}
