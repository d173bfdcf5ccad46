import Foundation
import Testing

/// The house as it is drawn: which room stands on which floor, and that doors lead down only.
struct HouseTests {
  /// From the ground up, a folder of `Sources` each. A room may use its own floor and those below it.
  private static let floors = [
    "System", "Ground", "Signals", "Encoding", "Networks", "Streams", "Learning", "Service", "Programs", "Laboratory",
  ]
  /// Stand side by side: neither knows the other.
  private static let apart: [(String, String)] = [("Service", "Learning")]

  /// Rooms that no product opens: what they hold is no promise to other packages.
  private static let inside = [
    "BandEncoders", "Daemon", "Digests", "MQTTPublishing", "OutputFiles", "PageService", "Plotting", "Settings",
    "Signatures", "SoundCapture", "WyomingService",
  ]

  private let rooms: [Room]

  init() throws { rooms = try Room.all() }

  @Test func everyFolderIsADeclaredRoomOnItsFloor() throws {
    let declared = rooms.map(\.path).filter { !$0.hasPrefix("Tests/") }.sorted()
    #expect(try Room.folders(ofFloors: Self.floors) == declared)
    for room in rooms where !room.path.hasPrefix("Tests/") { #expect(room.path.hasSuffix("/" + room.name)) }
  }

  @Test func whatIsImportedIsDeclaredAndWhatIsDeclaredIsImported() throws {
    let names = Set(rooms.map(\.name))
    for room in rooms where !room.swiftFiles.isEmpty {
      let imported = try room.imports().intersection(names)
      #expect(imported.subtracting(room.dependencies).sorted() == [], "imported by \(room.name), but not declared")
      #expect(room.dependencies.subtracting(imported).sorted() == [], "declared for \(room.name), but not imported")
    }
  }

  @Test func whatIsInsideIsNotPublic() throws {
    for name in Self.inside {
      let room = try #require(rooms.first { $0.name == name })
      for file in room.swiftFiles {
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.firstMatch(of: #/(?m)^ *(@\w+ )*public /#) == nil, "\(file.lastPathComponent)")
      }
    }
  }

  @Test func doorsLeadDown() throws {
    let floors = Dictionary(uniqueKeysWithValues: rooms.map { ($0.name, $0.floor) })
    func floor(of name: String) -> Int? { Self.floors.firstIndex { $0 == floors[name] } }
    for room in rooms {
      guard let own = floor(of: room.name) else { continue }
      for used in room.dependencies {
        let other = try #require(floor(of: used), "\(room.name) uses \(used)")
        #expect(other <= own, "\(room.name) uses \(used), which stands above it")
        for (upper, lower) in Self.apart {
          #expect(Self.floors[own] != upper || Self.floors[other] != lower, "\(room.name) uses \(used) of \(lower)")
        }
      }
    }
  }
}

/// What is listed in one place is known nowhere else but in its own folder.
struct ListTests {
  @Test func anEventFormatIsKnownToItsFolderAndTheList() throws {
    let room = Room.top.appendingPathComponent("Sources/Signals/EventFormats")
    let list = room.appendingPathComponent("EventFormatList.swift")
    let names = try String(contentsOf: list, encoding: .utf8).matches(of: #/\.(\w+)(?=,)/#).map { $0.output.1 }
    try #require(names.count >= 19)
    let shared = try FileManager.default.contentsOfDirectory(at: room, includingPropertiesForKeys: nil)
    let writing = try FileManager.default.contentsOfDirectory(
      at: room.appendingPathComponent("Writing"), includingPropertiesForKeys: nil)
    for file in shared + writing where file.pathExtension == "swift" && file.lastPathComponent != list.lastPathComponent
    {
      let text = try String(contentsOf: file, encoding: .utf8)
      let known = text.matches(of: #/\.(\w+)/#).map { $0.output.1 }.filter { names.contains($0) }
      #expect(known == [], "\(file.lastPathComponent) knows single formats")
    }
  }
}

/// A target, as the manifest and its files tell it.
private struct Room {
  static let top = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL

  let name: String
  let path: String
  let dependencies: Set<String>
  /// The folder of `Sources` that it lies in.
  var floor: String { path.split(separator: "/").dropLast().last.map(String.init) ?? "" }

  /// Paths of all folders on the floors, which must be all that there are.
  static func folders(ofFloors floors: [String]) throws -> [String] {
    let sources = top.appendingPathComponent("Sources")
    // The package for Python stands beside the floors.
    let found = try FileManager.default.contentsOfDirectory(atPath: sources.path)
    #expect(found.sorted() == (floors + ["Python"]).sorted())
    return try floors.flatMap { floor in
      try FileManager.default.contentsOfDirectory(atPath: sources.appendingPathComponent(floor).path)
        .map { "Sources/\(floor)/\($0)" }
    }.sorted()
  }

  /// All of them. The manifest is read as text: to ask the package manager would build it anew.
  static func all() throws -> [Room] {
    let manifest = try String(contentsOf: top.appendingPathComponent("Package.swift"), encoding: .utf8)
    let whole = manifest.prefix(upTo: (manifest.range(of: "swiftLanguageModes")?.lowerBound ?? manifest.endIndex))
    let target = #/\n    \.(?<kind>target|executableTarget|testTarget|systemLibrary)\(\s*name: "(?<name>[\w-]+)"/#
    let begins = whole.matches(of: target)
    return begins.enumerated().map { index, begin in
      let end = index + 1 < begins.count ? begins[index + 1].range.lowerBound : whole.endIndex
      let text = whole[begin.range.upperBound..<end]
      let list = text.firstMatch(of: #/dependencies: \[(?<list>[^\]]*)\]/#)?.output.list ?? ""
      let targets = list.replacing(#/\.product\([^)]*\)/#, with: "")
      let names = targets.matches(of: #/"([\w-]+)"/#).map { String($0.output.1) }
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
