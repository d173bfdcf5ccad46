import Foundation
import Testing

/// The house as it is drawn: which room stands on which floor, and that doors lead down only.
struct HouseTests {
  /// From the ground up. A room may use its own floor and those below it.
  private static let floors: [(name: String, rooms: Set<String>)] = [
    (
      "system",
      [
        "CALSA", "CALSAMessages", "CBLAS", "CBzip2", "CCairo", "CHDF5", "CKernels", "CLZ4", "CLinux", "CSQLite",
        "CSndFile", "CSoxr", "CZlib", "CZstd",
      ]
    ),
    ("ground", ["Failures", "OutputFiles", "Settings", "Tensors"]),
    ("signals", ["Audio", "EventFormats", "Events", "Plotting"]),
    ("encoding", ["Spiketrum"]),
    ("networks", ["SpikingNetworks"]),
    ("models", ["ModelFiles", "Recognition"]),
    ("streams", ["Dataflow", "Pipelines", "SoundCapture", "StreamSources"]),
    ("learning", ["Learning"]),
    ("service", ["Daemon", "GanglionClient", "SocketProtocol"]),
    ("programs", ["ganglion"]),
  ]
  /// Stand side by side: neither knows the other.
  private static let apart: [(String, String)] = [("service", "learning")]

  private let rooms: [Room]

  init() throws { rooms = try Room.all() }

  @Test func everyRoomHasItsFloor() {
    let drawn = Self.floors.flatMap(\.rooms).sorted()
    #expect(drawn == rooms.filter { !$0.path.hasPrefix("Tests/") }.map(\.name).sorted())
  }

  @Test func whatIsImportedIsDeclaredAndWhatIsDeclaredIsImported() throws {
    let names = Set(rooms.map(\.name))
    for room in rooms where !room.swiftFiles.isEmpty {
      let imported = try room.imports().intersection(names)
      #expect(imported.subtracting(room.dependencies).sorted() == [], "imported by \(room.name), but not declared")
      #expect(room.dependencies.subtracting(imported).sorted() == [], "declared for \(room.name), but not imported")
    }
  }

  @Test func doorsLeadDown() throws {
    func floor(of name: String) -> Int? { Self.floors.firstIndex { $0.rooms.contains(name) } }
    for room in rooms {
      guard let own = floor(of: room.name) else { continue }
      for used in room.dependencies {
        let other = try #require(floor(of: used), "\(room.name) uses \(used)")
        #expect(other <= own, "\(room.name) uses \(used), which stands above it")
        for (upper, lower) in Self.apart {
          #expect(
            Self.floors[own].name != upper || Self.floors[other].name != lower, "\(room.name) uses \(used) of \(lower)")
        }
      }
    }
  }
}

/// A target, as the manifest and its files tell it.
private struct Room {
  private static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  let name: String
  let path: String
  let dependencies: Set<String>

  /// All of them. The manifest is read as text: to ask the package manager would build it anew.
  static func all() throws -> [Room] {
    let manifest = try String(contentsOf: top.appendingPathComponent("Package.swift"), encoding: .utf8)
    let whole = manifest.prefix(upTo: (manifest.range(of: "swiftLanguageModes")?.lowerBound ?? manifest.endIndex))
    let target = #/\n    \.(?<kind>target|executableTarget|testTarget|systemLibrary)\(\s*name: "(?<name>\w+)"/#
    let begins = whole.matches(of: target)
    return begins.enumerated().map { index, begin in
      let end = index + 1 < begins.count ? begins[index + 1].range.lowerBound : whole.endIndex
      let text = whole[begin.range.upperBound..<end]
      let list = text.firstMatch(of: #/dependencies: \[(?<list>[^\]]*)\]/#)?.output.list ?? ""
      let names = list.replacing(#/\.product\([^)]*\)/#, with: "").matches(of: #/"(\w+)"/#).map { String($0.output.1) }
      let folder = begin.output.kind == "testTarget" ? "Tests" : "Sources"
      let path = text.firstMatch(of: #/path: "(?<path>[^"]+)"/#).map { String($0.output.path) }
      return Room(
        name: String(begin.output.name), path: path ?? "\(folder)/\(begin.output.name)",
        dependencies: Set(names).subtracting(["Yams"]))
    }
  }

  var swiftFiles: [URL] {
    let files = FileManager.default.enumerator(
      at: Self.top.appendingPathComponent(path), includingPropertiesForKeys: nil)
    return (files?.compactMap { $0 as? URL } ?? []).filter { $0.pathExtension == "swift" }
  }

  func imports() throws -> Set<String> {
    var found: Set<String> = []
    let line = #/(?m)^(?:@testable )?import (?:struct |enum |class |func )?(\w+)/#
    for file in swiftFiles {
      for match in try String(contentsOf: file, encoding: .utf8).matches(of: line) {
        found.insert(String(match.output.1))
      }
    }
    return found
  }
}
