import Events
import Foundation
import Testing

@testable import TestSupport

/// Bags of ROS as users give them to the commands: from files and folders, and from pipes.
@Suite("Bags on the command line")
struct BagCommandTests {
  private static let events = tickingEvents(2_000)

  private static var messages: [[Event]] { (0..<4).map { Array(events[500 * $0..<500 * $0 + 500]) } }

  private static var ros1: [UInt8] {
    let imu = MadeTopic(name: "/imu", type: "sensor_msgs/Imu", definition: "float32 data")
    return MadeROS1Bag(
      topics: [MadeTopic(), imu],
      chunks: messages.map { [(1, [1, 2, 3, 4]), (0, ROS1Message.events($0))] }
    ).image()
  }

  private static var mcap: [UInt8] {
    var made = MadeMCAP(messages.map { CDRMessage().events($0) })
    made.chunks = .zstd
    return made.image()
  }

  private static let text = ["t,x,y,p"] + events.map { "\($0.timeMicroseconds),\($0.x),\($0.y),\($0.polarity)" }

  @Test("info and convert give the same from a file, a folder and a pipe")
  func filesAndPipes() throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("a.bag", Self.ros1)
    _ = try folder.file("a.mcap", Self.mcap)
    let description = """
      rosbag2_bagfile_information:
        version: 5
        storage_identifier: mcap
        relative_file_paths:
          - a.mcap

      """
    _ = try folder.file("metadata.yaml", Array(description.utf8))
    for (input, format) in [
      ("a.bag", "ROS 1 bag"), ("- <a.bag", "ROS 1 bag"), ("a.mcap", "MCAP"), ("- <a.mcap", "MCAP"), (".", "ROS 2 bag"),
    ] {
      let told = try Program.shell("cd \(folder.path) && ganglion info \(input)")
      #expect(told.code == 0, "\(told.errors)")
      for part in ["format     \(format)", "sensor     64x48", "/dvs/events", "4 messages of events, these"] {
        #expect(told.output.contains(part), "\(input): \(told.output)")
      }
      if format == "ROS 1 bag" { #expect(told.output.contains("/imu sensor_msgs/Imu: 4 messages\n")) }
      let parts = input.split(separator: " ", maxSplits: 1)
      let redirection = parts.count > 1 ? String(parts[1]) : ""
      let converted = try Program.shell(
        "cd \(folder.path) && ganglion convert --format csv \(parts[0]) - \(redirection)")
      #expect(converted.code == 0 && converted.lines == Self.text, "\(input): \(converted.errors)")
      let other = try Program.shell(
        "cd \(folder.path) && ganglion convert --quiet \(parts[0]) out.aedat4 \(redirection)"
          + " && ganglion convert --quiet --format csv out.aedat4 -")
      #expect(other.lines == Self.text, "\(input): \(other.errors)")
    }
  }

  @Test("of two cameras one has to be named, before anything is told, from a file as from a pipe")
  func cameras() throws {
    let folder = try TemporaryFolder()
    let other = tickingEvents(30, from: 5_000_000)
    let bag = MadeROS1Bag(
      topics: [MadeTopic(name: "/left/events"), MadeTopic(name: "/right/events")],
      chunks: [[(0, ROS1Message.events(Self.messages[0]))], [(1, ROS1Message.events(other))]])
    _ = try folder.file("a.bag", bag.image())
    let model = folder.path + "/events.safetensors"
    try TestModels.events().write(to: model)
    for (input, redirection) in [("a.bag", ""), ("-", "<a.bag")] {
      for command in ["convert --format csv \(input) - \(redirection)", "run -m \(model) \(input) \(redirection)"] {
        let refused = try Program.shell("cd \(folder.path) && ganglion \(command)")
        #expect(refused.code == 65 && refused.output == "", "\(command): \(refused)")
        for part in ["2 topics hold events: /left/events", "/right/events", "--stream"] {
          #expect(refused.errors.contains(part), "\(command): \(refused.errors)")
        }
      }
      let told = try Program.shell("cd \(folder.path) && ganglion info \(input) \(redirection)")
      #expect(told.code == 0 && told.output.contains("stream taken as /left/events: the first of 2"), "\(told.output)")
      let chosen = try Program.shell(
        "cd \(folder.path) && ganglion convert --quiet --stream /right/events --format csv \(input) - \(redirection)")
      #expect(chosen.lines.dropFirst().first == "5000000,0,0,0" && chosen.lines.count == 31, "\(chosen)")
    }
  }

  @Test("a bag that was cut gives what is there and says where it ends")
  func cut() throws {
    let folder = try TemporaryFolder()
    let image = Self.ros1
    _ = try folder.file("a.bag", Array(image[..<(image.count / 2)]))
    for (input, redirection) in [("a.bag", ""), ("-", "<a.bag")] {
      let outcome = try Program.shell("cd \(folder.path) && ganglion convert --format csv \(input) - \(redirection)")
      #expect(outcome.code == 0 && outcome.errors.contains("truncated tail: 1, first at byte "), "\(outcome.errors)")
      #expect(outcome.lines.count > 500 && outcome.lines == Array(Self.text.prefix(outcome.lines.count)))
    }
  }
}
