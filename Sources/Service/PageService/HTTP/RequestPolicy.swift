import FoundationEssentials
import Glibc

/// Who is answered: nobody who was sent here by another site, by a name that is not ours, or without the token.
///
/// - *DNS rebinding*: a page of another site whose name leads to this machine is told apart by `Host`, which holds that name.
///   A name that is a number cannot be made to lead elsewhere.
/// - *Requests across sites*: browsers say with `Origin` and `Sec-Fetch-Site` who asks. Only the page itself, and people who
///   type its address or follow a link to it, get anything.
package struct RequestPolicy: Sendable {
  /// Names beside numbers and `localhost` by which the page may be asked for, in small letters.
  private let names: Set<String>
  /// What has to be known; nil for nothing.
  private let token: [UInt8]?
  /// Whether others than programs with the socket's file can come at all.
  private let isNetwork: Bool

  package init(names: [String] = [], token: String? = nil, isNetwork: Bool = true) {
    self.names = Set(names.map { $0.lowercased() })
    self.token = token.map { Array($0.utf8) }
    self.isNetwork = isNetwork
  }

  /// Why a request is refused; nil where it is to be answered.
  package enum Refusal: Equatable, Sendable {
    case method
    /// No name, or one that is not ours.
    case host
    /// Another site asks.
    case site
    /// The token is missing.
    case noToken
    case wrongToken

    package var answer: (status: HTTPStatus, text: String) {
      switch self {
      case .method: (.methodNotAllowed, "only GET")
      case .host:
        (
          .misdirected,
          "this is not answered under that name: use the address in numbers, localhost, or a name of page.hosts"
        )
      case .site: (.forbidden, "other sites are not answered")
      case .noToken, .wrongToken: (.unauthorised, "a token is needed: any user name, and the token as the password")
      }
    }
  }

  package func refusal(of request: HTTPRequest) -> Refusal? {
    if request.method != "GET" && request.method != "HEAD" { return .method }
    guard isNetwork else { return nil }
    let host = request.headers["host"]
    // Without a name it is no browser.
    if host == nil && !request.isOld { return .host }
    if let host, !isOurs(host) { return .host }
    if let origin = request.headers["origin"], !isSame(origin, host) { return .site }
    if let site = request.headers["sec-fetch-site"], site != "same-origin" && site != "none" {
      // A link on another page leads here as an address that is typed does; what it leads to can be put in no frame.
      let isVisit =
        request.path == "/" && request.headers["sec-fetch-mode"] == "navigate"
        && request.headers["sec-fetch-dest"] == "document"
      if !isVisit { return .site }
    }
    guard let token else { return nil }
    guard let shown = Self.token(of: request) else { return .noToken }
    return Self.isEqual(shown, token) ? nil : .wrongToken
  }

  private func isOurs(_ host: String) -> Bool {
    guard let name = Self.name(of: host) else { return false }
    if name == "localhost" || names.contains(name) { return true }
    var old = in_addr()
    var new = in6_addr()
    return inet_pton(AF_INET, name, &old) == 1 || inet_pton(AF_INET6, name, &new) == 1
  }

  /// The name in `name`, `name:port` or `[address]:port`, in small letters; nil for what is none of these.
  static func name(of host: String) -> String? {
    var name = host.lowercased()[...]
    var port: Substring?
    if name.hasPrefix("[") {
      guard let end = name.firstIndex(of: "]") else { return nil }
      let rest = name[name.index(after: end)...]
      if !rest.isEmpty {
        guard rest.hasPrefix(":") else { return nil }
        port = rest.dropFirst()
      }
      name = name[name.index(after: name.startIndex)..<end]
    } else if let colon = name.lastIndex(of: ":") {
      port = name[name.index(after: colon)...]
      name = name[..<colon]
      if name.contains(":") { return nil }
    }
    if let port, UInt16(port) == nil { return nil }
    return name.isEmpty ? nil : String(name)
  }

  /// Whether an origin is the page's own: that of the name it was asked for under.
  private func isSame(_ origin: String, _ host: String?) -> Bool {
    guard let host else { return false }
    return ["http://", "https://"].contains { origin.lowercased() == $0 + host.lowercased() }
  }

  /// The password of Basic, whatever the user, or what stands behind Bearer.
  private static func token(of request: HTTPRequest) -> [UInt8]? {
    guard let header = request.headers["authorization"] else { return nil }
    let words = header.split(separator: " ", omittingEmptySubsequences: true)
    guard words.count == 2 else { return nil }
    switch words[0].lowercased() {
    case "bearer": return Array(words[1].utf8)
    case "basic":
      guard let pair = Data(base64Encoded: String(words[1])), let colon = pair.firstIndex(of: UInt8(ascii: ":")) else {
        return nil
      }
      return Array(pair[(colon + 1)...])
    default: return nil
    }
  }

  /// Takes as long wherever they differ.
  private static func isEqual(_ shown: [UInt8], _ token: [UInt8]) -> Bool {
    var difference = UInt8(shown.count == token.count ? 0 : 1)
    for (index, byte) in token.enumerated() { difference |= byte ^ (index < shown.count ? shown[index] : 0) }
    return difference == 0
  }
}
