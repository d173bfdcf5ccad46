import Glibc

/// Gives peeked bytes back: a thread copies them, then everything that follows, into a socket the reader reads.
///
/// A socket and not a pipe, because writing to it after the reader left is an error code and never a signal.
final class BytePump {
  /// The end to read from; belongs to whoever reads.
  let output: Int32

  /// What the thread owns: it closes both when either side ends.
  fileprivate struct Job: Sendable {
    let source: Int32
    let sink: Int32
    let head: [UInt8]
  }

  /// Takes over `descriptor`. Nil, with `errno` set, when there are no more descriptors or threads.
  init?(descriptor: Int32, head: [UInt8]) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      return nil
    }
    output = ends[0]
    guard spawn(Job(source: descriptor, sink: ends[1], head: head)) else {
      close(ends[0])
      close(ends[1])
      return nil
    }
  }

  private func spawn(_ job: Job) -> Bool {
    var thread = pthread_t()
    // The box is handed to the new thread, which releases it; on failure it is released here.
    let box = Unmanaged.passRetained(JobBox(job))
    let failure = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<JobBox>.fromOpaque(raw).takeRetainedValue().job.run() }
        return nil
      }, box.toOpaque())
    if failure != 0 {
      box.release()
      errno = failure
      return false
    }
    pthread_detach(thread)
    return true
  }

  private final class JobBox {
    let job: Job
    init(_ job: Job) { self.job = job }
  }
}

extension BytePump.Job {
  fileprivate func run() {
    defer {
      close(source)
      close(sink)
    }
    guard send(head[...]) else { return }
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while true {
      let got = Glibc.read(source, &buffer, buffer.count)
      if got < 0 && errno == EINTR { continue }
      guard got > 0, send(buffer[..<got]) else { return }
    }
  }

  /// Whether everything was taken; false once the reader has gone.
  private func send(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    while !rest.isEmpty {
      let sent = rest.withUnsafeBytes { Glibc.send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if sent < 0 && errno == EINTR { continue }
      if sent <= 0 { return false }
      rest = rest.dropFirst(sent)
    }
    return true
  }
}
