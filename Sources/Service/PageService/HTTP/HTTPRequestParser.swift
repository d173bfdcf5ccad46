/// Reads the head of one request, however its bytes are cut: a value.
///
/// HTTP/1.0 and 1.1, requests without a body, one a connection. Lines end in CR LF, or LF alone as people type them. No more
/// than `most` bytes are ever held.
package struct HTTPRequestParser: Sendable {
  /// Browsers send a kilobyte or two, and what other programs of the machine have left as cookies.
  package static let most = 16_384
  private static let mostHeaders = 100

  private let most: Int
  private var bytes: [UInt8] = []
  /// Where the line at hand begins.
  private var lineStart = 0

  package init(most: Int = Self.most) {
    self.most = most
  }

  /// Bytes that are held.
  package var waiting: Int { bytes.count }

  /// Takes the next bytes; the request once its head is complete. What comes behind it is of no interest.
  package mutating func push(_ new: some Collection<UInt8>) throws(HTTPRequestError) -> HTTPRequest? {
    let searched = bytes.count
    bytes += new.prefix(most + 1 - bytes.count)
    for index in searched..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
      var end = index
      if end > lineStart, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
      // An empty line ends the head; before it there must be something.
      if end == lineStart {
        if lineStart == 0 { throw .line }
        return try Self.request(bytes[..<lineStart])
      }
      lineStart = index + 1
    }
    if bytes.count > most { throw .long(most: most) }
    return nil
  }

  private static func request(_ head: ArraySlice<UInt8>) throws(HTTPRequestError) -> HTTPRequest {
    let lines = head.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map { line in
      line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    }
    guard let first = lines.first else { throw .line }
    var request = try Self.line(first)
    for line in lines.dropFirst() {
      let (name, value) = try header(line)
      if request.headers.count >= mostHeaders { throw .header(name) }
      if let before = request.headers[name] {
        // Two of these, and two readers of the same request may take different ones.
        if ["host", "origin", "authorization", "content-length", "transfer-encoding"].contains(name) {
          throw .header(name)
        }
        request.headers[name] = before + ", " + value
      } else {
        request.headers[name] = value
      }
    }
    if request.headers["transfer-encoding"] != nil { throw .body }
    if let length = request.headers["content-length"], length != "0" { throw .body }
    return request
  }

  private static func line(_ line: ArraySlice<UInt8>) throws(HTTPRequestError) -> HTTPRequest {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, (1...16).contains(words[0].count), words[0].allSatisfy({ isUpper($0) }),
      words[1].first == UInt8(ascii: "/"), words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") })
    else { throw .line }
    let version = String(decoding: words[2], as: UTF8.self)
    guard version == "HTTP/1.1" || version == "HTTP/1.0" else { throw .line }
    let parts = words[1].split(
      separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
    return HTTPRequest(
      method: String(decoding: words[0], as: UTF8.self), path: String(decoding: parts[0], as: UTF8.self),
      query: parts.count > 1 ? try query(parts[1]) : [:], isOld: version == "HTTP/1.0")
  }

  private static func header(_ line: ArraySlice<UInt8>) throws(HTTPRequestError) -> (name: String, value: String) {
    // A line that begins with a space would go on with the one before: nobody sends that any more, and readers differ.
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
      line[..<colon].allSatisfy({ isToken($0) })
    else { throw .header(String(decoding: line.prefix(32).filter { $0 > 0x20 && $0 < 0x7F }, as: UTF8.self)) }
    let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
    var value = line[(colon + 1)...]
    while let byte = value.first, isSpace(byte) { value = value.dropFirst() }
    while let byte = value.last, isSpace(byte) { value = value.dropLast() }
    guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw .header(name) }
    return (name, String(decoding: value, as: UTF8.self))
  }

  private static func query(_ text: ArraySlice<UInt8>) throws(HTTPRequestError) -> [String: String] {
    var query: [String: String] = [:]
    for pair in text.split(separator: UInt8(ascii: "&")) {
      let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(parts[0]), let value = decoded(parts.count > 1 ? parts[1] : []) else { throw .query }
      query[name] = value
      if query.count > mostHeaders { throw .query }
    }
    return query
  }

  /// Text with its `%41` and `+` put right; nil where it is none.
  private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      switch text[index] {
      case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
      case UInt8(ascii: "%"):
        guard index + 2 < text.endIndex, let high = digit(text[index + 1]), let low = digit(text[index + 2]) else {
          return nil
        }
        bytes.append(high << 4 | low)
        index += 2
      default: bytes.append(text[index])
      }
      index += 1
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func isUpper(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") }
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// Letters, digits and the marks that a name of a header may have.
  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
