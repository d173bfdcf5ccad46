import Foundation
import Testing

@testable import StreamSources

/// What a feed keeps open.
struct OpenEndTests {
  @Test func ofAPipeOnlyTheEndOfTheLastWriterIsOpen() throws {
    let path = NSTemporaryDirectory() + "ganglion-ends-\(UUID().uuidString.prefix(8))"
    #expect(mkfifo(path, 0o600) == 0)
    defer { unlink(path) }
    let stop = StopSignal()
    // What waits for ever where it should not fails instead.
    DispatchQueue.global().asyncAfter(deadline: .now() + 60) { stop.stop() }
    let feed = try ByteFeed(.pipe, path: path, stop: stop)
    Writers.begin([[[UInt8]]](repeating: [[1, 2, 3]], count: 4), to: path)
    var (room, count) = ([UInt8](repeating: 0, count: 64), 0)
    for _ in 0..<4 {
      #expect(feed.begin() == .begun)
      while case let more = try room.withUnsafeMutableBytes({ try feed.read(into: $0) }), more > 0 { count += more }
    }
    #expect(count == 12)
    #expect(Writers.descriptors(of: path).count == 1)
    withExtendedLifetime(feed) {}
  }
}
