import EventFormats
import Events
import Foundation
import Learning
import Tensors
import Testing

/// DVS128 Gesture in small, in its publisher's layout: AEDAT 3.1 files with a table of stretches beside each. Five subjects,
/// in each recording two "gestures" one after the other, on the left and on the right of the sensor, at times as far from
/// zero as a camera's clock is.
private struct GestureMiniature {
  static let clockStart: Int64 = 80_000_000
  static let stretch: Int64 = 300_000
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path

  init() throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var random = RandomStream(seed: 5)
    for subject in 1...5 {
      let stem = "\(folder)/user0\(subject)_lab"
      var options = EventWritingOptions(format: .aedat3)
      options.geometry = SensorGeometry(width: 128, height: 128)
      var writer = try openEventWriter(path: stem + ".aedat", options: options)
      try writer.write(events(&random))
      try writer.finish()
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
      recipe, settings: .init(dataFolder: folder, recipeFolder: folder, threads: 2), activity: { _ in })
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
      // 300 ms in bins of 75 ms, on 32 x 32 pixels for each polarity.
      #expect(sequence.steps == 4)
      let columns = Set(sequence.channels.map { Int($0) % 32 })
      #expect(columns == Set(target == 0 ? 5...10 : 21...26))
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
}
