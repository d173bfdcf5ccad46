import Failures
import Foundation

/// The runs of an experiment on disk, one JSON object a line, so that one that was stopped goes on.
struct RunRecord<Run: Codable> {
  let path: String

  /// The runs so far, once it is clear that more can be written: nobody waits for a run to find that out.
  func read() throws -> [Run] {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw RecordError(
        path: folder, reason: "\(String(cString: strerror(errno))); give --results a folder to write to")
    }
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
    let line = try encoder.encode(run) + Data("\n".utf8)
    do {
      try append(line)
    } catch {
      throw RecordError(path: path, reason: "\(error.localizedDescription); make room and run again: it goes on")
    }
  }

  private func append(_ line: Data) throws {
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? file.close() }
    try file.seekToEnd()
    try file.write(contentsOf: line)
  }
}

/// Why an experiment's runs cannot be kept.
struct RecordError: ReportedError {
  let path: String
  let reason: String

  var kind: FailureKind { .output }
  var description: String { "\(path): cannot be written: \(reason)" }
}
