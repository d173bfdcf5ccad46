import Failures

/// A request as it came, understood but not judged.
package struct HTTPRequest: Equatable, Sendable {
  /// In capitals, as it must be written.
  package var method: String
  /// From the first slash up to the question mark, as it was written.
  package var path: String
  /// Names and values behind the question mark, decoded; of names that come twice the last counts.
  package var query: [String: String]
  /// By their names in small letters.
  package var headers: [String: String]
  /// Whether it is of HTTP/1.0, which knows no `Host`.
  package var isOld: Bool

  package init(
    method: String = "GET", path: String, query: [String: String] = [:], headers: [String: String] = [:],
    isOld: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.isOld = isOld
  }
}

/// Why a request cannot be understood. The connection is over then.
package enum HTTPRequestError: ReportedError, Equatable, Sendable {
  /// Its head has more bytes than are read.
  case long(most: Int)
  /// It is no request of HTTP/1.
  case line
  /// A header is none, or comes twice where it must not.
  case header(String)
  case query
  /// It brings a body; nothing here takes one.
  case body

  package var kind: FailureKind { .badInput }
  package var description: String { answer.text }

  /// For the answer: the status and a line for people.
  package var answer: (status: HTTPStatus, text: String) {
    switch self {
    case .long(let most): (.headersTooLarge, "a request has at most \(most) bytes")
    case .line: (.badRequest, "this is no request of HTTP/1.1")
    case .header(let name): (.badRequest, "the header '\(name)' is none, or comes twice")
    case .query: (.badRequest, "the query cannot be decoded")
    case .body: (.contentTooLarge, "no request here has a body")
    }
  }
}

/// What an answer begins with.
package enum HTTPStatus: Int, Sendable {
  case ok = 200
  case badRequest = 400
  case unauthorised = 401
  case forbidden = 403
  case notFound = 404
  case methodNotAllowed = 405
  case contentTooLarge = 413
  case misdirected = 421
  case headersTooLarge = 431
  case unavailable = 503

  package var reason: String {
    switch self {
    case .ok: "OK"
    case .badRequest: "Bad Request"
    case .unauthorised: "Unauthorized"
    case .forbidden: "Forbidden"
    case .notFound: "Not Found"
    case .methodNotAllowed: "Method Not Allowed"
    case .contentTooLarge: "Content Too Large"
    case .misdirected: "Misdirected Request"
    case .headersTooLarge: "Request Header Fields Too Large"
    case .unavailable: "Service Unavailable"
    }
  }
}
