import ArgumentParser
import Dispatch
import Failures
import Foundation
import LiveSources

/// `ganglion sources`: what can be listened to.
struct Sources: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the sound devices that can be opened, and how loud it is there.",
    discussion: """
      Opens every device that ALSA knows for capture, listens for a moment, and prints what it was opened as and the \
      level: root mean square and peak in dB below full scale. A name from here goes into the configuration as device.

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
    var sampleRate: Int?
    var rmsDecibels: Double?
    var peakDecibels: Double?
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
    let device = ALSADevice(.init(device: listing.name, sampleRate: rate))
    let source = CaptureSource(device, clocks: .init(stop: stop), seconds: seconds)
    var (squares, peak, count) = (0.0, 0.0, 0)
    do {
      while true {
        switch try source.next() {
        case .block(let block):
          finding.sampleRate = block.sampleRate
          for sample in block.samples {
            squares += Double(sample * sample)
            peak = max(peak, Double(sample.magnitude))
          }
          count += block.samples.count
        case .lost(let why):
          finding.problem = why
          return finding
        case .end:
          if count == 0 {
            finding.problem = "gives no sound"
            return finding
          }
          finding.rmsDecibels = decibels((squares / Double(count)).squareRoot())
          finding.peakDecibels = decibels(peak)
          return finding
        case .ready, .cut, .quiet: continue
        }
      }
    } catch {
      finding.problem = "\(error)"
      return finding
    }
  }

  /// With one decimal, -120 for silence.
  private func decibels(_ amplitude: Double) -> Double {
    (max(-120, 20 * log10(max(amplitude, 1e-6))) * 10).rounded() / 10
  }

  private func text(_ finding: Finding) -> String {
    var line = finding.device
    if let problem = finding.problem {
      line += "  \(problem)"
    } else if let rate = finding.sampleRate, let rms = finding.rmsDecibels, let peak = finding.peakDecibels {
      line += "  \(rate) Hz, \(rms) dB rms, \(peak) dB peak"
    }
    return finding.description.isEmpty ? line : "\(line)  (\(finding.description))"
  }
}
