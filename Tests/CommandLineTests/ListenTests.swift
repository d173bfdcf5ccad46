import Foundation
import TestSupport
import Testing

/// What `ganglion listen` prints of what a daemon says.
@Suite("ganglion listen")
struct ListenTests {
  /// Takes one connection and says the same lines to it, whatever it is asked.
  private func daemon(at path: String, saying lines: [String]) throws {
    let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 1) == 0)
    let text = Array((lines.joined(separator: "\n") + "\n").utf8)
    Thread {
      let peer = accept(listener, nil, nil)
      _ = text.withUnsafeBytes { write(peer, $0.baseAddress, $0.count) }
      // Until the peer has gone: a connection that is closed with unread requests loses what was said.
      var request = [UInt8](repeating: 0, count: 256)
      while read(peer, &request, request.count) > 0 {}
      close(peer)
      close(listener)
    }.start()
  }

  private func detection(_ number: Int, of source: String) -> String {
    #"{"type":"detection","seq":\#(number),"source":"\#(source)","model":"m","label":"a","score":0.9000,"t_us":2,"#
      + #""t_start_us":1,"id":"\#(source).m.\#(number)","phase":"point"}"#
  }

  @Test("what everybody is told before the answer comes is not what was asked for")
  func beforeTheAnswer() throws {
    let folder = NSTemporaryDirectory() + "ganglion-listen-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let answer = #"{"type":"subscribed","id":1,"seq":1,"snapshot":{"sources":[],"detections":[]}}"#
    let hello = #"{"type":"hello","protocol":[1,2],"server":"ganglion/test","sources":[],"models":[]}"#
    let lines = [hello, detection(1, of: "other"), answer, detection(2, of: "mine")]
    for (options, expected) in [("", [lines[3]]), (" --raw", lines)] {
      let path = "\(folder)/s\(options.count)"
      try daemon(at: path, saying: lines)
      let outcome = try Program.shell(
        "timeout -s KILL 60 \"$GANGLION\" listen\(options) --socket \(path) --source mine -n 1")
      #expect(outcome.code == 0 && outcome.lines == expected, "\(outcome)")
    }
  }
}
