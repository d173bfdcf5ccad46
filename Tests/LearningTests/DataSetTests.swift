import Foundation
import Learning
import Tensors
import Testing

/// A folder with files of the given names and contents, removed afterwards.
private func withFolder(_ files: [String: String], _ body: (String) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID())").path
  defer { try? FileManager.default.removeItem(atPath: folder) }
  for (name, text) in files {
    let path = "\(folder)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }
  try body(folder)
}

private func names(_ recordings: [Recording]) -> [String] {
  recordings.map { ($0.path as NSString).lastPathComponent }
}

@Suite("Data sets")
struct DataSetTests {
  @Test("FSDD is divided by takes, or by speakers")
  func spokenDigits() throws {
    var files: [String: String] = ["readme.txt": ""]
    for take in [0, 4, 5, 9, 10, 49] {
      for speaker in ["ann", "bob"] { files["7_\(speaker)_\(take).wav"] = "" }
    }
    try withFolder(files) { folder in
      var description = DataDescription(layout: .fsdd)
      let official = try DataSet(description, folder: folder, recipeFolder: folder).split()
      #expect(names(official.test) == ["7_ann_0.wav", "7_ann_4.wav", "7_bob_0.wav", "7_bob_4.wav"])
      #expect(names(official.validation) == ["7_ann_5.wav", "7_ann_9.wav", "7_bob_5.wav", "7_bob_9.wav"])
      #expect(official.train.count == 4)
      #expect(official.train.allSatisfy { $0.label == 7 })
      description.leaveOut = "bob"
      let without = try DataSet(description, folder: folder, recipeFolder: folder).split()
      #expect(without.test.count == 6 && without.test.allSatisfy { $0.group == "bob" })
      #expect(names(without.validation) == ["7_ann_0.wav", "7_ann_4.wav"])
      #expect(without.train.allSatisfy { $0.group == "ann" })
      description.leaveOut = "eve"
      #expect(throws: DataError.unknownGroup("eve", known: ["ann", "bob"])) {
        try DataSet(description, folder: folder, recipeFolder: folder).split()
      }
    }
  }

  @Test("Speech Commands follows its lists by speaker, also where the word stands before the speaker")
  func speechCommands() throws {
    let files = [
      "yes/aaaaaaaa_nohash_0.wav": "", "yes/bbbbbbbb_nohash_0.wav": "", "yes/cccccccc_nohash_1.wav": "",
      "_unknown_/bed_bbbbbbbb_nohash_0.wav": "", "_silence_/17.wav": "",
      "validation_list.txt": "# speakers\nbbbbbbbb\n", "testing_list.txt": "cccccccc\n17\n",
    ]
    try withFolder(files) { folder in
      var description = DataDescription(layout: .speechCommands)
      description.labels = ["yes", "_unknown_", "_silence_"]
      let split = try DataSet(description, folder: folder, recipeFolder: folder).split()
      #expect(names(split.train) == ["aaaaaaaa_nohash_0.wav"])
      #expect(names(split.validation) == ["bbbbbbbb_nohash_0.wav", "bed_bbbbbbbb_nohash_0.wav"])
      #expect(names(split.test) == ["cccccccc_nohash_1.wav", "17.wav"])
      #expect(split.test.map(\.label) == [0, 2])

      description.testList = "speakers.txt"
      let lists = ["speakers.txt": "# two of three\naaaaaaaa\nbbbbbbbb\n"]
      let expected = ["aaaaaaaa_nohash_0.wav", "bbbbbbbb_nohash_0.wav", "bed_bbbbbbbb_nohash_0.wav"]
      let other = DataSet(description, folder: folder, recipeFolder: folder, knownLists: lists)
      #expect(names(try other.split().test) == expected)
      #expect(try other.lists() == lists)
    }
  }

  @Test("a damaged list is named with its line")
  func malformed() throws {
    try withFolder(["train.txt": "#sample\tclass\n1\t5\n2\tten\n", "test.txt": ""]) { folder in
      let error = #expect(throws: DataError.self) {
        try DataSet(DataDescription(layout: .slayer), folder: folder, recipeFolder: folder).split()
      }
      #expect(error?.description.contains("train.txt: line 3") == true)
    }
  }

  @Test("DVS128 Gesture gives the stretches its tables name, and holds subjects apart")
  func gestures() throws {
    var files = [
      "trials_to_train.txt": (1...5).map { "user0\($0)_lab.aedat" }.joined(separator: "\n"),
      "trials_to_test.txt": "user09_led.aedat\n", "user09_led_labels.csv": "class,start,end\n11,5,900\n",
    ]
    for user in 1...5 { files["user0\(user)_lab_labels.csv"] = "class,start,end\n1,100,200\n2,300,450\n" }
    try withFolder(files) { folder in
      let split = try DataSet(DataDescription(layout: .dvsGesture), folder: folder, recipeFolder: folder).split()
      #expect(split.train.map(\.microseconds) == [100..<200, 300..<450, 100..<200, 300..<450])
      #expect(Set(split.validation.map(\.group)) == ["user03", "user04", "user05"])
      #expect(split.test.map(\.label) == [10])
    }
  }
}

@Suite("Augmentation of spikes")
struct SpikeAugmentationTests {
  private var sequence: SpikeSequence {
    var sequence = SpikeSequence(shape: [6])
    sequence.append(channels: [2, 3], values: [1, 2])
    sequence.append(channels: [0, 5], values: [1, 1])
    return sequence
  }

  @Test("nothing asked for changes nothing")
  func identity() {
    var random = RandomStream(seed: 1)
    #expect(SpikeAugmentation().apply(sequence, levels: 2, random: &random) == sequence)
  }

  @Test("a shift moves whole frequency channels, keeps levels, and loses what leaves the range")
  func shift() {
    var augmentation = SpikeAugmentation()
    augmentation.channelShift = 1
    var seen: Set<[UInt32]> = []
    for seed in 0..<40 {
      var random = RandomStream(seed: UInt64(seed))
      let changed = augmentation.apply(sequence, levels: 2, random: &random)
      seen.insert(changed.channels)
    }
    #expect(seen == [[2, 3, 0, 5], [4, 5, 2], [0, 1, 3]])
  }

  @Test("a mirrored picture keeps its rows, and lists stay ascending")
  func flip() {
    var picture = SpikeSequence(shape: [2, 2, 3])
    picture.append(channels: [0, 4, 11], values: [1, 2, 3])
    var augmentation = SpikeAugmentation()
    augmentation.flip = true
    var seen: Set<[UInt32]> = []
    for seed in 0..<20 {
      var random = RandomStream(seed: UInt64(seed))
      let changed = augmentation.apply(picture, levels: 1, random: &random)
      #expect(changed.channels == changed.channels.sorted())
      seen.insert(changed.channels)
    }
    #expect(seen == [[0, 4, 11], [2, 4, 9]])
  }
}

@Suite("Proportions")
struct ProportionTests {
  @Test("the 95 % interval is Wilson's")
  func wilson() {
    let interval = Proportion(right: 248, total: 250).interval
    #expect(abs(interval.lowerBound - 0.971_328) < 1e-4)
    #expect(abs(interval.upperBound - 0.997_803) < 1e-4)
    #expect(Proportion(right: 0, total: 0).interval == 0...1)
  }
}
