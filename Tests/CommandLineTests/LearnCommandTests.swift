import Foundation
import TestSupport
import Testing

@Suite("Learning a task from the command line")
struct LearnCommandTests {
  private static let recipe = """
    name: tones
    data: {layout: folders}
    encoder: {spiketrum: {sampleRate: 8000, channels: 12}}
    network:
      input: [36]
      layers:
        - dense: {units: 16}
        - batchNorm: {}
        - neurons: {decay: 0.8}
        - dense: {units: 2, bias: true}
    training: {epochs: 12, batch: 4, optimiser: {rate: 0.02}}
    """

  private func tone(_ frequency: Double, take: Int) -> [UInt8] {
    WaveBytes(sampleRate: 8000).file(
      (0..<2400).map { Float(0.5 * sin(2 * .pi * (frequency + 5 * Double(take)) * Double($0 + take) / 8000)) })
  }

  /// A model of two tones in a folder, with recordings of them and of a third.
  private func withModel(_ body: (_ folder: String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (place, frequency, takes) in [
      ("data/low", 300.0, 10), ("data/high", 1500.0, 10), ("new/middle", 800.0, 10),
      ("one/middle", 800.0, 1),
    ] {
      try FileManager.default.createDirectory(atPath: "\(folder)/\(place)", withIntermediateDirectories: true)
      for take in 0..<takes {
        try Data(tone(frequency, take: take)).write(to: URL(fileURLWithPath: "\(folder)/\(place)/\(take).wav"))
      }
    }
    try FileManager.default.createDirectory(atPath: "\(folder)/nothing", withIntermediateDirectories: true)
    try Self.recipe.write(toFile: "\(folder)/tones.yaml", atomically: true, encoding: .utf8)
    let trained = try Program.shell("cd \(folder) && ganglion train tones.yaml --data data -o tones.safetensors")
    try #require(trained.code == 0, "\(trained.errors)")
    try body(folder)
  }

  @Test("a new word is learnt, found when its task is told or inferred, and the old task answers as before")
  func learn() throws {
    try withModel { folder in
      let learnt = try Program.shell(
        "cd \(folder) && ganglion learn tones.safetensors new --task more --epochs 400 --check data -o more.safetensors --json"
      )
      #expect(learnt.code == 0, "\(learnt.errors)")
      #expect(learnt.output.contains("\"unchangedToTheBit\":true") && learnt.output.contains("\"isWritten\":true"))
      #expect(learnt.output.contains("\"newLabels\":[\"middle\"]"))
      let files = "data/low/3.wav data/high/3.wav new/middle/3.wav"
      let before = try Program.shell("cd \(folder) && ganglion run --model tones.safetensors --scores \(files)")
      let after = try Program.shell(
        "cd \(folder) && ganglion run --model more.safetensors --task tones --scores \(files)"
          + " | sed 's/,\"middle\":0.0000//'")
      #expect(before.lines.count > 10 && after.output == before.output)
      for task in ["more", "infer"] {
        let told = try Program.shell(
          "cd \(folder) && ganglion run --model more.safetensors --task \(task) new/middle/7.wav")
        #expect(told.output.contains("\"label\":\"middle\""), "\(task): \(told.output)")
      }
      let silent = try Program.shell("cd \(folder) && ganglion run --model more.safetensors new/middle/7.wav")
      #expect(!silent.output.contains("middle\",\"score") && silent.errors.contains("--task infer"))
      let info = try Program.shell("cd \(folder) && ganglion info more.safetensors")
      #expect(info.output.contains("more: high, low, middle, from 8 recordings, 100.0 % of 2 kept aside"))
      let wrong = try Program.shell(
        "cd \(folder) && ganglion run --model more.safetensors --task other new/middle/7.wav")
      #expect(wrong.code == 78 && wrong.errors.contains("tones, more"))
      let evaluated = try Program.shell(
        "cd \(folder) && ganglion evaluate more.safetensors new --layout folders --part all --task more")
      #expect(evaluated.output.hasPrefix("accuracy  100.0 %"), "\(evaluated.output)\(evaluated.errors)")
    }
  }

  @Test("where an old task would fall by more than the limit, nothing is written")
  func refuse() throws {
    try withModel { folder in
      let path = "\(folder)/tones.safetensors"
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      // Some old recordings are taken for the new word where the task is inferred: two networks of one small layer.
      let refused = try Program.shell(
        "cd \(folder) && ganglion learn tones.safetensors new --task more --epochs 400 --check data --limit-inferred 5")
      #expect(refused.code == 1, "\(refused.output)")
      #expect(refused.errors.contains("would fall") && refused.errors.contains("nothing was written"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
      let written = try Program.shell(
        "cd \(folder) && ganglion learn tones.safetensors new --task more --epochs 400 --check data")
      #expect(written.code == 0, "\(written.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) != before)
    }
  }

  @Test("what is wrong is said before anything is learnt")
  func errors() throws {
    try withModel { folder in
      let before = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/tones.safetensors"))
      for (arguments, code, word) in [
        ("nothing --task more", 65, "expected a folder for each label"),
        ("nowhere --task more", 66, "no such folder"),
        ("one --task more", 65, "1 recording of 'middle', it takes at least 3"),
        ("new --task tones", 64, "has a task 'tones' already"),
        ("new --task infer", 64, "can name no task"),
        ("new --task more --limit-inferred 3", 64, "--check"),
        ("new --task more --check new", 65, "'middle'"),
      ] {
        let outcome = try Program.shell("cd \(folder) && ganglion learn tones.safetensors \(arguments)")
        #expect(outcome.code == Int32(code), "\(arguments): \(outcome.errors)")
        #expect(outcome.errors.contains(word), "\(arguments): \(outcome.errors)")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/tones.safetensors")) == before)
    }
  }
}
