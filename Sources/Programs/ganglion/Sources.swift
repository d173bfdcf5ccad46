import ArgumentParser
import Audio
import CommandSupport
import Dispatch
import Failures
import Foundation
import SoundCapture
import StreamSources

/// `ganglion sources`: what can be listened to.
struct Sources: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the sound devices that can be opened, and how loud it is there.",
    discussion: """
      Opens every device that ALSA knows for capture, listens for a moment, and prints what it was opened as, the level \
      of the mixed sound and of each channel (root mean square and peak in dB below full scale), and what to do where a \
      device gives nothing, cancels itself, is cut off, or is quiet. Speak meanwhile. A name from here goes into the \
      configuration as device, a number of a channel as channel.

      \(ExitStatus.help)
      """)

  @Argument(help: "Devices to try; all that ALSA lists where none is named.")
  var devices: [String] = []

  @Option(help: "How long to listen to each.")
  var seconds = 0.3

  @Option(help: "Sample rate to ask for, in Hz.")
  var rate = 16_000

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    guard (0.01...60).contains(seconds) else { throw ValidationError("--seconds is 0.01 to 60") }
    guard (1_000...768_000).contains(rate) else { throw ValidationError("--rate is 1000 to 768000") }
  }

  private struct Finding: Encodable {
    var device: String
    var description: String
    var format: String?
    var sampleRate: Int?
    var rmsDecibels: Double?
    var peakDecibels: Double?
    /// Where there is more than one.
    var channels: [CaptureSurvey.Level]?
    var advice: String?
    var problem: String?
  }

  func run() throws {
    let listings =
      devices.isEmpty ? ALSAListing.all() : devices.map { ALSAListing(name: $0, description: "") }
    if listings.isEmpty { StandardError.report("ALSA lists no capture devices; plug one in, or name one") }
    var isAnyOpen = false
    for listing in listings {
      let finding = listen(to: listing)
      if finding.problem == nil { isAnyOpen = true }
      let line = json ? try jsonText(finding) : text(finding)
      try StandardOutput.shared.write(line: line)
    }
    if !isAnyOpen && !devices.isEmpty { throw ExitCode(FailureKind.missing) }
  }

  private func listen(to listing: ALSAListing) -> Finding {
    var finding = Finding(device: listing.name, description: listing.description)
    let stop = StopSignal()
    // A device that gives nothing must not hold up the others.
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds + 1) { stop.stop() }
    var settings = ALSADevice.Settings(device: listing.name, sampleRate: rate)
    settings.opensAllChannels = true
    let device = ALSADevice(settings)
    let source = CaptureSource(device, clocks: .init(stop: stop), seconds: seconds)
    var survey = CaptureSurvey()
    do {
      while true {
        switch try source.next() {
        case .block(let block):
          finding.sampleRate = block.sampleRate
          survey.hear(block.samples)
        case .lost(let why), .absent(let why):
          finding.problem = why
          return finding
        case .end:
          report(survey, device.levels, in: &finding)
          return finding
        case .ready(let format): finding.format = format
        case .cut, .quiet: continue
        }
      }
    } catch {
      finding.problem = "\(error)"
      return finding
    }
  }

  private func report(_ survey: CaptureSurvey, _ channels: ChannelLevels, in finding: inout Finding) {
    if survey.isEmpty {
      finding.problem = "gives no sound"
      return
    }
    finding.rmsDecibels = survey.level.rmsDecibels
    finding.peakDecibels = survey.level.peakDecibels
    if channels.count > 1 { finding.channels = CaptureSurvey.levels(of: channels) }
    finding.advice = survey.advice(channels)
  }

  private func text(_ finding: Finding) -> String {
    var line = finding.device
    if let problem = finding.problem {
      line += "  \(problem)"
    } else if let rms = finding.rmsDecibels, let peak = finding.peakDecibels {
      line += "  \(finding.format ?? ""): \(rms) dB rms, \(peak) dB peak"
      if let channels = finding.channels {
        let levels = channels.enumerated().map { "\($0): \($1.rmsDecibels) dB rms, \($1.peakDecibels) dB peak" }
        line += "; by channel \(levels.joined(separator: "; "))"
      }
      if let advice = finding.advice { line += "; \(advice)" }
    }
    return finding.description.isEmpty ? line : "\(line)  (\(finding.description))"
  }
}
