import ArgumentParser
import ModelFiles

/// What `ganglion evaluate --stream` can be told.
struct StreamOptions: ParsableArguments {
  @Flag(help: "Measure false accepts and misses on long recordings.") var stream = false
  @Option(help: "Labels of a recording; as many as there are recordings, in their order.", completion: .file())
  var labels: [String] = []
  @Option(help: "Milliseconds after a word's end within which its detection may end (500).") var tolerance: Int?
  @Option(
    help: "Milliseconds over which to average scores, in place of the model's window; written with the thresholds.")
  var window: Int?
  @Option(help: "For models that find words in streams: low, normal or high, as for ganglion run.")
  var sensitivity: String?
  @Option(help: "Draw misses over false accepts (DET curve), ending in .png or .svg.", completion: .file())
  var det: String?
  @Option(help: "Write the model with thresholds chosen on these recordings.", completion: .file())
  var writeThresholds: String?
  @Option(
    name: .long, help: ArgumentHelp("With --write-thresholds: false accepts an hour to allow.", valueName: "an hour"))
  var falseAccepts: Double?

  static let usualToleranceMilliseconds = 500

  var toleranceMicroseconds: Int64 { Int64(tolerance ?? Self.usualToleranceMilliseconds) * 1_000 }

  func validate(recordings: [String]) throws {
    guard labels.count == recordings.count else {
      throw ValidationError(
        "\(recordings.count) recordings need as many --labels, in the same order; there are \(labels.count)")
    }
    guard !recordings.contains("-") else {
      throw ValidationError("recordings are read twice, so they have to be files")
    }
    guard (0...60_000).contains(tolerance ?? 0) else { throw ValidationError("--tolerance is 0 to 60000 ms") }
    guard (10...60_000).contains(window ?? 10) else { throw ValidationError("--window is 10 to 60000 ms") }
    guard (writeThresholds == nil) == (falseAccepts == nil) else {
      throw ValidationError("--write-thresholds and --false-accepts go together")
    }
    if let falseAccepts, !(0...100_000).contains(falseAccepts) {
      throw ValidationError("--false-accepts is 0 to 100000 an hour")
    }
    if let det, !det.hasSuffix(".png") && !det.hasSuffix(".svg") {
      throw ValidationError("--det is a picture that ends in .png or .svg, not '\(det)'")
    }
  }

  func validateUnused() throws {
    if !labels.isEmpty || tolerance != nil || window != nil || sensitivity != nil || det != nil
      || writeThresholds != nil
      || falseAccepts != nil
    {
      throw ValidationError(
        "--labels, --tolerance, --window, --sensitivity, --det, --write-thresholds and --false-accepts need --stream")
    }
  }

  /// The model with the window that was asked for.
  func adapted(_ model: Model) throws -> Model {
    let model = try model.with(sensitivity: sensitivity)
    guard let window else { return model }
    var manifest = model.manifest
    manifest.decision.windowMicroseconds = Int64(window) * 1_000
    manifest.decision.stream?.scoreMicroseconds = Int64(window) * 1_000
    return try Model(manifest: manifest, network: model.network)
  }
}
