import CLinux
import Glibc

/// Tells a thread that waits for input that it need not wait any longer. Once given, it stays given.
public final class StopSignal: Sendable {
  let descriptor: Int32

  public init() {
    descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(descriptor >= 0, "no event descriptor: \(String(cString: strerror(errno)))")
  }

  deinit { close(descriptor) }

  public func stop() {
    var one: UInt64 = 1
    _ = write(descriptor, &one, 8)
  }

  /// Whether it has been given.
  public var isStopped: Bool { wait(for: nil, milliseconds: 0) == .stopped }

  package enum Outcome {
    case ready, timeout, stopped
  }

  /// Waits until a descriptor can be read, the time is over, or the signal is given.
  package func wait(for input: Int32?, milliseconds: Int32) -> Outcome {
    // Never read, so it stays readable for everybody.
    var polls = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: input ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    let ready = poll(&polls, 2, milliseconds)
    if polls[0].revents != 0 { return .stopped }
    return ready > 0 && polls[1].revents != 0 ? .ready : .timeout
  }
}

/// Microseconds since 1970.
package func wallMicroseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_REALTIME, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}

/// Microseconds of the clock that goes on while the machine sleeps, so that what a sleeping machine missed is counted.
package func bootMicroseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_BOOTTIME, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}
