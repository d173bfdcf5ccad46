import Foundation

/// DVS128 Gesture as its publisher lays it out: one AEDAT 3.1 file a subject and lighting, and beside it a table of
/// which gesture lasted from when to when. The subjects of `trials_to_test.txt` are the test part; the last three of
/// `trials_to_train.txt` in order of number the validation part.
struct GestureLayout {
  let folder: String
  let labels: [String]?

  private static let names = [
    "hand clapping", "right hand wave", "left hand wave", "right arm clockwise", "right arm counter clockwise",
    "left arm clockwise", "left arm counter clockwise", "arm roll", "air drums", "air guitar", "other",
  ]

  func split() throws -> DataSplit {
    var split = DataSplit(labels: labels ?? Self.names)
    let train = try trials("trials_to_train.txt")
    let subjects = Set(train.map(subject)).sorted()
    let validating = subjects.count > 3 ? Set(subjects.suffix(3)) : []
    for trial in train {
      let recordings = try recordings(of: trial, classes: split.labels.count)
      if validating.contains(subject(trial)) {
        split.validation += recordings
      } else {
        split.train += recordings
      }
    }
    for trial in try trials("trials_to_test.txt") {
      split.test += try recordings(of: trial, classes: split.labels.count)
    }
    return split
  }

  private func subject(_ trial: String) -> String {
    trial.split(separator: "_").first.map(String.init) ?? trial
  }

  private func trials(_ name: String) throws -> [String] {
    try lines("\(folder)/\(name)").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private func recordings(of trial: String, classes: Int) throws -> [Recording] {
    let stem = trial.hasSuffix(".aedat") ? String(trial.dropLast(6)) : trial
    let table = "\(folder)/\(stem)_labels.csv"
    var list: [Recording] = []
    for (index, line) in try lines(table).enumerated() where index > 0 && !line.allSatisfy(\.isWhitespace) {
      let fields = line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard fields.count == 3, let label = Int(fields[0]), let start = Int64(fields[1]), let end = Int64(fields[2]),
        (1...classes).contains(label), start < end
      else {
        throw DataError.malformed(
          path: table, line: index + 1, reason: "expected class (1 to \(classes)), start and end, found '\(line)'")
      }
      list.append(
        Recording(
          path: "\(folder)/\(stem).aedat", label: label - 1, group: subject(trial), microseconds: start..<end))
    }
    return list
  }

  private func lines(_ path: String) throws -> [Substring.SubSequence] {
    do {
      return try String(contentsOfFile: path, encoding: .utf8).split(
        omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    } catch {
      throw DataError.unreadable(path: path, reason: "there is no such text file")
    }
  }
}
