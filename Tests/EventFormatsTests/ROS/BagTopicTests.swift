import EventFormats
import Events
import Testing

@testable import TestSupport

/// Which topic of a bag is read, and what is said of the others.
@Suite struct BagTopicTests {
  static let left = tickingEvents(20)
  static let right = tickingEvents(12, from: 3_000_000)

  /// Two cameras and a thermometer; the second camera comes in the second chunk.
  static var stereo: MadeROS1Bag {
    MadeROS1Bag(
      topics: [
        MadeTopic(name: "/left/events"), MadeTopic(name: "/right/events"),
        MadeTopic(name: "/temperature", type: "std_msgs/Float32", definition: "float32 data"),
      ],
      chunks: [
        [(2, [1, 2, 3, 4]), (0, ROS1Message.events(Array(left[..<10])))],
        [(1, ROS1Message.events(right)), (0, ROS1Message.events(Array(left[10...]))), (2, [1, 2, 3, 4])],
      ])
  }

  private func options(stream: String?) -> EventReadingOptions {
    var options = EventReadingOptions()
    options.stream = stream
    return options
  }

  @Test func oneOfTwoCamerasIsChosenByItsTopic() throws {
    let image = Self.stereo.image()
    #expect(try Reading(image, options: options(stream: "/left/events")).batch == batch(Self.left))
    #expect(try Reading(image, options: options(stream: "right/events")).batch == batch(Self.right))
  }

  @Test func twoCamerasAreAmbiguous() throws {
    let image = Self.stereo.image()
    // What a pipe brings is looked at a little ahead, so that nothing is told before it is refused, as of a file.
    for image in [image, Self.stereoMCAP.image()] {
      let error = #expect(throws: EventFormatError.self) { try Reading(image) }
      #expect(error?.code == .ambiguous && error?.subject == .stream && error?.byteOffset == nil)
    }
    // A live one shows the second camera when it comes: what was before is delivered, then it is refused.
    var live = EventReadingOptions()
    live.isLive = true
    let reading = try Reading(image, options: live)
    #expect(reading.error?.code == .ambiguous && reading.error?.subject == .stream)
    #expect(reading.error?.reason.contains("/left/events") == true)
    #expect(reading.error?.reason.contains("/right/events (dvs_msgs/EventArray)") == true)
    #expect(reading.batch == batch(Array(Self.left[..<10])))
  }

  @Test func theIndexOfAFileTellsBeforeAnythingIsRead() throws {
    let folder = try TemporaryFolder()
    for image in [Self.stereo.image(), Self.stereoMCAP.image()] {
      let path = try folder.file("stereo", image)
      let error = #expect(throws: EventFormatError.self) { try openEventReader(path: path) }
      #expect(error?.code == .ambiguous && error?.subject == .stream)
      // The message names cameras alone.
      #expect(error?.reason.contains("temperature") == false)
      let missing = #expect(throws: EventFormatError.self) {
        try openEventReader(path: path, options: options(stream: "/middle"))
      }
      #expect(missing?.subject == .stream && missing?.reason.contains("/temperature (std_msgs/Float32)") == true)
    }
  }

  static var stereoMCAP: MadeMCAP {
    var made = MadeMCAP([])
    made.topics = [
      MadeTopic(name: "/left/events", type: "dvs_msgs/msg/EventArray", definition: Definitions.ros2Events),
      MadeTopic(name: "/right/events", type: "dvs_msgs/msg/EventArray", definition: Definitions.ros2Events),
      MadeTopic(name: "/temperature", type: "std_msgs/msg/Float32", definition: "float32 data"),
    ]
    made.messages = [
      (2, [0, 1, 0, 0, 1, 2, 3, 4]), (0, CDRMessage().events(left)), (1, CDRMessage().events(right)),
    ]
    return made
  }

  @Test func aTopicWithoutMessagesIsNoSecondCamera() throws {
    var made = Self.stereoMCAP
    made.messages.removeLast()
    let folder = try TemporaryFolder()
    let path = try folder.file("one", made.image())
    #expect(try Reading(FileByteSource(path: path)).batch == batch(Self.left))
    // Asked for, it is an empty recording, from a file as from a pipe.
    let empty = options(stream: "/right/events")
    #expect(try Reading(FileByteSource(path: path), options: empty).batch.isEmpty)
  }

  @Test func topicsAreListedWithTheirMessages() throws {
    var reader = try openEventReader(
      source: MemoryByteSource(Self.stereo.image()), options: options(stream: "/left/events"))
    _ = try readAllEvents(&reader)
    #expect(
      reader.streams == [
        RecordingStream(
          name: "/temperature", details: "std_msgs/Float32", sensor: nil, messages: 2, isRead: false, holdsEvents: false
        ),
        RecordingStream(
          name: "/left/events", details: "dvs_msgs/EventArray", sensor: nil, messages: 2, isRead: true,
          holdsEvents: true),
        RecordingStream(
          name: "/right/events", details: "dvs_msgs/EventArray", sensor: nil, messages: 1, isRead: false,
          holdsEvents: true),
      ])
    #expect(reader.accounting.skipped == [.message: 3])
    #expect(reader.geometry == SensorGeometry(width: 64, height: 48))
  }

  @Test func twoTypesUnderOneNameAreTwoTopics() throws {
    let ros1 = MadeROS1Bag(
      topics: [
        MadeTopic(name: "/camera"), MadeTopic(name: "/camera", type: "std_msgs/Float32", definition: "float32 data"),
      ],
      chunks: [
        [(0, ROS1Message.events(Array(Self.left[..<10]))), (1, [1, 2, 3, 4])],
        [(1, [1, 2, 3, 4]), (0, ROS1Message.events(Array(Self.left[10...])))],
      ])
    var mcap = Self.stereoMCAP
    mcap.topics[0].name = "/camera"
    mcap.topics[2].name = "/camera"
    mcap.messages.removeLast()
    for image in [ros1.image(), mcap.image()] {
      let reading = try Reading(image)
      #expect(reading.batch == batch(Self.left) && reading.error == nil)
      #expect(reading.accounting.violations.isEmpty)
      #expect(reading.streams.filter { $0.name == "/camera" }.map(\.holdsEvents).sorted { $0 && !$1 } == [true, false])
    }
  }

  @Test func aTopicThatHoldsNoEventsIsRefused() throws {
    let error = #expect(throws: EventFormatError.self) {
      try Reading(Self.stereo.image(), options: options(stream: "/temperature"))
    }
    #expect(error?.subject == .stream && error?.reason.contains("std_msgs/Float32") == true)
    let none = MadeROS1Bag([[1, 2, 3, 4]], type: "std_msgs/Float32", definition: "float32 data").image()
    #expect(throws: EventFormatError.self) { try Reading(none) }
  }

  @Test func fieldsDecideWhatATypeOfAnotherNameHolds() throws {
    let events = tickingEvents(9)
    let own = MadeROS1Bag(
      [ROS1Message.events(events)], type: "lab_msgs/Events",
      definition: Definitions.ros1Events.replacing("dvs_msgs/", with: "lab_msgs/"))
    #expect(try Reading(own.image()).batch == batch(events))
    // Without a definition the name has to do, which is said.
    let bare = MadeROS1Bag([ROS1Message.events(events)], definition: "")
    let reader = try openEventReader(source: MemoryByteSource(bare.image()))
    #expect(reader.guesses.map(\.subject) == [.layout] && reader.guesses[0].value == "dvs_msgs/EventArray")
    #expect(try openEventReader(source: MemoryByteSource(own.image())).guesses.isEmpty)
  }

  @Test(arguments: [
    ("bool polarity", "bool polarity\nfloat32 weight", "weight"), ("uint16 y", "uint32 y", "uint32 y"),
    ("time ts", "uint64 ts", "uint64 ts"), ("uint32 width\n", "", "[' where 'uint32 width'"),
  ])
  func knownNamesWithOtherFieldsAreRefused(change: (String, String, String)) throws {
    let changed = MadeROS1Bag(
      [ROS1Message.events(tickingEvents(3))],
      definition: Definitions.ros1Events.replacing(change.0, with: change.1))
    let error = #expect(throws: EventFormatError.self) { try Reading(changed.image()) }
    #expect(error?.code == .unsupported && error?.byteOffset != nil)
    #expect(error?.reason.contains(change.2) == true)
  }

  @Test func definitionsThatContainThemselvesEnd() throws {
    let endless = "a/B b\n=====\nMSG: a/B\na/B b\nuint8 c"
    let bag = MadeROS1Bag([[1]], type: "a/B", definition: endless)
    #expect(throws: EventFormatError.self) { try Reading(bag.image()) }
    // Twice the fields at each of many levels would be more than all memory holds.
    let wide =
      "p/T0 a\np/T0 b\n"
      + (0..<40).map { "=====\nMSG: p/T\($0)\np/T\($0 + 1) a\np/T\($0 + 1) b\n" }.joined()
    let error = #expect(throws: EventFormatError.self) {
      try Reading(MadeROS1Bag([[1]], type: "dvs_msgs/EventArray", definition: wide).image())
    }
    #expect(error?.code == .unsupported)
  }
}
