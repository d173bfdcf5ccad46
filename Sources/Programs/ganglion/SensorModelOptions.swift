import ArgumentParser
import CommandSupport
import EventFormats
import EventSimulation
import Events

extension SensorModel.Preset: ExpressibleByArgument {}

/// The simulated camera: a preset, and what differs from it, by the names of the literature.
struct SensorModelOptions: ParsableArguments {
  @Option(help: "The camera whose values are taken where nothing else is said: dvs128, davis346 or gen4.")
  var camera: SensorModel.Preset?

  @Option(help: "Change of the logarithm of intensity that makes a pixel fire, brighter.")
  var positiveThreshold: Double?

  @Option(help: "The same, darker.")
  var negativeThreshold: Double?

  @Option(help: "Standard deviation of the thresholds from pixel to pixel, relative.")
  var thresholdMismatch: Double?

  @Option(help: "Cut-off frequency of a bright pixel, hertz; 0 for none.")
  var cutoffFrequency: Double?

  @Option(help: "Refractory time after an event, microseconds.")
  var refractoryMicroseconds: Int64?

  @Option(help: "Events a second of a pixel's leak, hertz.")
  var leakRate: Double?

  @Option(help: "Noise events a second of a dark pixel, hertz.")
  var shotNoiseRate: Double?

  @Option(help: "Share of hot pixels, 0 to 1.")
  var hotPixelShare: Double?

  @Option(help: "Events a second of a hot pixel, hertz.")
  var hotPixelRate: Double?

  @Option(help: "What is added to all intensities, of which 1 is white.")
  var darkCurrent: Double?

  /// The same values on top of others.
  func model(_ usual: SensorModel) -> SensorModel {
    var model = camera.map(SensorModel.init) ?? usual
    if let positiveThreshold { model.positiveThreshold = positiveThreshold }
    if let negativeThreshold { model.negativeThreshold = negativeThreshold }
    if let thresholdMismatch { model.thresholdMismatch = thresholdMismatch }
    if let cutoffFrequency { model.cutoffFrequency = cutoffFrequency }
    if let refractoryMicroseconds { model.refractoryMicroseconds = refractoryMicroseconds }
    if let leakRate { model.leakRate = leakRate }
    if let shotNoiseRate { model.shotNoiseRate = shotNoiseRate }
    if let hotPixelShare { model.hotPixelShare = hotPixelShare }
    if let hotPixelRate { model.hotPixelRate = hotPixelRate }
    if let darkCurrent { model.darkCurrent = darkCurrent }
    return model
  }
}

/// Where simulated events go.
struct SimulatedOutput: ParsableArguments {
  @Option(name: .shortAndLong, help: "What is written, its format by its ending; - for standard output, with --format.")
  var output: String

  @Option(help: "Format of the output, instead of going by its ending.")
  var format: EventFormat?

  @Option(help: "Seed of every random choice.")
  var seed: UInt64 = 1

  func writer(_ geometry: SensorGeometry) throws -> any EventWriter {
    if output == "-" { StandardOutput.shared.endWithReader() }
    let target =
      try format
      ?? EventFormat(fileName: output).orThrow(
        ValidationError("the ending of \(output) says no format: name it with --format"))
    var writing = EventWritingOptions(format: target, geometry: geometry)
    writing.separatesWithTabs = output.lowercased().hasSuffix(".tsv")
    return try openEventWriter(path: output, options: writing)
  }
}
