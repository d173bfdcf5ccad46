import ArgumentParser
import CommandSupport
import EventSimulation
import Events
import Foundation
import Video

/// `ganglion simulate video`: what an event camera would have seen of a video.
struct SimulateVideo: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "video",
    abstract: "Simulate what an event camera would have seen of a video.",
    discussion: """
      Reads Y4M video from a file or standard input, frames without a header (--raw), or the PNG files of a folder in \
      order of their names (--frame-rate). Between two frames the logarithm of each pixel's intensity moves in a straight \
      line: the more frames a second, the better; things that move by more than about two pixels from frame to frame \
      leave gaps.

        ffmpeg -i film.mp4 -f yuv4mpegpipe - | ganglion simulate - -o film.aedat4
        ganglion simulate film.y4m -o film.raw --sensor 346x260 --camera davis346 --seed 3
        ganglion simulate frames/ --frame-rate 500 -o film.h5

      \(ExitStatus.help)
      """)

  @Argument(help: "The video: a Y4M file, - for standard input, or a folder of PNG files.", completion: .file())
  var input: String

  @OptionGroup var target: SimulatedOutput

  @Option(
    help: ArgumentHelp(
      "Frames without a header: gray8, gray16le or rgb24, size and rate.", valueName: "samples:size:rate"))
  var raw: String?

  @Option(help: "Frames a second of a folder of pictures, as 30 or 30000/1001.")
  var frameRate: String?

  @Option(help: "Size of the sensor, as 346x260, instead of the video's; the middle is kept where the aspects differ.")
  var sensor: SensorGeometry?

  @Option(help: "Samples are the light to the power of 1 / gamma; 1 takes them as the light itself.")
  var gamma = Gamma.usual

  @Option(help: "How many times slower the video was filmed than it plays.")
  var slowdown = 1.0

  @OptionGroup(title: "The simulated camera") var model: SensorModelOptions

  func validate() throws {
    guard (0.1...10).contains(gamma) else { throw ValidationError("--gamma is \(gamma); it is 0.1 to 10") }
    guard (0.001...10_000).contains(slowdown) else {
      throw ValidationError("--slowdown is \(slowdown); it is 0.001 to 10000")
    }
  }

  private func open() throws -> any FrameSource {
    if let raw {
      guard let format = RawFrameFormat(raw) else {
        throw ValidationError("--raw is '\(raw)'; it is SAMPLES:SIZE:RATE, as gray8:640x480:30")
      }
      return try RawFrameReader(path: input, format: format, gamma: gamma)
    }
    var isFolder: ObjCBool = false
    guard input != "-", FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue else {
      guard frameRate == nil else {
        throw ValidationError("--frame-rate is for a folder of pictures; a Y4M video names its own")
      }
      return try Y4MReader(path: input, gamma: gamma)
    }
    guard let text = frameRate else {
      throw ValidationError("pictures have no rate of their own: name the frames a second with --frame-rate")
    }
    guard let rate = FrameRate(text) else {
      throw ValidationError("--frame-rate is '\(text)'; it is a number, as 30, or a ratio, as 30000/1001")
    }
    return try PNGFrames(folder: input, rate: rate, gamma: gamma)
  }

  func run() throws {
    var source = try open()
    let geometry = sensor ?? source.geometry
    var simulator = try EventSimulator(geometry: geometry, model: model.model(SensorModel()), seed: target.seed)
    let scaling = AreaScaling(from: source.geometry, to: geometry)
    var writer = try target.writer(geometry)
    var image: [Float] = []
    var seen: [Float] = []
    var batch = EventBatch()
    var frames = 0
    while try source.next(into: &image) {
      scaling.apply(image, into: &seen)
      let time = Int64((Double(source.timeMicroseconds(ofFrame: frames)) / slowdown).rounded())
      try simulator.push(seen, timeMicroseconds: time, into: &batch)
      try writer.write(batch)
      batch.removeAll()
      frames += 1
    }
    guard frames > 1 else {
      throw VideoError(
        input == "-" ? "standard input" : input, "has \(frames) frames; events are changes from one to another")
    }
    try writer.finish()
    StandardError.report(
      "\(target.output): \(writer.count) events of \(geometry) from \(frames) frames, "
        + "\(fixed(Double(simulator.timeMicroseconds ?? 0) / 1e6, 3)) s, seed \(target.seed)")
  }
}
