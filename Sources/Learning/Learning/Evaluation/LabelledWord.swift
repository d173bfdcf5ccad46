import Foundation
import Numerics

/// A word somebody has marked in a recording: what is said, and from when to when.
public struct LabelledWord: Sendable, Equatable, Codable {
  public var label: String
  /// Stream time, microseconds.
  public var startMicroseconds: Int64
  public var endMicroseconds: Int64

  public init(label: String, startMicroseconds: Int64, endMicroseconds: Int64) {
    self.label = label
    self.startMicroseconds = startMicroseconds
    self.endMicroseconds = endMicroseconds
  }
}

/// Labels as text, one word a line: start and end in seconds and the label, with tabs or commas between them. It is what
/// Audacity writes as a label track. Empty lines, lines that begin with `#`, a first line `start,end,label`, and the lines
/// with a backslash in which Audacity keeps the frequencies of a label are passed over.
public enum LabelFile {
  /// Longest recording that can be labelled, seconds: far beyond any, and exact in microseconds.
  private static let longestSeconds = 1e9
  private static let ignorable = CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\u{FEFF}"))

  /// Reads a file; words come in order of their starts.
  ///
  /// - Parameter known: the labels there may be.
  /// - Throws: `DataError` with the line, for what is no label of `known`, no time, or ends before it starts.
  public static func read(_ path: String, known: [String]) throws(DataError) -> [LabelledWord] {
    let text: String
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw DataError.missingFile(path: path, reason: "there is no such text file")
    }
    return try parse(text, path: path, known: known)
  }

  static func parse(_ text: String, path: String, known: [String]) throws(DataError) -> [LabelledWord] {
    var words: [LabelledWord] = []
    // A carriage return and a line feed are one character to Swift.
    for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      func refuse(_ reason: String) -> DataError { .malformed(path: path, line: index + 1, reason: reason) }
      // Editors of Windows begin a text with a mark of its byte order.
      let trimmed = line.trimmingCharacters(in: index == 0 ? Self.ignorable : .whitespaces)
      if trimmed.isEmpty || trimmed.hasPrefix("#") { continue }
      if trimmed.hasPrefix("\\"), !words.isEmpty { continue }
      let separator: Character = trimmed.contains("\t") ? "\t" : ","
      let fields = trimmed.split(separator: separator, maxSplits: 2, omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      if words.isEmpty && fields.map({ $0.lowercased() }) == ["start", "end", "label"] { continue }
      guard fields.count == 3, let start = Double(fields[0]), let end = Double(fields[1]) else {
        throw refuse("expected start, end (seconds) and label with tabs or commas between them, found '\(trimmed)'")
      }
      guard start >= 0, end >= start, end <= longestSeconds else {
        throw refuse("a word lies between 0 and \(longestSeconds) s and ends after it starts, found \(start) to \(end)")
      }
      guard known.contains(fields[2]) else {
        throw refuse("'\(fields[2])' is not one of the model's labels: \(known.joined(separator: ", "))")
      }
      words.append(
        LabelledWord(
          label: fields[2], startMicroseconds: Int64((start * 1e6).rounded()),
          endMicroseconds: Int64((end * 1e6).rounded())))
    }
    return words.sorted { ($0.startMicroseconds, $0.endMicroseconds) < ($1.startMicroseconds, $1.endMicroseconds) }
  }

  /// The text of such a file.
  public static func text(_ words: [LabelledWord]) -> String {
    words.map { word in
      let times = [word.startMicroseconds, word.endMicroseconds].map(NumberText.seconds)
      return "\(times[0])\t\(times[1])\t\(word.label)\n"
    }.joined()
  }
}
