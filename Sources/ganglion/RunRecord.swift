import Foundation

/// The runs of an experiment on disk, one JSON object a line, so that one that was stopped goes on.
struct RunRecord<Run: Codable> {
  let path: String

  func read() throws -> [Run] {
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    return try lines.enumerated().map { index, line in
      do {
        return try JSONDecoder().decode(Run.self, from: Data(line.utf8))
      } catch {
        throw InputFileError(path: path, reason: "line \(index + 1) is no run of this experiment: \(error)")
      }
    }
  }

  func append(_ run: Run) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: encoder.encode(run) + Data("\n".utf8))
  }
}
