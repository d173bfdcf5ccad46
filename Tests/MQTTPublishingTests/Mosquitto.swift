import Foundation
import Glibc
import Testing

/// A real broker on a port of its own, and somebody who listens to it.
final class Mosquitto {
  static let broker = find("mosquitto")
  private static let listener = find("mosquitto_sub")
  static let sender = find("mosquitto_pub")
  /// Whether the tests with a broker can be run.
  static let isThere = broker != nil && listener != nil && sender != nil
  static let why: Comment = "mosquitto and mosquitto-clients are not installed"

  let folder: String
  let port: UInt16
  private let configuration: String
  private var process: Process?

  /// - Parameter more: lines of its configuration; `FOLDER` stands for its own folder.
  init(_ more: String = "allow_anonymous true", start: Bool = true) throws {
    folder = NSTemporaryDirectory() + "mosquitto-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    port = try Self.freePort()
    configuration = "user root\nlistener \(port) 127.0.0.1\n" + more.replacing("FOLDER", with: folder) + "\n"
    if start { try self.start() }
  }

  deinit {
    kill()
    try? FileManager.default.removeItem(atPath: folder)
  }

  func file(_ name: String) -> String { folder + "/" + name }

  func write(_ text: String, to name: String) throws {
    try text.write(toFile: file(name), atomically: true, encoding: .utf8)
  }

  func start() throws {
    try write(configuration, to: "m.conf")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.broker ?? "")
    process.arguments = ["-c", file("m.conf")]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    self.process = process
    for _ in 0..<500 where !answers() { usleep(10_000) }
  }

  /// At once, as a power cut would.
  func kill() {
    guard let process, process.isRunning else { return }
    Glibc.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  func publish(_ topic: String, _ payload: String, isRetained: Bool = false) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.sender ?? "")
    process.arguments = ["-p", "\(port)", "-t", topic, "-m", payload, "-q", "1"] + (isRetained ? ["-r"] : [])
    try process.run()
    process.waitUntilExit()
  }

  /// Listens to everything from now on.
  func listen(_ arguments: [String] = []) throws -> Ear {
    let ear = try Ear(
      Self.listener ?? "", ["-p", "\(port)", "-t", "#", "-F", "%r %t %p"] + arguments, path: file("\(UUID())"))
    // It listens once it hears itself spoken to.
    while arguments.isEmpty && !ear.isAwake { try publish("ear/awake", "") }
    return ear
  }

  private func answers() -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return Self.with(port) { connect(descriptor, $0, $1) } == 0
  }

  private static func with<Result>(
    _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var address = sockaddr_in()
    (address.sin_family, address.sin_port) = (sa_family_t(AF_INET), port.bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    guard with(0, { bind(descriptor, $0, $1) }) == 0 else { throw POSIXError(.EADDRINUSE) }
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  static func find(_ name: String) -> String? {
    ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"].map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }
}

/// What somebody who listens to a broker has heard: lines of `0 TOPIC PAYLOAD`, or `1 …` for what the broker had kept. It
/// goes through a file, which needs no thread to be read.
final class Ear {
  private let process = Process()
  private let path: String

  init(_ program: String, _ arguments: [String], path: String) throws {
    self.path = path
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle(forWritingAtPath: path)
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  // A child has the signal mask of the thread that began it, which lets through nothing gentler.
  deinit { kill(process.processIdentifier, SIGKILL) }

  private var lines: [String] {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
  }

  var heard: [String] { lines.filter { !$0.contains(" ear/awake ") } }
  var isAwake: Bool { !lines.isEmpty }

  /// Payloads under a topic, in order.
  func payloads(_ topic: String) -> [String] {
    heard.filter { $0.dropFirst(2).hasPrefix(topic + " ") }.map { String($0.dropFirst(3 + topic.count)) }
  }

  /// Waits until what was heard satisfies a condition.
  func waits(seconds: Int = 20, until isThere: ([String]) -> Bool) -> Bool {
    for _ in 0..<seconds * 100 {
      if isThere(heard) { return true }
      usleep(10_000)
    }
    return false
  }
}
