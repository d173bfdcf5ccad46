import Foundation
import TestSupport
import Testing

/// The shipped gesture model before cameras of all sizes.
struct GestureCommandTests {
  private let bench: Bench
  private let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Samples").standardizedFileURL.path

  init() throws { bench = try Bench() }

  /// What is told of a scene by a camera of a size, label by label with tenths of a second.
  private func told(_ size: String, seed: Int, _ options: String = "") throws -> [(label: String, time: Double)] {
    let outcome = try bench.shell(
      """
      ganglion simulate scene --sensor \(size) --camera davis346 --distraction 0 --others 0 --seconds 12 --change 0 --seed \(seed) \
      -o - --format evt3 2>/dev/null \
      | ganglion run --model \(samples)/models/gestures.safetensors \(options) - 2>/dev/null
      """)
    #expect(outcome.code == 0)
    return try outcome.lines.compactMap { line in
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      guard object["type"] as? String == "detection" else { return nil }
      return (try #require(object["label"] as? String), Double(try #require(object["t_us"] as? Int)) / 1e6)
    }
  }

  @Test(arguments: [1, 2])
  func camerasOfEverySizeSeeTheSameGestures(_ seed: Int) throws {
    let small = try told("128x128", seed: seed)
    #expect(small.count >= 2)
    for size in ["192x192", "256x256", "512x512"] {
      let other = try told(size, seed: seed)
      // The noise of another sensor may move a detection; it makes none and loses none.
      #expect(other.map(\.label) == small.map(\.label), "\(size)")
      for (own, found) in zip(small, other) { #expect(abs(own.time - found.time) <= 0.3, "\(size)") }
    }
  }

  @Test func aMirroredCameraSeesTheOtherHand() throws {
    func mirrored(_ label: String) -> String {
      var label = label
      if label.contains("left") {
        label = label.replacingOccurrences(of: "left", with: "right")
      } else {
        label = label.replacingOccurrences(of: "right", with: "left")
      }
      guard label.contains("clockwise") else { return label }
      return label.contains("counter ")
        ? label.replacingOccurrences(of: "counter ", with: "")
        : label.replacingOccurrences(of: "clock", with: "counter clock")
    }
    let plain = try told("128x128", seed: 1)
    #expect(plain.count >= 2)
    let turned = try told("128x128", seed: 1, "--mirror")
    #expect(turned.map(\.label) == plain.map { mirrored($0.label) })
  }
}
