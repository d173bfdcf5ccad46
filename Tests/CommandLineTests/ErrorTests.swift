import CommandSupport
import Failures
import Foundation
import Testing

@testable import ganglion

/// Every error type of the program knows its kind, and the exit code follows from that.
struct ErrorTests {
  /// Types of a source text that are made errors there without a kind.
  private static func kindless(in text: String) -> [String] {
    declarations(in: text).filter { declared in
      declared.inherits.contains { ["Error", "Swift.Error", "LocalizedError", "CustomNSError"].contains($0) }
    }.map(\.name)
  }

  private static func declarations(in text: String) -> [(name: String, inherits: [String])] {
    text.matches(of: /\b(?:struct|enum|class|actor|extension)\s+([A-Za-z_.]+)(?:<[^{]*>)?\s*:([^{}]*)\{/).map { match in
      let names = match.2.split(separator: /\bwhere\b/, maxSplits: 1).first ?? ""
      return (
        String(match.1),
        names.split(separator: ",").map { $0.split(whereSeparator: \.isWhitespace).last.map(String.init) ?? "" }
      )
    }
  }

  private static let sources: [(path: String, text: String)] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../Sources")
      .standardized.path
    let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".swift") }.compactMap { name in
      (try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)).map { (name, $0) }
    }
  }()

  @Test("an error without a kind is found, however it is written")
  func finder() {
    let text = """
      struct A: Error { }
      public enum B<Value: Sendable>: Equatable,
        Swift.Error
      {
        case c
      }
      extension C: @retroactive Error {}
      private final class D: LocalizedError where Self: Sendable {}
      struct E: ReportedError {}
      struct F: Equatable { let last: any Error }
      """
    #expect(Self.kindless(in: text) == ["A", "B", "C", "D"])
  }

  @Test("every error type of the program knows its kind")
  func kinds() {
    var known = 0
    for (path, text) in Self.sources {
      for name in Self.kindless(in: text) { Issue.record("\(path): \(name) has no kind; make it a ReportedError") }
      known += Self.declarations(in: text).count { $0.inherits.contains("ReportedError") }
    }
    #expect(known >= 30)
  }

  @Test("results are written by what tells of a failure and leaves nothing half-written")
  func writers() {
    let others = [
      #/(?:^|[^.\w])print\(/#, #/\.write\(to: ?URL/#, #/\.write\(toFile/#, #/atomically: /#,
      #/FileHandle\(for(?:Writing|Updating)/#, #/createFile\(atPath/#, #/createDirectory\(at/#,
    ]
    for (path, text) in Self.sources {
      for line in text.split(separator: "\n") where others.contains(where: { line.contains($0) }) {
        Issue.record("\(path): use StandardOutput or OutputFile, which fail with an error of a kind: \(line)")
      }
    }
  }

  @Test("no error of Foundation or of the system leaves the place where it is met")
  func foreignErrors() {
    let foreign = [
      #/\btry (?:String|Data)\(contentsOf/#, #/\btry FileManager\.default/#,
      #/\bthrow (?:NSError|CocoaError|POSIXError|errno\s*$)/#, #/\btry (?:JSON|YAML)(?:De|En)coder\(\)/#,
    ]
    for (path, text) in Self.sources {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() where foreign.contains(where: { line.contains($0) }) {
        let before = lines[max(0, index - 10)..<index]
        if before.contains(where: { $0.contains(/\bdo (?:throws.*)?\{/) }) { continue }
        Issue.record("\(path): turn it into an error of a kind here: \(line)")
      }
    }
  }

  @Test("the README has the exit codes of the help")
  func readme() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../README.md").path
    let lines = Set(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n"))
    for line in CommandSupport.ExitStatus.help.split(separator: "\n").dropFirst() {
      #expect(lines.contains("  \(line)"), "README.md lacks '\(line)'")
    }
  }

  @Test("each kind has an exit code of its own, as documented")
  func codes() {
    #expect(Set(FailureKind.allCases.map(\.exitStatus)).count == FailureKind.allCases.count)
    let codes: [FailureKind: Int32] = [
      .other: 1, .usage: 64, .badInput: 65, .missing: 66, .unavailable: 69, .output: 74, .sentAway: 75,
      .configuration: 78, .readerGone: 141, .interrupted: 130, .terminated: 143,
    ]
    let help = CommandSupport.ExitStatus.help
    for kind in FailureKind.allCases {
      #expect(kind.exitStatus == codes[kind])
      #expect(help.contains("\n  \(kind.exitStatus) "))
    }
  }
}
