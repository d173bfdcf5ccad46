/// A whole answer.
package struct HTTPResponse: Equatable, Sendable {
  package var status: HTTPStatus
  package var contentType: String
  package var body: [UInt8]
  /// Beside those that every answer has.
  package var headers: [(name: String, value: String)]

  package init(
    _ status: HTTPStatus = .ok, _ contentType: String = "text/plain; charset=utf-8", body: [UInt8],
    headers: [(name: String, value: String)] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  package init(_ status: HTTPStatus, text: String) { self.init(status, body: Array((text + "\n").utf8)) }

  /// The bytes to send.
  ///
  /// - Parameter isHead: whether only what stands before the body is asked for.
  package func bytes(isHead: Bool = false) -> [UInt8] {
    let head = Self.head(status, contentType, headers + [("Content-Length", "\(body.count)")])
    return isHead ? head : head + body
  }

  /// The head of an answer: nothing of it is kept by others, shown in frames, guessed at, or told to other sites.
  static func head(
    _ status: HTTPStatus, _ contentType: String, _ headers: [(name: String, value: String)]
  ) -> [UInt8] {
    var text = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
    let usual: [(name: String, value: String)] = [
      ("Content-Type", contentType), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
      ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Cross-Origin-Opener-Policy", "same-origin"), ("X-Frame-Options", "DENY"), ("Connection", "close"),
    ]
    for (name, value) in usual + headers { text += "\(name): \(value)\r\n" }
    if !headers.contains(where: { $0.name == "Content-Security-Policy" }) {
      text += "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
    }
    return Array((text + "\r\n").utf8)
  }

  package static func == (left: Self, right: Self) -> Bool {
    left.status == right.status && left.contentType == right.contentType && left.body == right.body
      && left.headers.elementsEqual(right.headers) { $0 == $1 }
  }
}
