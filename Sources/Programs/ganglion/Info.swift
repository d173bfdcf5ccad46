import ArgumentParser
import Audio
import CommandSupport
import EventFormats
import Events
import FoundationEssentials
import Learning
import ModelFiles
import OutputFiles

/// `ganglion info`: what is in a recording or a model.
struct Info: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print what is in a recording or a model.",
    discussion: """
      Of a recording of events it prints format, sensor, duration, a table of what was found with times and rates, broken rules, and a digest of \
      every decoded field: BLAKE2b with 16 bytes over the little-endian values (time as int64, x and y as uint16, \
      polarity as uint8). What the recording does not say and was taken for granted stands behind "guessed". Of a \
      recording of several cameras it lists them all; the rest is about the one that --stream names, or the first. With \
      --filter it prints what each filter takes out; --fit, --turn and --mirror are for --on.

      Of a recording of sound it prints container, encoding, rate, duration, and of each channel level, peak and offset; \
      "heard" is what a model is given: the mean of the channels, or --channel, with --gain.

      Of a model it prints what it perceives, its labels, its network layer by layer, and how it was made and tested; \
      with --json its whole manifest. With --on, also what each of its layers and its encoder calculate on those \
      recordings, and an estimate of the energy. \(SynapticActivity.help)

      \(ExitStatus.help)
      """)

  @Argument(help: "A recording or a model, or - for a recording on standard input.")
  var file: String

  @OptionGroup(title: "For recordings of events") var input: EventReportOptions
  @OptionGroup(title: "For recordings of events") var fit: SensorFitOptions
  @OptionGroup(title: "For recordings of sound") var sound: SoundInputOptions

  @Option(parsing: .upToNextOption, help: "Of a model: recordings to count its operations on.", completion: .file())
  var on: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(inversion: .prefixedNo, help: "Compute the digests.")
  var digest = true

  func run() throws {
    StandardOutput.shared.endWithReader()
    if isModel(file) { return try printModel() }
    if sound.raw != nil { return try printSound(nil) }
    var options = try input.readingOptions()
    options.surveysStreams = true
    let source = try PeekedBytes(FileByteSource(path: file), count: SoundSignature.certainLength)
    // A format that is named is believed.
    if options.format == nil, SoundSignature.isSound(source.head, isWhole: source.isWhole) {
      return try printSound(source)
    }
    if sound.readingOptions != SoundReadingOptions() {
      throw ValidationError("--channel and --gain describe sound, which \(FileNames.shown(file)) is not")
    }
    var reader = try openEventReader(source: source, options: options)
    let summary = try RecordingSummary(reading: &reader, source: FileNames.shown(file), withDigest: digest)
    if json {
      try StandardOutput.shared.write(line: jsonText(summary, isPretty: true))
    } else {
      try StandardOutput.shared.write(summary.text)
    }
    if !json { for line in try filtered(options) { try StandardOutput.shared.write(line + "\n") } }
  }

  /// What the filters take out of the recording, in which hot pixels are found as it runs.
  private func filtered(_ options: EventReadingOptions) throws -> [String] {
    if fit.filters.isEmpty { return [] }
    guard FileByteSource.size(ofFile: file) != nil else {
      throw ValidationError("--filter reads the recording a second time, which a pipe cannot be")
    }
    var reader = try openEventReader(path: file, options: options)
    var chain = EventFilterChain(geometry: reader.geometry)
    for description in fit.filters { try chain.append(description, hotPixels: .running) }
    var batch = EventBatch()
    while try reader.read(into: &batch, maximum: 16_384) { chain.apply(&batch) }
    return chain.findings
  }
}

extension RecordingSummary {
  /// The summary as people read it.
  var text: String {
    var lines: [(String, String)] = [
      ("file", source), ("format", format), ("encoding", encoding),
      ("sensor", sensor?.description ?? "not named" + (extent.map { ", events reach \($0)" } ?? "")),
      ("duration", seconds(durationMicroseconds) + " s"),
      ("bytes", "\(bytes), header \(headerBytes)" + (tailBytes > 0 ? ", left over \(tailBytes)" : "")),
    ]
    lines += guesses.map { ("guessed", "\($0)") }
    lines += streams.map { ("stream", "\($0): \($0.content)\($0.isRead ? ", these" : "")") }
    if let brighterShare {
      lines.append(("polarity", "\(fixed(100 * brighterShare, 1)) % brighter"))
    }
    var text = lines.map { "\(padded($0.0, 10)) \($0.1)\n" }.joined()
    text +=
      "\n" + padded("type", 18) + ["count", "first us", "last us", "mean/s", "peak/s"].map { right($0, 18) }.joined()
    text += "\n"
    for row in rows + skipped {
      text += padded(row.type, 18) + right("\(row.count)", 18)
      text += right(row.firstMicroseconds.map { "\($0)" } ?? "", 18)
      text += right(row.lastMicroseconds.map { "\($0)" } ?? "", 18)
      text += right(row.meanRate.map { fixed($0, 0) } ?? "", 18) + right(row.peakRate.map { fixed($0, 0) } ?? "", 18)
      text = String(text.reversed().drop { $0 == " " }.reversed()) + "\n"
    }
    text += violations.isEmpty ? "\nno rule of the format is broken\n" : "\n"
    for violation in violations {
      text += "\(violation.kind): \(violation.count), first at \(violation.place)\n"
    }
    if let digest {
      text += "\ndigest t \(digest.time)\ndigest x \(digest.x)\ndigest y \(digest.y)\ndigest p \(digest.polarity)\n"
    }
    return text
  }
}

extension RecordingStream {
  /// What is in it, as people read it.
  fileprivate var content: String {
    guard let messages else { return "\(events) events" }
    return "\(messages) messages\(holdsEvents ? " of events" : "")"
  }
}
