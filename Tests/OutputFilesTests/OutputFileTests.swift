import Foundation
import OutputFiles
import Testing

/// In a folder of its own, which is empty at first.
@Suite("Files appear whole or not at all", .serialized)
final class OutputFileTests {
  private let folder: String
  private var path: String { folder + "/result" }

  init() throws {
    folder = NSTemporaryDirectory() + "ganglion-output-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] }
  private func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }
  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test("what was there stays until all is written, and is replaced in one step", arguments: [false, true])
  func replaced(needsName: Bool) throws {
    try OutputFile.write("before", to: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
    let file = try OutputFile(path, needsName: needsName)
    #expect((file.passingPath != nil) == needsName)
    try file.write(Array("begun".utf8))
    #expect(text(path) == "before")
    try Array("B".utf8).withUnsafeBytes { try file.patch($0, at: 0) }
    try file.finish()
    #expect(text(path) == "Begun")
    #expect(try mode(path) == 0o640)
    #expect(names == ["result"])
  }

  @Test("a file that is given up leaves nothing", arguments: [false, true])
  func givenUp(needsName: Bool) throws {
    do {
      let file = try OutputFile(path, needsName: needsName)
      try file.write(Array("begun".utf8))
      #expect(names.count == (needsName ? 1 : 0))
    }
    #expect(names == [])
  }

  @Test("whoever ends the program can take away what has a passing name")
  func discarded() throws {
    let file = try OutputFile(path, needsName: true)
    try file.write(Array("begun".utf8))
    UnfinishedFiles.discard()
    #expect(names == [])
    withExtendedLifetime(file) {}
  }

  @Test("a link stays, and the file it leads to is replaced")
  func link() throws {
    let target = folder + "/target"
    try OutputFile.write("before", to: target)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "target")
    try OutputFile.write("after", to: path)
    #expect(text(target) == "after")
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path) == "target")
  }

  @Test("a device is written in place and stays one; that it is full is told")
  func device() throws {
    #expect(throws: OutputFileError(path: "/dev/full", number: ENOSPC)) {
      try OutputFile.write("text", to: "/dev/full")
    }
    #expect(throws: OutputFileError(path: "/dev/full", number: ENOSPC)) { try append(line: "line", to: "/dev/full") }
    #expect(
      try FileManager.default.attributesOfItem(atPath: "/dev/full")[.type] as? FileAttributeType
        == .typeCharacterSpecial)
    #expect(
      OutputFileError(path: "x", number: ENOSPC).description
        == "x: cannot be written: No space left on device; make room and run it again")
  }

  @Test("where a file cannot be is told before anything is written")
  func noPlace() throws {
    #expect(throws: OutputFileError(path: folder, number: EISDIR)) { try OutputFile(folder) }
    let nowhere = folder + "/nowhere/result"
    #expect(throws: OutputFileError(path: nowhere, number: ENOENT)) { try OutputFile(nowhere) }
    #expect(throws: OutputFileError(path: nowhere, number: ENOENT)) { try append(line: "line", to: nowhere) }
  }

  @Test("lines are added to what is there")
  func lines() throws {
    try append(line: "one", to: path)
    try append(line: "two", to: path)
    #expect(text(path) == "one\ntwo\n")
  }

  @Test("folders are made with those they stand in, and a file in the way is told")
  func folders() throws {
    let deep = folder + "/a/b/c"
    try makeFolder(deep)
    try makeFolder(deep)
    #expect(try FileManager.default.attributesOfItem(atPath: deep)[.type] as? FileAttributeType == .typeDirectory)
    try OutputFile.write("text", to: path)
    #expect(throws: OutputFileError(path: path, number: EEXIST)) { try makeFolder(path) }
  }
}
