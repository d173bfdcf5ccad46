import Foundation
import Learning
import Numerics
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

  @Test("the publisher's lists are found beside the data, wherever the recipe is")
  func publishedLists() throws {
    let files = [
      "yes/aaaaaaaa_nohash_0.wav": "", "yes/bbbbbbbb_nohash_0.wav": "", "yes/cccccccc_nohash_1.wav": "",
      "bed/dddddddd_nohash_1.wav": "", "validation_list.txt": "yes/bbbbbbbb_nohash_0.wav\r\n",
      "testing_list.txt": "bed/dddddddd_nohash_1.wav\nyes/cccccccc_nohash_1.wav\nyes/eeeeeeee_nohash_0.wav\n",
    ]
    try withFolder(files) { folder in
      var description = DataDescription(layout: .speechCommands)
      description.labels = ["yes"]
      // Relative, as it is given on a command line.
      let here = FileManager.default.currentDirectoryPath
      let up = here.split(separator: "/").map { _ in ".." }.joined(separator: "/")
      let data = DataSet(description, folder: up + folder, recipeFolder: "/nowhere/recipes")
      let split = try data.split()
      #expect(names(split.validation) == ["bbbbbbbb_nohash_0.wav"] && names(split.test) == ["cccccccc_nohash_1.wav"])
      // That of a class that nobody asked for names a recording all the same.
      #expect(split.notes.map(\.names) == [["yes/eeeeeeee_nohash_0.wav"]])

      description.leaveOut = "aaaaaaaa"
      let left = try DataSet(description, folder: folder, recipeFolder: folder).split()
      #expect(left.test.map(\.group) == ["aaaaaaaa"] && left.validation.map(\.group) == ["bbbbbbbb"])
      #expect(left.train.map(\.group) == ["cccccccc"])
      description.validateOn = "eeeeeeee"
      #expect(throws: DataError.unknownGroup("eeeeeeee", known: ["aaaaaaaa", "bbbbbbbb", "cccccccc"])) {
        try DataSet(description, folder: folder, recipeFolder: folder).split()
      }
    }
  }

  @Test("a label finds its folder however its accents are spelt")
  func accents() throws {
    try withFolder(["cafe\u{301}/1.wav": "", "tea/1.wav": "", "tea/2.wav": ""]) { folder in
      var description = DataDescription(layout: .folders)
      description.labels = ["caf\u{e9}", "tea"]
      let split = try DataSet(description, folder: folder, recipeFolder: folder).split()
      #expect(split.train.map(\.label) == [0, 1, 1])
      #expect(split.train.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
    }
  }

  @Test("digits by another name are told, and who is not there is not validated on")
  func misnamed() throws {
    let files = ["7_ann_0.wav": "", "7_bob_1.wav": "", "seven.wav": "", "11_ann_1.wav": "", "readme.txt": ""]
    try withFolder(files) { folder in
      var description = DataDescription(layout: .fsdd)
      func split() throws -> DataSplit { try DataSet(description, folder: folder, recipeFolder: folder).split() }
      let notes = try split().notes
      #expect(notes.map(\.names) == [["11_ann_1.wav", "seven.wav"]])
      (description.leaveOut, description.validateOn) = ("ann", "eve")
      #expect(throws: DataError.unknownGroup("eve", known: ["ann", "bob"])) { try split() }
      description.validateOn = "ann"
      #expect(throws: DataError.self) { try split() }
    }
  }

  @Test("pipes and links that lead nowhere are told, and not waited for")
  func special() throws {
    try withFolder(["low/1.wav": ""]) { folder in
      #expect(mkfifo("\(folder)/low/pipe.wav", 0o600) == 0)
      #expect(symlink("nowhere", "\(folder)/low/link.wav") == 0)
      let split = try DataSet(DataDescription(layout: .folders), folder: folder, recipeFolder: folder).split()
      #expect(names(split.train) == ["1.wav"])
      #expect(split.notes.map(\.names) == [["low/link.wav", "low/pipe.wav"]])
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

  /// Eight frequency channels that spike in each of twenty steps, with the number of the step for a value.
  private var full: SpikeSequence {
    var sequence = SpikeSequence(shape: [8])
    for step in 0..<20 { sequence.append(channels: Array(0..<8), values: [Float](repeating: Float(step), count: 8)) }
    return sequence
  }

  private func outcomes(_ augmentation: SpikeAugmentation) -> [SpikeSequence] {
    (0..<240).map { seed in
      var random = RandomStream(seed: UInt64(seed))
      return augmentation.apply(full, levels: 1, random: &random)
    }
  }

  @Test("a mask hides neighbouring channels, or steps, up to as many as asked for, and anywhere")
  func masks() {
    var augmentation = SpikeAugmentation()
    augmentation.channelMask = 3
    var (counts, places): (Set<Int>, Set<Int>) = ([], [])
    for sequence in outcomes(augmentation) {
      let hidden = (0..<8).filter { !sequence.channels.contains(UInt32($0)) }
      #expect(sequence.channels.count == 20 * (8 - hidden.count))
      #expect(hidden.isEmpty || hidden[hidden.count - 1] - hidden[0] == hidden.count - 1)
      counts.insert(hidden.count)
      places.formUnion(hidden)
    }
    #expect(counts == [0, 1, 2, 3] && places == Set(0..<8))
    (augmentation.channelMask, augmentation.timeMask) = (0, 3)
    (counts, places) = ([], [])
    for sequence in outcomes(augmentation) {
      let hidden = (0..<20).filter { sequence.range(ofStep: $0).isEmpty }
      #expect(hidden.isEmpty || hidden[hidden.count - 1] - hidden[0] == hidden.count - 1)
      counts.insert(hidden.count)
      places.formUnion(hidden)
    }
    #expect(counts == [0, 1, 2, 3] && places == Set(0..<20))
  }

  @Test("what is stretched or pressed together has the same course")
  func stretch() {
    var augmentation = SpikeAugmentation()
    augmentation.stretch = 0.5
    var lengths: Set<Int> = []
    for sequence in outcomes(augmentation) {
      lengths.insert(sequence.steps)
      for step in 0..<sequence.steps {
        let value = sequence.values[sequence.range(ofStep: step).lowerBound]
        #expect(abs(Double(value) - Double(step) * 20 / Double(sequence.steps)) < 2)
      }
    }
    #expect(lengths.count > 10 && lengths.allSatisfy { (10...30).contains($0) })
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

@Suite("Augmentation of events")
struct EventAugmentationTests {
  private var picture: SpikeSequence {
    var picture = SpikeSequence(shape: [2, 4, 6])
    for step in 0..<6 {
      picture.append(channels: [UInt32(step), UInt32(24 + 4 * step)], values: [1, Float(step + 1)])
    }
    return picture
  }

  private func outcomes(_ augmentation: SpikeAugmentation) -> [SpikeSequence] {
    (0..<40).map { seed in
      var random = RandomStream(seed: UInt64(seed))
      return augmentation.apply(picture, levels: 1, random: &random)
    }
  }

  @Test("polarities change places together, and lists stay ascending")
  func polarity() {
    var augmentation = SpikeAugmentation()
    augmentation.polarityFlip = true
    let seen = outcomes(augmentation)
    #expect(seen.contains(picture))
    let swapped = seen.filter { $0 != picture }
    #expect(!swapped.isEmpty)
    for sequence in swapped {
      #expect(sequence == swapped[0])
      #expect(Array(sequence.channels[2..<4]) == [4, 25])
      #expect(Array(sequence.values[2..<4]) == [2, 1])
    }
  }

  @Test("what is cropped away is a border, the same in every step")
  func crop() {
    var augmentation = SpikeAugmentation()
    augmentation.crop = 0.5
    let seen = outcomes(augmentation)
    #expect(Set(seen.map(\.channels)).count > 5)
    for sequence in seen {
      // What is left fills a rectangle of at least half the height and half the width, edges included.
      let places = sequence.channels.map { (Int($0) / 6 % 4, Int($0) % 6) }
      let lost = picture.channels.filter { !sequence.channels.contains($0) }.map { (Int($0) / 6 % 4, Int($0) % 6) }
      guard let top = places.map(\.0).min(), let bottom = places.map(\.0).max(), let left = places.map(\.1).min(),
        let right = places.map(\.1).max()
      else { continue }
      #expect(lost.allSatisfy { !(top...bottom).contains($0.0) || !(left...right).contains($0.1) })
      #expect(zip(sequence.channels, sequence.values).allSatisfy { $0 < 24 || $1 == Float($0 - 24) / 4 + 1 })
    }
  }

  @Test("jitter moves spikes no further than asked, and loses none")
  func jitter() {
    var augmentation = SpikeAugmentation()
    augmentation.timeJitter = 2
    let seen = outcomes(augmentation)
    #expect(seen.contains { $0 != picture })
    for sequence in seen {
      #expect(sequence.steps == picture.steps)
      #expect(sequence.values.reduce(0, +) == picture.values.reduce(0, +))
      for step in 0..<sequence.steps {
        let channels = sequence.channels[sequence.range(ofStep: step)]
        #expect(Array(channels) == channels.sorted())
        #expect(channels.allSatisfy { abs(Int($0 < 24 ? $0 : ($0 - 24) / 4) - step) <= 2 })
      }
    }
  }

  @Test("an impossible crop is refused")
  func refused() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(SpikeAugmentation.self, from: Data(#"{"crop": 1}"#.utf8))
    }
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
