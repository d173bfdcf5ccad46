import Foundation

/// DVS128 Gesture as its publisher lays it out: one AEDAT 3.1 file a subject and lighting, and beside it a table of
/// which gesture lasted from when to when.
extension DataSet {
  private static let gestureNames = [
    "hand clapping", "right hand wave", "left hand wave", "right arm clockwise", "right arm counter clockwise",
    "left arm clockwise", "left arm counter clockwise", "arm roll", "air drums", "air guitar", "other",
  ]

  /// The subjects of `trials_to_test.txt` are the test part; the last three of `trials_to_train.txt` in order of number
  /// the validation part. Leaving a subject out, it is the test part and the last three of all others validate.
  func gestures() throws -> DataSplit {
    var split = DataSplit(labels: description.labels ?? Self.gestureNames)
    let train = try trials("trials_to_train.txt")
    let test = try trials("trials_to_test.txt")
    try requireGroups(Set((train + test).map(subject)))
    let leaveOut = description.leaveOut
    let learnt = leaveOut.map { left in (train + test).filter { subject($0) != left } } ?? train
    let subjects = Set(learnt.map(subject)).sorted()
    let validating: Set<String> =
      description.validateOn.map { [$0] } ?? (subjects.count > 3 ? Set(subjects.suffix(3)) : [])
    for (trial, isListed) in train.map({ ($0, false) }) + test.map({ ($0, true) }) {
      let isTest = leaveOut.map { subject(trial) == $0 } ?? isListed
      for recording in try recordings(of: trial, classes: split.labels.count) {
        split.add(recording, to: isTest ? .test : validating.contains(subject(trial)) ? .validation : .train)
      }
    }
    return split
  }

  private func subject(_ trial: String) -> String {
    trial.split(separator: "_").first.map(String.init) ?? trial
  }

  private func trials(_ name: String) throws -> [String] {
    textLines(try text("\(folder)/\(name)")).map(\.trimmingSpaces).filter { !$0.isEmpty }
  }

  private func recordings(of trial: String, classes: Int) throws -> [Recording] {
    let stem = trial.hasSuffix(".aedat") ? String(trial.dropLast(6)) : trial
    let table = "\(folder)/\(stem)_labels.csv"
    var list: [Recording] = []
    for (index, line) in textLines(try text(table)).enumerated() where index > 0 && !line.allSatisfy(\.isWhitespace) {
      let fields = line.split(separator: ",").map(\.trimmingSpaces)
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
}
