import EventFormats
import Events
import Foundation
import Learning
import Numerics
import Testing

/// DVS128 Gesture in small, in its publisher's layout: AEDAT 3.1 files with a table of stretches beside each. Five subjects,
/// in each recording two "gestures" one after the other, on the left and on the right of the sensor, at times as far from
/// zero as a camera's clock is.
private struct GestureMiniature {
  static let clockStart: Int64 = 80_000_000
  static let stretch: Int64 = 300_000
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path

  /// - Parameter kept: share of a subject's recording that is there; all of it where nothing is said.
  init(kept: [Int: Double] = [:]) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var random = RandomStream(seed: 5)
    for subject in 1...5 {
      let stem = "\(folder)/user0\(subject)_lab"
      var options = EventWritingOptions(format: .aedat3)
      options.geometry = SensorGeometry(width: 128, height: 128)
      var writer = try openEventWriter(path: stem + ".aedat", options: options)
      try writer.write(events(&random))
      try writer.finish()
      if let share = kept[subject] {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: stem + ".aedat"))
        try bytes.prefix(Int(share * Double(bytes.count))).write(to: URL(fileURLWithPath: stem + ".aedat"))
      }
      let middle = Self.clockStart + Self.stretch
      try """
      class,startTime_usec,endTime_usec
      1,\(Self.clockStart),\(middle)
      2,\(middle),\(middle + Self.stretch)

      """.write(toFile: stem + "_labels.csv", atomically: true, encoding: .utf8)
    }
    for (name, subjects) in [("train", 1...4), ("test", 5...5)] {
      try subjects.map { "user0\($0)_lab.aedat\n" }.joined()
        .write(toFile: "\(folder)/trials_to_\(name).txt", atomically: true, encoding: .utf8)
    }
  }

  private func events(_ random: inout RandomStream) -> EventBatch {
    var batch = EventBatch()
    for index in 0..<6_000 {
      let left = index < 3_000
      let time = Self.clockStart + Int64(index) * 100
      batch.append(
        Event(
          timeMicroseconds: time, x: UInt16((left ? 20 : 84) + random.integer(below: 24)),
          y: UInt16(40 + random.integer(below: 40)), polarity: UInt8(index % 2)))
    }
    return batch
  }

  func session() throws -> TrainingSession {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Samples/recipes/dvs-gesture.yaml").standardizedFileURL.path
    var recipe = try Recipe(yaml: String(contentsOfFile: path, encoding: .utf8), path: path)
    recipe.training.epochs = 12
    recipe.training.batch = 2
    return try TrainingSession(
      recipe,
      settings: .init(
        dataFolder: folder, recipeFolder: URL(fileURLWithPath: path).deletingLastPathComponent().path, threads: 2),
      activity: { _ in })
  }
}

@Suite("DVS128 Gesture in miniature")
struct GestureMiniatureTests {
  @Test("each stretch gives the events of its own time and no others")
  func stretches() throws {
    let miniature = try GestureMiniature()
    defer { try? FileManager.default.removeItem(atPath: miniature.folder) }
    let session = try miniature.session()
    #expect(session.split.labels.count == 11)
    let set = try session.encode(.validation) { _ in }
    #expect(set.targets == [0, 1, 0, 1, 0, 1])
    for (variants, target) in zip(set.variants, set.targets) {
      let sequence = variants[0]
      // 300 ms in bins of 50 ms, on 64 x 64 cells for each polarity.
      #expect(sequence.steps == 6)
      let columns = Set(sequence.channels.map { Int($0) % 64 })
      #expect(columns == Set(target == 0 ? 10...21 : 42...53))
    }
  }

  @Test("the shipped recipe learns two gestures that differ in place")
  func learns() throws {
    let miniature = try GestureMiniature()
    defer { try? FileManager.default.removeItem(atPath: miniature.folder) }
    let session = try miniature.session()
    let trainer = try Trainer(
      network: session.network, options: session.recipe.training, augmentation: session.recipe.spikes,
      train: session.encode(.train) { _ in }, validation: session.encode(.validation) { _ in }, levels: 1, threads: 2,
      fingerprint: "miniature", resuming: nil)
    while !trainer.isFinished { _ = try trainer.runEpoch { _, _, _ in true } }
    #expect(trainer.state.history[trainer.state.bestEpoch - 1].validationAccuracy == 1)
    #expect(trainer.evaluate(try session.encode(.test) { _ in }).classes == [0, 1])
  }

  @Test("clips beyond the end of a recording that was cut are named and left out, those that are cut with it told")
  func cutOff() throws {
    let miniature = try GestureMiniature(kept: [1: 0.3, 5: 0.9])
    defer { try? FileManager.default.removeItem(atPath: miniature.folder) }
    let split = try miniature.session().split
    let notes = split.notes.map(\.description)
    #expect(split.train.isEmpty == false && split.train.count == 1 && split.test.count == 2)
    let outside = try #require(
      notes.first { $0.hasPrefix("clips left out, they lie outside their recording (1): ") }, "\(notes)")
    #expect(outside.contains("user01_lab.aedat from 80.3 to 80.6 s (it ends at 80.1"))
    let cut = try #require(
      notes.first { $0.hasPrefix("clips that go on beyond the end of their recording (2): ") }, "\(notes)")
    #expect(
      cut.contains("user01_lab.aedat from 80.0 to 80.3 s") && cut.contains("user05_lab.aedat from 80.3 to 80.6 s"))
    let truncated = try #require(
      notes.first { $0.hasPrefix("recordings that are cut off within an event or packet (2): ") })
    #expect(truncated.contains("user01_lab.aedat at byte "))
  }

  @Test("a part of which nothing is left is refused, whichever it is")
  func nothingLeft() throws {
    for (subjects, part) in [([5], "test"), ([2, 3, 4], "validation"), ([1], "train")] {
      let miniature = try GestureMiniature()
      defer { try? FileManager.default.removeItem(atPath: miniature.folder) }
      for subject in subjects {
        try "class,start,end\n1,90000000,90300000\n2,10,20\n".write(
          toFile: "\(miniature.folder)/user0\(subject)_lab_labels.csv", atomically: true, encoding: .utf8)
      }
      #expect(throws: DataError.part(part, folder: miniature.folder)) { try miniature.session() }
    }
  }

  @Test("a subject can be left out, and one that is not there is not")
  func leaveOut() throws {
    let miniature = try GestureMiniature()
    defer { try? FileManager.default.removeItem(atPath: miniature.folder) }
    var description = DataDescription(layout: .dvsGesture)
    description.leaveOut = "user02"
    func split() throws -> DataSplit {
      try DataSet(description, folder: miniature.folder, recipeFolder: miniature.folder).split()
    }
    let divided = try split()
    #expect(Set(divided.test.map(\.group)) == ["user02"] && divided.test.count == 2)
    #expect(Set(divided.validation.map(\.group)) == ["user03", "user04", "user05"])
    #expect(Set(divided.train.map(\.group)) == ["user01"])
    description.validateOn = "user01"
    let validated = try split().validation
    #expect(Set(validated.map(\.group)) == ["user01"])
    description.leaveOut = "user09"
    let known = (1...5).map { "user0\($0)" }
    #expect(throws: DataError.unknownGroup("user09", known: known)) { try split() }
  }

  @Test("a trial that stands in both lists is refused, one that shares time with another part told")
  func bothLists() throws {
    let miniature = try GestureMiniature()
    defer { try? FileManager.default.removeItem(atPath: miniature.folder) }
    let list = "\(miniature.folder)/trials_to_test.txt"
    try "user05_lab.aedat\nuser01_lab.aedat\n".write(toFile: list, atomically: true, encoding: .utf8)
    let error = #expect(throws: DataError.self) { try miniature.session() }
    #expect(error?.description.contains("stands in two parts (2): ") == true)
    // The same camera file under another name, at other times.
    try FileManager.default.copyItem(
      atPath: "\(miniature.folder)/user01_lab.aedat", toPath: "\(miniature.folder)/user06_led.aedat")
    try "class,start,end\n1,80100000,80250000\n".write(
      toFile: "\(miniature.folder)/user06_led_labels.csv", atomically: true, encoding: .utf8)
    try "user05_lab.aedat\nuser06_led.aedat\n".write(toFile: list, atomically: true, encoding: .utf8)
    let notes = try miniature.session().split.notes.map(\.description)
    #expect(notes.contains { $0.hasPrefix("clips that share time with one of another part (1): ") }, "\(notes)")
  }
}
