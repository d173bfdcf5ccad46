import Glibc
import SocketProtocol

/// Tells systemd how the service is: datagrams to `$NOTIFY_SOCKET`, nothing where there is none.
package struct Notifier: Sendable {
  private let path: String?
  /// How often systemd wants to hear that the service is alive, microseconds; nil where it does not.
  package let watchdogMicroseconds: Int64?

  package init(environment: [String: String], processID: Int32 = getpid()) {
    path = environment["NOTIFY_SOCKET"]
    let isForUs = environment["WATCHDOG_PID"].map { $0 == String(processID) } ?? true
    watchdogMicroseconds =
      isForUs ? environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil } : nil
  }

  package func ready(_ status: String) { send("READY=1\nSTATUS=\(Self.line(status))") }
  package func status(_ status: String) { send("STATUS=\(Self.line(status))") }
  package func stopping() { send("STOPPING=1") }
  package func watchdog() { send("WATCHDOG=1") }

  /// Without the time systemd would wait for a second word that never comes.
  package func reloading(monotonicMicroseconds: Int64) {
    send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)")
  }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  private func send(_ text: String) {
    guard let path, let address = UnixAddress(path) else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    _ = address.withPointer { pointer, length in
      bytes.withUnsafeBytes { sendto(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL), pointer, length) }
    }
  }
}

/// A listening socket that systemd made and handed on, if there is one: descriptor 3, meant for this process.
package func activatedSocket(environment: [String: String], processID: Int32 = getpid()) -> Int32? {
  guard environment["LISTEN_PID"] == String(processID), let count = environment["LISTEN_FDS"].flatMap({ Int($0) }),
    count >= 1
  else { return nil }
  return 3
}
