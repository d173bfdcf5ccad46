import Foundation
import GanglionClient
import SocketProtocol
import Testing

@testable import Daemon

/// The daemon with its wake service, on sound of a satellite. Tests that wait for a daemon keep threads that it needs, so
/// they are of one suite, one after another.
extension DaemonTests {
  private static let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples").standardizedFileURL.path

  private func configuration(_ folder: TemporaryFolder, model: String) throws -> String {
    try folder.write(
      """
      models: {m: \(Self.samples)/models/\(model).safetensors}
      sources: {kitchen: {type: wyoming}}
      wyoming: {listen: "unix:w"}
      log: error
      """, to: "g.yaml")
  }

  @Test func aWakeServiceWithoutAWakeWordIsRefused() throws {
    let folder = try TemporaryFolder()
    let path = try configuration(folder, model: "digits")
    let error = #expect(throws: ConfigurationError.self) { try Plan(path: path) }
    #expect(error?.description.contains("no model finds words in streams") == true)
  }

  @Test func aSatelliteIsAnsweredAndSubscribersHearItToo() async throws {
    let folder = try TemporaryFolder()
    let path = try configuration(folder, model: "computer")
    let daemon = GanglionDaemon(
      path: path, plan: try Plan(path: path), name: "ganglion/test", log: Log(least: .error, write: { _ in }),
      notifier: Notifier(environment: [:]))
    let listener = try UnixListener(path: folder.file("s"))
    let running = Task { try await daemon.run(listener) }
    let client = try Client(path: folder.file("s"), greetingTimeoutMilliseconds: 600_000)
    let satellite = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(satellite) }
    let address = try #require(UnixAddress(folder.file("w")))
    for _ in 0..<1_000 where address.withPointer({ connect(satellite, $0, $1) }) != 0 { usleep(10_000) }
    let sound = try Data(
      contentsOf: URL(fileURLWithPath: Self.samples + "/recordings/wake/computer-292e237d.wav")
    ).dropFirst(44)
    let silence = Data(repeating: 0, count: 64_000)
    let audio = silence + sound + silence
    var request = Data()
    for begin in stride(from: audio.startIndex, to: audio.endIndex, by: 4_096) {
      let chunk = audio[begin..<min(audio.endIndex, begin + 4_096)]
      let format = #""data":{"rate":16000,"width":2,"channels":1}"#
      request += Data("{\"type\":\"audio-chunk\",\(format),\"payload_length\":\(chunk.count)}\n".utf8) + chunk
    }
    request += Data("{\"type\":\"audio-stop\"}\n".utf8)
    try FileHandle(fileDescriptor: satellite, closeOnDealloc: false).write(contentsOf: request)
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let count = recv(satellite, &buffer, buffer.count, 0)
    let answer = String(decoding: buffer[..<max(0, count)], as: UTF8.self)
    #expect(answer.contains(#""type":"detection""#) && answer.contains(#""name":"computer","timestamp":4000"#))
    let messages = try client.messages { if case .detection = $0 { true } else { false } }
    guard case .detection(let found)? = messages.last else {
      Issue.record("the subscriber heard nothing")
      return
    }
    #expect(found.source == "kitchen" && found.label == "computer" && found.endMicroseconds == 4_000_000)
    // Who listens to the wake service must not keep the daemon from ending.
    daemon.stop()
    try await running.value
    #expect(recv(satellite, &buffer, buffer.count, 0) <= 0)
    #expect(!FileManager.default.fileExists(atPath: folder.file("w")))
  }
}
