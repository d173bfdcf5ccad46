import Foundation
import Glibc

/// Carries one stretch of a feed into a socket, for libraries that read from descriptors; ends when the stretch does,
/// the feed is stopped, or the reader leaves.
///
/// A socket and not a pipe, because writing to it after the reader left is an error code and never a signal.
final class FeedPump {
  /// The end to read from.
  let output: Int32
  private let done = DispatchSemaphore(value: 0)

  init(_ feed: ByteFeed) throws(FeedError) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw FeedError(path: feed.path, reason: String(cString: strerror(errno)))
    }
    output = ends[0]
    let sink = ends[1]
    // The thread has the feed for itself until `wait` returns: nobody else touches it meanwhile.
    nonisolated(unsafe) let feed = feed
    let thread = Thread { [done] in
      Self.carry(feed, to: sink)
      close(sink)
      done.signal()
    }
    thread.name = "feed"
    thread.start()
  }

  deinit { close(output) }

  /// Leaves the stretch, and returns when the thread has let go of the feed.
  func wait() {
    shutdown(output, Int32(SHUT_RDWR))
    done.wait()
    done.signal()
  }

  private static func carry(_ feed: ByteFeed, to sink: Int32) {
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      // A failure to read ends the stretch, as the end of a file would.
      let count =
        (try? buffer.withUnsafeMutableBytes { bytes throws(FeedError) in try feed.read(into: bytes, for: sink) }) ?? 0
      if count == 0 { return }
      var sent = 0
      while sent < count {
        let now = buffer.withUnsafeBytes { bytes in
          send(
            sink, UnsafeRawBufferPointer(rebasing: bytes[sent..<count]).baseAddress, count - sent, Int32(MSG_NOSIGNAL))
        }
        if now < 0 && errno == EINTR { continue }
        if now <= 0 { return }
        sent += now
      }
    }
  }
}
