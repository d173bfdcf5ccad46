import Failures
import Glibc

/// Where a service listens.
package enum ListeningAddress: Equatable, Sendable, CustomStringConvertible {
  /// A numeric address and a port.
  case network(host: String, port: UInt16)
  case unix(path: String)

  /// `127.0.0.1:10400`, `[::]:10400`; nil for what is no such address. Paths are made elsewhere.
  package init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    self = .network(host: String(host), port: port)
    if Self.socketAddress(String(host), port) == nil { return nil }
  }

  package var description: String {
    switch self {
    case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }

  /// Whether only this machine reaches it.
  package var isLocal: Bool {
    switch self {
    case .network(let host, _): host.hasPrefix("127.") || host == "::1"
    case .unix: true
    }
  }

  /// The bytes of an address as the system wants it; nil for what is no numeric address.
  package static func socketAddress(_ host: String, _ port: UInt16) -> [UInt8]? {
    var old = sockaddr_in()
    if inet_pton(AF_INET, host, &old.sin_addr) == 1 {
      (old.sin_family, old.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
      return withUnsafeBytes(of: &old) { Array($0) }
    }
    var new = sockaddr_in6()
    guard inet_pton(AF_INET6, host, &new.sin6_addr) == 1 else { return nil }
    (new.sin6_family, new.sin6_port) = (sa_family_t(AF_INET6), port.bigEndian)
    return withUnsafeBytes(of: &new) { Array($0) }
  }
}

/// A socket that others come to over the network.
package final class NetworkListener: Sendable {
  package let descriptor: Int32

  /// - Parameter service: what messages call whoever listens.
  package init(_ service: String, host: String, port: UInt16) throws(NetworkListenerError) {
    func failure(_ reason: String) -> NetworkListenerError {
      NetworkListenerError(service: service, address: .network(host: host, port: port), reason: reason)
    }
    guard let address = ListeningAddress.socketAddress(host, port) else { throw failure("is no numeric address") }
    let family = address.count == MemoryLayout<sockaddr_in>.size ? AF_INET : AF_INET6
    let made = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let bound = address.withUnsafeBytes { bytes in
      // sockaddr is the common head of all socket addresses, and the system goes by the length.
      bytes.baseAddress.map { bind(made, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) } ?? -1
    }
    guard made >= 0, bound == 0, listen(made, 16) == 0 else {
      let why = String(cString: strerror(errno))
      if made >= 0 { close(made) }
      throw failure("cannot be listened on: \(why)")
    }
    descriptor = made
  }

  deinit { close(descriptor) }
}

/// Why nobody can come.
package struct NetworkListenerError: ReportedError, Equatable, Sendable {
  package let service: String
  package let address: ListeningAddress
  package let reason: String

  package var kind: FailureKind { .unavailable }
  package var description: String { "\(service) \(address): \(reason)" }
}
