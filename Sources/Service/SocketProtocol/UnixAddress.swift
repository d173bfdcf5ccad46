import Glibc

/// The address of a Unix socket.
public struct UnixAddress {
  private var address = sockaddr_un()
  private let length: socklen_t

  /// Nil for a path that is empty, holds a zero byte or does not fit. A leading `@` is a name in the abstract space.
  public init?(_ path: String) {
    var bytes = Array(path.utf8)
    guard !bytes.isEmpty, !bytes.contains(0), bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      return nil
    }
    let isAbstract = bytes[0] == UInt8(ascii: "@")
    if isAbstract { bytes[0] = 0 }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
    length = socklen_t(offset + bytes.count + (isAbstract ? 0 : 1))
  }

  /// Calls `body` with the address as the system wants it.
  public func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: address) { pointer in
      // sockaddr is the common head of all socket addresses, and the system goes by the length.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
