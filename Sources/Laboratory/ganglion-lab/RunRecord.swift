import CommandSupport
import Foundation
import OutputFiles

/// The runs of an experiment on disk, one JSON object a line, so that one that was stopped goes on.
struct RunRecord<Run: Codable> {
  let path: String

  /// The runs so far, once it is clear that more can be written: nobody waits for a run to find that out.
  func read() throws -> [Run] {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    guard access(folder, W_OK) == 0 else {
      throw OutputFileError(path: folder, number: errno)
    }
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw InputFileError(path: path, reason: "is no text file that can be read")
    }
    let lines = text.split(separator: "\n")
    return try lines.enumerated().map { index, line in
      do {
        return try JSONDecoder().decode(Run.self, from: Data(line.utf8))
      } catch {
        throw InputFileError(path: path, reason: "line \(index + 1) is no run of this experiment; take it out")
      }
    }
  }

  func append(_ run: Run) throws {
    try OutputFiles.append(line: jsonText(run), to: path)
  }
}
