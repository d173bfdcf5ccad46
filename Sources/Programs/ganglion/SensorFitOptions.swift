import ArgumentParser
import Events
import StreamSources

/// What becomes of events before a model gets them: the same options wherever events meet one.
struct SensorFitOptions: ParsableArguments {
  @Option(
    name: .customLong("filter"),
    help:
      "A filter that events go through first, as background=5000; repeat it for more, which follow in this order. ganglion convert --help lists them."
  )
  var filters: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      How the picture of a camera of another size comes onto the model's sensor: scale (the whole of it, in its own \
      proportions, in the middle; the default), crop (its middle, which fills the sensor), region=X,Y,WIDTH,HEIGHT (a \
      rectangle of the camera's pixels), follow (a square that slowly follows what moves), none (refuse it). Each input \
      counts events a pixel.
      """, valueName: "mode"))
  var fit: String?

  @Option(help: ArgumentHelp("Turn the picture clockwise by 0, 90, 180 or 270 degrees.", valueName: "degrees"))
  var turn: String?

  @Flag(help: "Exchange left and right, after the turn.")
  var mirror = false

  func validate() throws { _ = try RecordingOptions().with(self) }
}

extension RecordingOptions {
  func with(_ options: SensorFitOptions) throws -> Self {
    var made = self
    for filter in options.filters {
      if let problem = EventFilterChain.problem(of: filter) { throw ValidationError("\(problem)") }
    }
    if !options.filters.isEmpty { made.filters = options.filters }
    for (setting, text) in [(Setting.fit, options.fit), (.turn, options.turn)] {
      guard let text, !made.set(setting, to: text) else { continue }
      throw ValidationError("\(setting.flag) is '\(text)', allowed is \(setting.allowed)")
    }
    if options.mirror { made.isMirrored = true }
    return made
  }
}
