import Foundation
import Numerics
import Recognition
import SpikingNetworks
import TestSupport
import Testing

@testable import ModelFiles

struct ModelFileTests {
  private func written(_ model: Model) throws -> (file: TemporaryFile, bytes: [UInt8]) {
    let file = try TemporaryFile([])
    try model.write(to: file.path)
    return (file, [UInt8](try Data(contentsOf: URL(fileURLWithPath: file.path))))
  }

  private func reason(_ bytes: [UInt8]) throws -> ModelError.Reason? {
    let file = try TemporaryFile(bytes)
    do throws(ModelError) {
      _ = try Model(reading: file.path)
      return nil
    } catch {
      #expect(error.path == file.path)
      return error.reason
    }
  }

  /// The file with its manifest changed as JSON.
  private func altered(_ bytes: [UInt8], _ change: (inout [String: Any]) -> Void) throws -> [UInt8] {
    var container = try Safetensors(decoding: Data(bytes))
    let text = try #require(container.metadata["ganglion"])
    var manifest = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    change(&manifest)
    container.metadata["ganglion"] = String(
      decoding: try JSONSerialization.data(withJSONObject: manifest), as: UTF8.self)
    return [UInt8](try container.encoded())
  }

  @Test func whatIsWrittenIsReadBack() throws {
    for model in [try TestModels.sound(), try TestModels.events()] {
      let (file, bytes) = try written(model)
      let back = try Model(reading: file.path)
      #expect(back.network.parameters == model.network.parameters)
      var manifest = back.manifest
      #expect(manifest.sha256.count == 64)
      manifest.sha256 = ""
      #expect(manifest == model.manifest)
      let again = try written(back)
      #expect(again.bytes == bytes)
    }
  }

  @Test func weightsInEightBitsAreAQuarterAndStayWhatTheyAre() throws {
    let whole = try TestModels.sound()
    let small = try whole.withEightBitWeights()
    let (_, bytes) = try written(whole)
    let (file, smallBytes) = try written(small)
    let weights = whole.network.named.filter { $0.specification.role == .weight && $0.range.count >= 256 }
      .reduce(0) { $0 + $1.range.count }
    #expect(weights > 256)
    #expect(smallBytes.count < bytes.count - 2 * weights)
    let back = try Model(reading: file.path)
    // What runs is what is stored, to the bit, and storing it again changes nothing.
    #expect(back.network.parameters == small.network.parameters)
    #expect(back.manifest.formatVersion == 3 && back.manifest.weightBits == 8)
    #expect(try written(back).bytes == smallBytes)
    #expect(back.network.withEightBitWeights().parameters == back.network.parameters)
    // Each weight is at most half a code away, a 254th of its column's largest.
    for (name, specification, range) in whole.network.named where small.network.eightBitTensors.contains(name) {
      let width = try #require(specification.shape.last)
      let (old, new) = (whole.network.parameters[range], small.network.parameters[range])
      for column in 0..<width {
        let places = stride(from: range.lowerBound + column, to: range.upperBound, by: width)
        let largest = places.map { old[$0].magnitude }.max() ?? 0
        #expect(places.allSatisfy { (old[$0] - new[$0]).magnitude <= largest / 253 })
      }
    }
    // Without its scales it is no tensor.
    var container = try Safetensors(decoding: Data(smallBytes))
    #expect(!container.eightBit.isEmpty)
    let name = try #require(container.eightBit.first)
    let text = String(decoding: smallBytes, as: UTF8.self)
    #expect(text.contains("\(name).codes") && text.contains("\(name).scales"))
    let broken = smallBytes.replacing(Array("\(name).scales".utf8), with: Array("\(name).scalez".utf8))
    guard case .container(let why) = try reason(broken) else {
      Issue.record("a tensor without its scales was read")
      return
    }
    #expect(why.contains("lacks its scales"))
    container.eightBit = []
    #expect(try container.encoded().count > smallBytes.count)
  }

  @Test func whatWasStoredInEightBitsIsStoredAgainAsItIs() throws {
    let whole = try TestModels.sound()
    for seed in 1...20 {
      var random = RandomStream(seed: UInt64(seed))
      var network = whole.network
      for index in network.parameters.indices { network.parameters[index] = Float(0.37 * random.normal()) }
      let once = network.withEightBitWeights()
      #expect(once.withEightBitWeights().parameters == once.parameters)
    }
  }

  @Test func aModelOfStreamsIsOfTheNewestFormatAndHasNoTasks() throws {
    var manifest = try TestModels.sound().manifest
    manifest.decision.stream = StreamDecision()
    let model = try Model(manifest: manifest, network: TestModels.sound().network)
    let (file, _) = try written(model)
    #expect(try Model(reading: file.path).manifest.formatVersion == 3)
    #expect(throws: ModelError(path: "sounds", reason: .unknownSensitivity("high", known: []))) {
      try model.with(sensitivity: "high")
    }
    manifest = try TestModels.twoTasks().manifest
    manifest.decision.stream = StreamDecision()
    #expect(throws: ModelError.self) { try Model(manifest: manifest, network: TestModels.twoTasks().network) }
  }

  @Test func missingWeightsAreNotStored() throws {
    let whole = try TestModels.sound()
    var network = whole.network
    let weights = network.named.filter { $0.specification.role == .weight }.flatMap { Array($0.range) }
    for (place, index) in weights.enumerated() where place % 60 != 3 { network.parameters[index] = 0 }
    let (_, dense) = try written(whole)
    let (file, bytes) = try written(Model(manifest: whole.manifest, network: network))
    #expect(bytes.count < dense.count - 3 * weights.count)
    let back = try Model(reading: file.path)
    #expect(back.network.parameters.map(\.bitPattern) == network.parameters.map(\.bitPattern))
    #expect(back.manifest.formatVersion == 2)
    #expect(back.stepped.parameters.count < network.parameters.count)
    let full = try written(whole)
    #expect(try Model(reading: full.file.path).manifest.formatVersion == 1)
  }

  @Test func maskThatDoesNotFitIsRefused() throws {
    var values = [Float](repeating: 0, count: 400)
    for index in stride(from: 0, to: 400, by: 9) { values[index] = Float(index) }
    let good = try Safetensors(tensors: ["a": Tensor(shape: [20, 20], values: values)], metadata: [:]).encoded()
    #expect(try Safetensors(decoding: good).tensors["a"]?.values == values)
    // The mask's fifty bytes are the last.
    for place in [good.count - 1, good.count - 50] {
      var bad = good
      bad[place] ^= 0x10
      #expect(throws: SafetensorsError.extent(tensor: "a", shape: [20, 20])) { try Safetensors(decoding: bad) }
    }
    let text = String(decoding: good, as: UTF8.self)
    for (old, new) in [
      ("[20,20]}", "[20,21]}"), ("[20,20]}", "[20,-2]}"), ("{\\\"a\\\"", "{\\\"b\\\""), ("\"U8\"", "\"I8\""),
    ] {
      var bad = good
      let range = try #require(bad.range(of: Data(old.utf8)), "\(text.prefix(300))")
      bad.replaceSubrange(range, with: Data(new.utf8))
      #expect(throws: SafetensorsError.self) { try Safetensors(decoding: bad) }
    }
  }

  @Test func aModelTrainedOnOtherSpikesIsRefused() throws {
    let (_, bytes) = try written(try TestModels.sound())
    for version in [1, 99] {
      let other = try altered(bytes) { manifest in
        guard var encoder = manifest["encoder"] as? [String: [String: Any]] else { return }
        encoder["spiketrum"]?["version"] = version
        manifest["encoder"] = encoder
      }
      let found = try reason(other)
      #expect(found == .encoderVersion("spiketrum", found: version, known: 2))
    }
  }

  @Test func everyTruncationIsAnErrorThatSaysWhere() throws {
    let (_, bytes) = try written(try TestModels.sound())
    for length in stride(from: 0, to: bytes.count, by: 97) {
      guard case .container(let why)? = try reason(Array(bytes[..<length])) else {
        Issue.record("\(length) bytes were taken for a model")
        continue
      }
      #expect(why.contains("truncated"), "\(length): \(why)")
    }
  }

  @Test func newerVersionIsToldApartFromDamage() throws {
    let (_, bytes) = try written(try TestModels.sound())
    let newer = try altered(bytes) { manifest in
      manifest = ["formatVersion": 7, "somethingNew": true]
    }
    #expect(try reason(newer) == .newerVersion(found: 7, known: 3))
  }

  @Test func manifestFaultsNameTheirPlace() throws {
    let (_, bytes) = try written(try TestModels.sound())
    func why(_ change: (inout [String: Any]) -> Void) throws -> String {
      guard case .manifest(let why)? = try reason(try altered(bytes, change)) else { return "" }
      return why
    }
    #expect(try why { $0["labels"] = nil } == "labels is missing")
    #expect(try why { $0["labels"] = ["a", "b"] } == "the network has 3 outputs for 2 labels")
    #expect(try why { $0["labels"] = ["a", "b", "a"] } == "a label occurs twice")
    #expect(try why { $0["sense"] = "events" } == "its sense is events, its encoder is for sound")
    #expect(
      try why { $0["encoder"] = [String: Any]() }
        == "encoder: an encoder is a map with exactly one of: spiketrum, mel, spiketrumBands, events")
    #expect(
      try why {
        var decision = $0["decision"] as? [String: Any] ?? [:]
        decision["patienceSteps"] = 0
        $0["decision"] = decision
      } == "decision setting patienceSteps is 0, allowed is 1 to 2^48")
    #expect(
      try why {
        var encoder = $0["encoder"] as? [String: [String: Any]] ?? [:]
        encoder["spiketrum"]?["channelCount"] = 13
        $0["encoder"] = encoder
      } == "the encoder makes [39], the network takes [36]")
  }

  @Test func tensorsThatDoNotFitAreNamed() throws {
    let (_, bytes) = try written(try TestModels.sound())
    let other = try altered(bytes) { manifest in
      manifest["labels"] = ["a"]
      var network = manifest["network"] as? [String: Any] ?? [:]
      network["input"] = [35]
      manifest["network"] = network
    }
    guard case .tensors(let why)? = try reason(other) else {
      Issue.record("taken for a model")
      return
    }
    #expect(why.contains("layers.0.") && why.contains("36") && why.contains("35"), "\(why)")
  }

  @Test func oneFlippedBitIsFound() throws {
    var (_, bytes) = try written(try TestModels.sound())
    bytes[bytes.count - 3] ^= 1
    guard case .digest(let expected, let found)? = try reason(bytes) else {
      Issue.record("taken for a model")
      return
    }
    #expect(expected != found)
  }

  @Test func otherFilesAreNoModels() throws {
    #expect(try reason(Array(Safetensors(tensors: [:], metadata: [:]).encoded())) == .noManifest)
    guard case .container? = try reason(Array("RIFF....WAVEfmt and so on and so forth".utf8)) else {
      Issue.record("a WAV was taken for a model")
      return
    }
    #expect(throws: ModelError(path: "/nowhere/m", reason: .cannotOpen("No such file or directory"))) {
      _ = try Model(reading: "/nowhere/m")
    }
    #expect(throws: ModelError(path: "/tmp", reason: .cannotOpen("it is a folder"))) {
      _ = try Model(reading: "/tmp")
    }
  }

  @Test func failedWriteLeavesTheOldFileAndNothingElse() throws {
    let folder = NSTemporaryDirectory() + "ganglion-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    // A folder in the target's place: everything works up to the rename.
    try FileManager.default.createDirectory(atPath: folder + "/m/inside", withIntermediateDirectories: true)
    #expect(throws: ModelError(path: folder + "/m", reason: .cannotWrite("Is a directory"))) {
      try TestModels.sound().write(to: folder + "/m")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["m"])
    #expect(throws: ModelError(path: "/dev/full/m", reason: .cannotWrite("Not a directory"))) {
      try TestModels.sound().write(to: "/dev/full/m")
    }
  }
}
