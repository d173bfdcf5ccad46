import Glibc

/// Connections to programs that send a stream to whoever comes, as dv-processing's `NetworkWriter` does.
enum Connection {
  /// How long an answer is waited for.
  private static let patienceMilliseconds: Int32 = 3_000

  enum Outcome {
    case open(Int32)
    /// Why not.
    case failed(String)
  }

  /// To `HOST:PORT`, the host in numbers.
  static func tcp(_ address: String, stop: StopSignal) -> Outcome {
    let parts = address.split(separator: ":")
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    guard parts.count == 2, let port = UInt16(parts[1]), inet_pton(AF_INET, String(parts[0]), &name.sin_addr) == 1
    else { return .failed("is no numeric address with a port") }
    name.sin_port = port.bigEndian
    let outcome = connect(AF_INET, &name, stop)
    if case .open(let descriptor) = outcome { watch(descriptor) }
    return outcome
  }

  /// To a Unix stream socket.
  static func unix(_ path: String, stop: StopSignal) -> Outcome {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let isFitting = withUnsafeMutableBytes(of: &name.sun_path) { room in
      guard bytes.count < room.count else { return false }
      room.copyBytes(from: bytes)
      return true
    }
    guard isFitting else { return .failed("is too long for the name of a socket") }
    return connect(AF_UNIX, &name, stop)
  }

  private static func connect<Name>(_ family: Int32, _ name: inout Name, _ stop: StopSignal) -> Outcome {
    let made = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard made >= 0 else { return .failed("cannot be connected to (\(String(cString: strerror(errno))))") }
    let done = withUnsafePointer(to: name) { pointer in
      // sockaddr is the common head of all socket addresses.
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(made, $0, socklen_t(MemoryLayout<Name>.size))
      }
    }
    var error = done == 0 ? 0 : errno
    if error == EINPROGRESS {
      var polls = [
        pollfd(fd: stop.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: made, events: Int16(POLLOUT), revents: 0),
      ]
      error = ETIMEDOUT
      if poll(&polls, 2, patienceMilliseconds) > 0, polls[0].revents == 0 {
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(made, SOL_SOCKET, SO_ERROR, &error, &size)
      }
    }
    guard error == 0 else {
      close(made)
      return .failed("cannot be connected to (\(String(cString: strerror(error))))")
    }
    return .open(made)
  }

  /// A machine that is switched off closes no connection: the kernel asks it after ten seconds of silence, and gives it up
  /// after half a minute.
  private static func watch(_ descriptor: Int32) {
    for (level, option, value) in [
      (SOL_SOCKET, SO_KEEPALIVE, Int32(1)), (Int32(IPPROTO_TCP), TCP_KEEPIDLE, 10),
      (Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5),
      (Int32(IPPROTO_TCP), TCP_KEEPCNT, 4),
    ] {
      var value = value
      setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
  }
}
