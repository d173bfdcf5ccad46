import Audio
import CommandSupport
import EventFormats
import FoundationEssentials
import OutputFiles

extension Info {
  /// Prints what is in a recording of sound; what is wrong with it is thrown afterwards.
  ///
  /// - Parameter source: what comes through standard input and has been looked at; nil where nothing has.
  func printSound(_ source: PeekedBytes?) throws {
    let reader = try SoundFileReader(location(source), options: sound.readingOptions)
    var (summary, failure) = SoundSummary.read(reader, options: sound.readingOptions)
    summary.source = FileNames.shown(summary.source)
    if json {
      try StandardOutput.shared.write(line: jsonText(summary, isPretty: true))
    } else {
      try StandardOutput.shared.write(summary.text)
    }
    if let failure { throw failure }
  }

  private func location(_ source: PeekedBytes?) -> SoundFileReader.Location {
    guard var source, file == "-" else { return SoundFileReader.location(file) }
    return .bytes(name: source.name) { room throws(AudioError) in
      do throws(EventFormatError) {
        return try source.read(into: room)
      } catch {
        throw AudioError(source: error.source, reason: .cannotRead(error.reason))
      }
    }
  }
}

extension SoundSummary {
  /// The summary as people read it.
  var text: String {
    var text = ""
    func line(_ name: String, _ value: String) { text += "\(padded(name, 10)) \(value)\n" }
    line("file", source)
    for (number, part) in recordings.enumerated() {
      if recordings.count > 1 { text += "\nrecording \(number + 1) of \(recordings.count)\n" }
      line("format", "\(part.container), \(part.encoding)")
      line("rate", "\(part.sampleRate) Hz")
      line("duration", "\(fixed(part.seconds, 6)) s, \(part.frames) frames")
      text += "\n" + padded("channel", 10) + ["level dB", "peak dB", "offset"].map { right($0, 12) }.joined() + "\n"
      for (channel, level) in part.channels.enumerated() { text += row("\(channel)", level) }
      text += row("heard", part.heard)
    }
    for notice in notices { text += "\n\(notice)" }
    if !notices.isEmpty { text += "\n" }
    return text
  }

  private func row(_ name: String, _ level: Level) -> String {
    func decibels(_ value: Double?) -> String { right(value.map { fixed($0, 1) } ?? "none", 12) }
    return padded(name, 10) + decibels(level.decibels) + decibels(level.peakDecibels)
      + right(fixed(level.offset, 4), 12) + "\n"
  }
}
