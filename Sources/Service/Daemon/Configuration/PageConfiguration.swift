import MQTTPublishing
import SocketProtocol
import Yams

/// Where people look at what happens, and who may.
package struct PageConfiguration: Equatable, Sendable {
  package var address: ListeningAddress
  /// A file whose first line has to be known; nil where nothing has.
  package var tokenFile: String?
  /// Names beside numbers and `localhost` by which it is asked for.
  package var hosts: [String] = []
  /// Sound or events that are kept for a replay, seconds of each source; 0 for none.
  package var replaySeconds = 0
  package var maximumViewers = 8

  package init(address: ListeningAddress) { self.address = address }
}

extension NodeReader {
  /// - Parameter resolved: makes a path of the configuration one that can be opened.
  mutating func page(_ node: Node, resolved: (String) -> String) -> PageConfiguration? {
    if case .scalar = node { return pageAddress(node, "page", resolved).flatMap { judged(.init(address: $0), node) } }
    var fields: [String: Node] = [:]
    for (key, node) in mapping(node, "page", known: ["listen", "token_file", "hosts", "replay", "viewers"]) {
      fields[key] = node
    }
    guard let listen = fields["listen"] else {
      note(node, "page needs 'listen'")
      return nil
    }
    guard let address = pageAddress(listen, "page.listen", resolved) else { return nil }
    var page = PageConfiguration(address: address)
    if let node = fields["token_file"] { page.tokenFile = text(node, "page.token_file").map(resolved) }
    if let node = fields["hosts"] {
      for entry in list(node, "page.hosts") {
        guard let name = text(entry, "a name of page.hosts") else { continue }
        let isGood = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !":/[]@".utf8.contains($0) }
        if !isGood { note(entry, "page.hosts has '\(name.prefix(64))', allowed are names without a port") }
        page.hosts.append(name)
      }
    }
    if let node = fields["replay"] { page.replaySeconds = integer(node, "page.replay", in: 0...300) ?? 0 }
    if let node = fields["viewers"] { page.maximumViewers = integer(node, "page.viewers", in: 1...64) ?? 1 }
    return judged(page, listen)
  }

  private mutating func pageAddress(
    _ node: Node, _ what: String, _ resolved: (String) -> String
  ) -> ListeningAddress? {
    guard let text = text(node, what) else { return nil }
    if text.hasPrefix("unix:") { return .unix(path: resolved(String(text.dropFirst(5)))) }
    let numeric = text.hasPrefix("localhost:") ? "127.0.0.1:" + text.dropFirst(10) : text
    guard let address = ListeningAddress(numeric) else {
      note(node, "\(what) is '\(text)', allowed is a numeric ADDRESS:PORT, for example 127.0.0.1:8464, or unix:PATH")
      return nil
    }
    return address
  }

  /// Beyond this machine nobody looks without the token.
  private mutating func judged(_ page: PageConfiguration, _ node: Node) -> PageConfiguration? {
    guard page.address.isLocal || page.tokenFile != nil else {
      note(
        node,
        "page can be reached from other machines at \(page.address): it needs 'token_file', whose first line is the password"
      )
      return nil
    }
    return page
  }
}

extension DaemonConfiguration {
  /// What is no mistake but may well be one.
  var pageNotes: [String] {
    guard let page else { return [] }
    var notes: [String] = []
    if let file = page.tokenFile, let problem = PasswordFile.problem(with: file) {
      notes.append("page: the token file \(file) \(problem)")
    }
    if !page.address.isLocal {
      notes.append("page: whoever is on the way reads what it shows, and the token: it is not encrypted")
    }
    return notes
  }
}
