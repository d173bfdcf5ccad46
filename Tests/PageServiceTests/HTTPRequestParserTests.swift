import Testing

@testable import PageService

struct HTTPRequestParserTests {
  private func parse(_ text: String) throws -> HTTPRequest? {
    var parser = HTTPRequestParser()
    return try parser.push(Array(text.utf8))
  }

  @Test func aRequestIsUnderstood() throws {
    let request = try #require(
      try parse(
        "GET /try?source=mic0&t.left+hand=0.5&x=%41%2f HTTP/1.1\r\nHost: localhost:8464\r\nX-A:  b \t\r\nx-a: c\r\n\r\n"
      ))
    #expect(
      request
        == HTTPRequest(
          path: "/try", query: ["source": "mic0", "t.left hand": "0.5", "x": "A/"],
          headers: ["host": "localhost:8464", "x-a": "b, c"]))
    #expect(try parse("GET / HTTP/1.0\n\n") == HTTPRequest(path: "/", isOld: true))
    #expect(try parse("HEAD /a?b HTTP/1.1\nContent-Length: 0\n\nrest")?.query == ["b": ""])
  }

  @Test func cutsAnywhereGiveTheSame() throws {
    let text = Array("GET /replay?source=a&from=1&to=2 HTTP/1.1\r\nHost: [::1]:1\r\nSec-Fetch-Site: none\r\n\r\n".utf8)
    let whole = try parse(String(decoding: text, as: UTF8.self))
    #expect(whole != nil)
    for cut in 0...text.count {
      var parser = HTTPRequestParser()
      var found = try parser.push(text[..<cut])
      if found == nil { found = try parser.push(text[cut...]) }
      #expect(found == whole)
      var bytewise = HTTPRequestParser()
      var first: HTTPRequest?
      for byte in text where first == nil { first = try bytewise.push([byte]) }
      #expect(first == whole)
    }
  }

  @Test(arguments: [
    "\r\n", "GET\r\n\r\n", "get / HTTP/1.1\r\n\r\n", "GET / HTTP/2\r\n\r\n", "GET  / HTTP/1.1\r\n\r\n",
    "GET x HTTP/1.1\r\n\r\n", "GET http://a/ HTTP/1.1\r\n\r\n", "GET /a#b HTTP/1.1\r\n\r\n",
    "GET /\u{1} HTTP/1.1\r\n\r\n", "GET /é HTTP/1.1\r\n\r\n",
  ]) func whatIsNoRequestIsNone(text: String) { #expect(throws: HTTPRequestError.line) { try parse(text) } }

  @Test(arguments: [
    "Host", ": a", " Host: a", "Ho st: a", "Host : a", "Host: a\r\nHost: a", "Origin: a\r\norigin: b", "A: b\u{1}c",
    "Authorization: a\r\nAuthorization: b",
  ]) func badHeadersAreRefused(text: String) {
    #expect(
      performing: { try parse("GET / HTTP/1.1\r\n\(text)\r\n\r\n") },
      throws: { if case HTTPRequestError.header = $0 { true } else { false } })
  }

  @Test(arguments: ["%", "%4", "%4g", "%ff", "a=%"]) func badQueriesAreRefused(text: String) {
    #expect(throws: HTTPRequestError.query) { try parse("GET /?\(text) HTTP/1.1\r\n\r\n") }
  }

  @Test func bodiesAndTooMuchAreRefused() throws {
    #expect(throws: HTTPRequestError.body) { try parse("GET / HTTP/1.1\r\nContent-Length: 1\r\n\r\n") }
    #expect(throws: HTTPRequestError.body) { try parse("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") }
    var parser = HTTPRequestParser(most: 64)
    #expect(try parser.push(Array(repeating: UInt8(ascii: "a"), count: 64)) == nil)
    let much = Array(repeating: UInt8(ascii: "a"), count: 1 << 20)
    #expect(throws: HTTPRequestError.long(most: 64)) { try parser.push(much) }
    #expect(parser.waiting == 65)
    let many = (0..<200).map { "a\($0): b\r\n" }.joined()
    #expect(throws: (any Error).self) { try parse("GET / HTTP/1.1\r\n\(many)\r\n") }
  }
}
