import Foundation
import SocketProtocol
import Testing

@testable import Daemon

struct UnixListenerTests {
  @Test func theFileHasItsModeAndGoesWithTheListener() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("new/s")
    do {
      let listener = try UnixListener(path: path, mode: 0o660)
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o660)
      withExtendedLifetime(listener) {}
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func aSecondDaemonIsRefused() throws {
    let folder = try TemporaryFolder()
    let first = try UnixListener(path: folder.file("s"))
    let error = #expect(throws: ListenerError.self) { try UnixListener(path: folder.file("s")) }
    #expect(error?.code == .alreadyRunning)
    #expect(FileManager.default.fileExists(atPath: first.path))
  }

  @Test func aStaleSocketIsReplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("s")
    let dead = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let address = try #require(UnixAddress(path))
    #expect(address.withPointer { bind(dead, $0, $1) } == 0)
    #expect(listen(dead, 1) == 0)
    close(dead)
    #expect(FileManager.default.fileExists(atPath: path))
    let listener = try UnixListener(path: path)
    let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #expect(address.withPointer { connect(probe, $0, $1) } == 0)
    close(probe)
    withExtendedLifetime(listener) {}
  }

  @Test func aLivingSocketOfAnotherProgramIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("s")
    let other = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let address = try #require(UnixAddress(path))
    #expect(address.withPointer { bind(other, $0, $1) } == 0)
    #expect(listen(other, 1) == 0)
    let error = #expect(throws: ListenerError.self) { try UnixListener(path: path) }
    #expect(error?.code == .alreadyRunning)
    close(other)
  }

  @Test func aFileThatIsNoSocketIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    try folder.write("precious", to: "s")
    let error = #expect(throws: ListenerError.self) { try UnixListener(path: folder.file("s")) }
    #expect(error?.code == .occupied)
    #expect(try String(contentsOfFile: folder.file("s"), encoding: .utf8) == "precious")
  }

  @Test func aPathThatDoesNotFitIsRefusedWithItsLength() {
    let path = "/tmp/" + String(repeating: "x", count: 103)
    let error = #expect(throws: ListenerError.self) { try UnixListener(path: path) }
    #expect(error?.code == .pathTooLong)
    #expect(error?.reason.contains("108 bytes") == true)
  }

  @Test func aSocketWhoseFileIsGoneIsBoundAnewAndGoesWithTheLastOfThem() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("run/s")
    do {
      let first = try UnixListener(path: path, mode: 0o640)
      #expect(first.isReachable)
      // With its folder, and so with the lock.
      try FileManager.default.removeItem(atPath: folder.file("run"))
      #expect(!first.isReachable)
      let second = try first.renewed()
      #expect(second.isReachable)
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
      #expect(throws: ListenerError.self) { try UnixListener(path: path) }
      // The file alone; the lock stays and is not waited for.
      unlink(path)
      let third = try second.renewed()
      #expect(third.isReachable)
      // Those before leave alone what is not theirs any more.
      first.withdraw()
      second.withdraw()
      #expect(third.isReachable)
      withExtendedLifetime((first, second, third)) {}
    }
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test func somebodyElsesFileInPlaceOfTheSocketIsLeftAlone() throws {
    let folder = try TemporaryFolder()
    let listener = try UnixListener(path: folder.file("s"))
    unlink(folder.file("s"))
    try folder.write("precious", to: "s")
    #expect(!listener.isReachable)
    let error = #expect(throws: ListenerError.self) { try listener.renewed() }
    #expect(error?.code == .occupied)
    #expect(try String(contentsOfFile: folder.file("s"), encoding: .utf8) == "precious")
  }

  @Test func aSocketOfSystemdIsNeverRemoved() throws {
    let folder = try TemporaryFolder()
    let path = folder.file("s")
    let made = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let address = try #require(UnixAddress(path))
    #expect(address.withPointer { bind(made, $0, $1) } == 0)
    #expect(listen(made, 1) == 0)
    do {
      let listener = UnixListener(activated: made, path: path)
      #expect(listener.isReachable)
      withExtendedLifetime(listener) {}
    }
    #expect(FileManager.default.fileExists(atPath: path))
  }
}
