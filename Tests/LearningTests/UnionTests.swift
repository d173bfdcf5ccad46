import Foundation
import Numerics
import SpikingNetworks
import Testing

@testable import Learning

@Suite("Labels made of several words")
struct UnionTests {
  private static let network = NetworkDescription(
    input: [3], layers: [.dense(.init(units: 5, bias: true)), .union(.init(sizes: [1, 3, 1]))])

  private static let sequences: [SpikeSequence] = [[0, 2, 1], [1], [2, 2]].map { channels in
    var sequence = SpikeSequence(shape: [3])
    for channel in channels { sequence.append(channels: [UInt32(channel)], values: [1]) }
    return sequence
  }

  private static func options(_ loss: LossDescription) -> TrainingOptions {
    var options = TrainingOptions(epochs: 1, optimiser: OptimiserDescription())
    options.loss = loss
    return options
  }

  @Test("the gradient of the loss on labels and on their parts is its slope")
  func gradient() throws {
    let loss = LossDescription(labelSmoothing: 0.1, parts: 0.5)
    let network = try Network<Double>(Self.network, seed: 5)
    let runner = BatchRunner(network, lanes: Lanes(threads: 1))
    var parts = try #require(try PartsLoss(network, Self.options(loss)))
    func total() -> Double {
      runner.forward(Self.sequences, training: false)
      // Nobody knows the part of the last one.
      return (loss.apply(runner, targets: [1, 0, 2]).lossSum + parts.apply(runner, parts: [2, 0, nil])) / 3
    }
    _ = total()
    runner.addToOutputGradient = { [parts] layer, gradient in
      if layer == parts.layer { parts.add(to: gradient) }
    }
    runner.backward()
    let gradient = runner.gradient.array
    for index in gradient.indices {
      let value = runner.parameters.base[index]
      runner.parameters.base[index] = value + 1e-6
      let above = total()
      runner.parameters.base[index] = value - 1e-6
      let below = total()
      runner.parameters.base[index] = value
      #expect(abs((above - below) / 2e-6 - gradient[index]) < 1e-7, "parameter \(index)")
    }
  }

  @Test("a loss on parts needs something that is made of parts, and no windows")
  func refusals() throws {
    let plain = try Network<Float>(NetworkDescription(input: [3], layers: [.dense(.init(units: 3))]), seed: 1)
    #expect(throws: TrainingError.noUnion) { try PartsLoss(plain, Self.options(.init(parts: 1))) }
    #expect(try PartsLoss(plain, Self.options(.init())) == nil)
    var windowed = Self.options(.init(parts: 1))
    windowed.window = TimeWindows(steps: 2)
    let united = try Network<Float>(Self.network, seed: 1)
    #expect(throws: TrainingError.partsBesideOthers) { try PartsLoss(united, windowed) }
  }

  @Test("rare labels are drawn more often, each recording of a label as often as the others")
  func balance() {
    let targets = [Int](repeating: 0, count: 90) + [Int](repeating: 1, count: 10)
    func share(_ balance: Double) -> (rare: Double, order: [Int]) {
      var rare = 0
      var all: [Int] = []
      for epoch in 0..<200 {
        var random = RandomStream(seed: 3, purpose: "order", index: epoch)
        let order = TrainingOrder.drawn(targets: targets, balance: balance, &random)
        #expect(order.count == targets.count)
        rare += order.count { targets[$0] == 1 }
        all += order
      }
      return (Double(rare) / Double(all.count), all)
    }
    #expect(share(0).rare == 0.1)
    // 10 · 10^−½ against 90 · 90^−½.
    #expect(abs(share(0.5).rare - 0.25) < 0.01)
    let even = share(1)
    #expect(abs(even.rare - 0.5) < 0.01)
    for recording in 90..<100 { #expect(abs(Double(even.order.count { $0 == recording }) - 1_000) < 150) }
    var random = RandomStream(seed: 3, purpose: "order", index: 0)
    #expect(TrainingOrder.drawn(targets: targets, balance: 0, &random).sorted() == Array(0..<100))
  }

  @Test("recordings of a union bear its label and keep their word")
  func words() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    for path in [
      "yes/aa_nohash_0.wav", "bed/bb_nohash_0.wav", "cat/aa_nohash_1.wav", "_unknown_/wow_cc_nohash_0.wav",
      "_unknown_/dd_nohash_0.wav", "other/ee_nohash_0.wav",
    ] {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("RIFF".utf8).write(to: file)
    }
    var description = DataDescription(layout: .speechCommands)
    description.labels = ["yes", "_unknown_"]
    description.unions = ["_unknown_": ["bed", "cat", "wow"]]
    description.validationList = "v"
    description.testList = "t"
    let split = try DataSet(
      description, folder: folder.path, recipeFolder: "", knownLists: ["v": "bb\n", "t": "cc\n"]
    ).split()
    #expect(split.labels == ["yes", "_unknown_"])
    func told(_ recordings: [Recording]) -> [String] { recordings.map { "\($0.label) \($0.word ?? "-")" }.sorted() }
    #expect(told(split.train) == ["0 -", "1 -", "1 cat"])
    #expect(told(split.validation) == ["1 bed"])
    #expect(told(split.test) == ["1 wow"])
    #expect(description.outputs(of: split.labels) == ["yes", "bed", "cat", "wow"])
  }

  @Test("a union that cannot be meant is refused by name")
  func recipes() {
    func why(_ data: String) -> String? {
      do {
        _ = try JSONDecoder().decode(DataDescription.self, from: Data(data.utf8))
        return nil
      } catch DecodingError.dataCorrupted(let context) {
        return context.debugDescription
      } catch {
        return "\(error)"
      }
    }
    #expect(why(#"{"layout": "speechCommands", "labels": ["a", "u"], "unions": {"u": ["b"]}}"#) == nil)
    #expect(
      why(#"{"layout": "folders", "labels": ["a", "u"], "unions": {"u": ["b"]}}"#)?.contains("for the layout") == true)
    #expect(
      why(#"{"layout": "speechCommands", "labels": ["a"], "unions": {"u": ["b"]}}"#)?.contains("none of the labels")
        == true)
    #expect(
      why(#"{"layout": "speechCommands", "labels": ["a", "u"], "unions": {"u": ["a"]}}"#)?.contains("label of its own")
        == true)
  }

  @Test("a shift moves a recording within its window, at most half of it")
  func shift() {
    var sequence = SpikeSequence(shape: [20])
    for step in 0..<20 { sequence.append(channels: [UInt32(step)], values: [1]) }
    var augmentation = SpikeAugmentation()
    augmentation.shift = 3
    var lengths: Set<Int> = []
    for seed in 0..<200 {
      var random = RandomStream(seed: UInt64(seed))
      let moved = augmentation.apply(sequence, levels: 1, random: &random)
      // What is left is a piece of the whole, from its beginning or to its end.
      #expect(
        moved.channels == Array(sequence.channels.prefix(moved.steps))
          || moved.channels == Array(sequence.channels.suffix(moved.steps)))
      lengths.insert(moved.steps)
    }
    #expect(lengths == [17, 18, 19, 20])
  }
}
