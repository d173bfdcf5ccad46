import ArgumentParser
import CommandSupport
import EventFormats
import EventSimulation
import Events
import Foundation
import Learning
import OutputFiles
import Scenes
import Video

extension Gesture: ExpressibleByArgument {}
extension OtherMovement: ExpressibleByArgument {}

/// `ganglion simulate scene`: what an event camera sees of people that do not exist.
struct SimulateScene: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scene",
    abstract: "Simulate people who gesture before an event camera.",
    discussion: """
      A body, its looks and manners, a room and a camera are drawn from the seed. The person makes the gestures of \
      DVS128 Gesture and other movements one after another; --labels writes which gesture is made from when to when, for \
      ganglion evaluate --stream. The same options and seed give the same events.

        ganglion simulate scene --seconds 60 --seed 7 -o people.aedat4 --labels people.tsv
        ganglion simulate scene --gesture "arm roll" --seconds 3 -o roll.aedat4 --video roll.y4m

      The gestures: \(Gesture.allCases.map(\.rawValue).joined(separator: ", ")). Other movements: \
      \(OtherMovement.allCases.map(\.rawValue).joined(separator: ", ")).

      \(ExitStatus.help)
      """)

  @OptionGroup var target: SimulatedOutput
  @Option(help: "Length, seconds.") var seconds = 10.0
  @Option(help: "Size of the sensor, as 346x260.") var sensor = SensorGeometry(width: 128, height: 128)
  @Option(help: "A gesture that is made, with nothing else before or after unless --others says so. May be repeated.")
  var gesture: [Gesture] = []
  @Option(help: "A movement that is no gesture, of those that are made. May be repeated; all where none is named.")
  var movement: [OtherMovement] = []
  @Option(help: "Share of the movements that are no gestures, 0 to 1; 0 where gestures are named, else 0.5.")
  var others: Double?
  @Option(help: "Chance of each thing that distracts: others who stand or walk by, a dog, a curtain, a shaking camera.")
  var distraction = 0.08
  @Option(help: "Frames a second that are drawn; between them pixels change in a straight line.")
  var framesPerSecond = 200
  @Option(
    help: "New people, room and camera after so many seconds of a long recording; 0 keeps them.")
  var change = 20.0
  @Option(help: "Where the gestures are written: start and end in seconds and the name, with tabs between them.")
  var labels: String?
  @Option(help: "Where the frames are written as Y4M video.") var video: String?
  @OptionGroup(title: "The simulated camera; its values are drawn from the seed where none is named") var model:
    SensorModelOptions

  func validate() throws {
    guard (0.01...86_400).contains(seconds) else {
      throw ValidationError("--seconds is \(seconds); it is 0.01 to 86400")
    }
    guard (0...1).contains(distraction) else { throw ValidationError("--distraction is \(distraction); it is 0 to 1") }
    if let others, !(0...1).contains(others) { throw ValidationError("--others is \(others); it is 0 to 1") }
    guard (20...2_000).contains(framesPerSecond) else {
      throw ValidationError("--frames-per-second is \(framesPerSecond); it is 20 to 2000")
    }
    guard change >= 0 else { throw ValidationError("--change is \(change); it is 0 or more") }
  }

  func run() throws {
    var options = SceneOptions()
    if !gesture.isEmpty { options.gestures = gesture }
    if !movement.isEmpty { options.movements = movement }
    options.gestureChance = 1 - (others ?? (gesture.isEmpty ? 0.5 : 0))
    options.distraction = distraction
    if gesture.count == 1 && options.gestureChance == 1 { options.gestureSeconds = seconds...seconds }
    var writer = try target.writer(sensor)
    var film = try video.map { try Y4MWriter(path: $0, geometry: sensor, framesPerSecond: framesPerSecond) }
    let list = try labels.map { try OutputFile($0) }
    var words: [LabelledWord] = []
    let progress = WorkProgress()
    var begin = 0.0
    var part: UInt64 = 0
    while begin < seconds {
      let length = change > 0 ? min(change, seconds - begin) : seconds
      let seed = target.seed &+ part &* 0x9e37_79b9_7f4a_7c15
      let scene = Scene(options, size: sensor, seconds: length, seed: seed)
      let offset = Int64((begin * 1e6).rounded())
      words += scene.gestures.map { found in
        LabelledWord(
          label: found.gesture.rawValue, startMicroseconds: offset + Int64(found.start * 1e6),
          endMicroseconds: offset + Int64(min(found.end, length) * 1e6))
      }
      var recording = try SceneRecording(
        scene, sensor: model.model(scene.sensor), framesPerSecond: framesPerSecond, seed: seed)
      var batch = EventBatch()
      while try recording.advance(into: &batch) {
        batch.shiftTimes(by: offset)
        try writer.write(batch)
        batch.removeAll()
        try film?.write(recording.image)
        progress.show(
          "simulate", done: Int((begin + Double(recording.timeMicroseconds) / 1e6) * 1e3), total: Int(seconds * 1e3))
      }
      begin += length
      part += 1
    }
    progress.clear()
    try list?.write(Array(LabelFile.text(words).utf8))
    try writer.finish()
    try film?.finish()
    try list?.finish()
    StandardError.report(
      "\(target.output): \(writer.count) events of \(sensor), \(words.count) gestures in \(fixed(seconds, 1)) s, seed \(target.seed)"
    )
  }
}
