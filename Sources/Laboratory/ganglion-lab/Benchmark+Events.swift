import ArgumentParser
import CommandSupport
import EventFormats
import Events
import Foundation
import Numerics
import OutputFiles

/// `ganglion-lab benchmark events`: how fast recordings are decoded and binned.
struct BenchmarkEvents: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Measure decoding and binning of event recordings.",
    discussion: """
      Each file is read from front to back in this process, on one thread, several times; the table gives million \
      events a second of CPU time (user and system), the median and the range. Files should be in the page cache: the \
      first reading is not counted. Without files, a synthetic recording is written in every format and read.
      """)

  @Argument(help: "Recordings to decode.")
  var files: [String] = []

  @Option(help: "How often each is read.")
  var repeats: Int = 5

  @Option(help: "Events of the synthetic recording.")
  var events: Int = 2_000_000

  @Option(help: "Sensor for binning and for recordings that do not name theirs.")
  var sensor = SensorGeometry(width: 640, height: 480)

  @Flag(help: "Measure binning of each file, into 2 x height x width counts of 10 ms, instead of decoding.")
  var binning = false

  @Flag(help: "With --binning: whole frames instead of lists of active inputs.")
  var dense = false

  @Option(help: "With --binning: the sensor of a model onto which the picture is fitted.")
  var onto: SensorGeometry?

  @Option(help: "With --onto: how, as in ganglion run.")
  var fit = "scale"

  @Option(help: "With --binning: a filter in front, repeat it for more; what it takes is counted in.")
  var filter: [String] = []

  func run() throws {
    guard (1...1000).contains(repeats), (1...100_000_000).contains(events) else {
      throw ValidationError("--repeats and --events must be above 0 and sensible")
    }
    try StandardOutput.shared.write(line: "one thread, CPU time, median of \(repeats) [range]; million events a second")
    try StandardOutput.shared.write(
      line:
        padded("file", 30) + padded(binning ? "binning" : "format", 20) + right("events", 11) + right("bytes/event", 13)
        + right("Mev/s", 10) + right("range", 18) + right("MiB", 7))
    guard files.isEmpty else {
      for file in files { try measure(file) }
      return
    }
    let folder = NSTemporaryDirectory() + "ganglion-benchmark-\(getpid())"
    try makeFolder(folder)
    defer { rmdir(folder) }
    let scene = SyntheticScene(count: events, sensor: sensor).batch
    for (format, name, change) in Self.targets {
      let path = "\(folder)/\(name)"
      defer { unlink(path) }
      var options = EventWritingOptions(format: format, geometry: sensor)
      change(&options)
      var writer = try openEventWriter(path: path, options: options)
      try writer.write(scene)
      try writer.finish()
      try measure(path)
    }
  }

  private static let targets: [(EventFormat, String, @Sendable (inout EventWritingOptions) -> Void)] = [
    (.evt2, "scene_evt2.raw", { _ in }), (.evt21, "scene_evt21.raw", { _ in }), (.evt3, "scene_evt3.raw", { _ in }),
    (.dat2, "scene_dat2.dat", { _ in }), (.eventStream, "scene.es", { _ in }),
    (.aedat2, "scene.aedat", { _ in }), (.aedat3, "scene_31.aedat", { _ in }),
    (.aedat4, "scene_none.aedat4", { $0.compression = .none }),
    (.aedat4, "scene_lz4.aedat4", { $0.compression = .lz4 }),
    (.aedat4, "scene_zstd.aedat4", { $0.compression = .zstd }), (.npy, "scene.npy", { _ in }),
    (.csv, "scene.csv", { _ in }), (.hdf5, "scene.h5", { _ in }),
  ]

  private func measure(_ path: String) throws {
    var rates: [Double] = []
    var count = 0
    var format = ""
    for turn in 0...repeats {
      let (events, seconds, title) = try binning ? bin(path) : decode(path)
      count = events
      format = title
      if turn > 0 { rates.append(Double(events) / 1e6 / max(seconds, 1e-9)) }
    }
    rates.sort()
    let bytes = FileByteSource.size(ofFile: path) ?? 0
    try StandardOutput.shared.write(
      line:
        padded(String(path.split(separator: "/").last ?? ""), 30) + padded(format, 20) + right("\(count)", 11)
        + right(fixed(Double(bytes) / Double(max(count, 1)), 1), 13) + right(fixed(rates[rates.count / 2], 1), 10)
        + right("\(fixed(rates[0], 1))-\(fixed(rates[rates.count - 1], 1))", 18) + right("\(peakMemory())", 7))
  }

  private func decode(_ path: String) throws -> (Int, Double, String) {
    let start = processorSeconds()
    var reader = try openEventReader(path: path)
    var batch = EventBatch()
    var count = 0
    while try reader.read(into: &batch, maximum: 8192) { count += batch.count }
    return (count, processorSeconds() - start, reader.format.title)
  }

  /// Binning alone: the events are in memory before the clock starts.
  private func bin(_ path: String) throws -> (Int, Double, String) {
    var options = EventReadingOptions()
    options.geometry = sensor
    var reader = try openEventReader(path: path, options: options)
    var batches: [EventBatch] = []
    var batch = EventBatch()
    while try reader.read(into: &batch, maximum: 8192) { batches.append(batch) }
    let camera = reader.geometry ?? sensor
    guard let mode = SensorFit.Mode(fit) else { throw ValidationError("--fit is \(SensorFit.Mode.allowed)") }
    var chain = EventFilterChain(geometry: camera)
    for description in filter { try chain.append(description, hotPixels: .running) }
    var binner = try EventBinner(
      EventBinningConfiguration(sensor: onto ?? chain.geometry ?? camera, binMicroseconds: 10_000),
      camera: chain.geometry, fit: SensorFit(mode))
    var active = 0
    let start = processorSeconds()
    for var batch in batches {
      if !filter.isEmpty { chain.apply(&batch) }
      if dense {
        try binner.pushDense(batch) { step, _ in active = step + 1 }
      } else {
        try binner.push(batch) { active += $0.channels.count }
      }
    }
    if dense {
      binner.finishDense { step, _ in active = step + 1 }
    } else {
      binner.finish { active += $0.channels.count }
    }
    let seconds = processorSeconds() - start
    return (batches.reduce(0) { $0 + $1.count }, seconds, dense ? "\(active) frames" : "\(active) active")
  }
}

/// A recording made up from a seed: edges that sweep over the sensor, row by row, and noise.
struct SyntheticScene {
  let batch: EventBatch

  init(count: Int, sensor: SensorGeometry, seed: UInt64 = 1) {
    var state = seed
    func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(bound))
    }
    var batch = EventBatch()
    var time: Int64 = 0
    while batch.count < count {
      time += Int64(next(3))
      let row = next(sensor.height)
      let polarity = UInt8(next(2))
      var column = (Int(time / 50) + row + next(40)) % sensor.width
      for _ in 0..<(1 + next(3) * next(2)) where column < sensor.width && batch.count < count {
        batch.append(
          Event(timeMicroseconds: time, x: UInt16(column), y: UInt16(row), polarity: polarity))
        column += 1 + next(3)
      }
    }
    self.batch = batch
  }
}

/// CPU time of this process so far, user and system, seconds.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Largest memory of this process so far, MiB.
func peakMemory() -> Int {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  return usage.ru_maxrss / 1024
}
