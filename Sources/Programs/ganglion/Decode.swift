import ArgumentParser
import Audio
import CommandSupport
import OutputFiles
import SoundEncoders
import Spiketrum

/// `ganglion decode`: spikes to sound.
struct Decode: ParsableCommand {
  enum Code: String, ExpressibleByArgument, CaseIterable {
    case analogue, place
  }

  static let configuration = CommandConfiguration(
    abstract: "Turn spikes back into sound.",
    discussion: """
      Reads what ganglion encode wrote and sums the kernels that the spikes stand for into a WAV file of 16 bits, a channel for each \
      microphone. With \
      --reference, prints the SNR against the sound that was encoded.

      \(ExitStatus.help)
      """)

  @Argument(help: "A file of spikes that ganglion encode wrote.", completion: .file())
  var spikes: String

  @Option(name: [.short, .long], help: "The sound to write (.wav).")
  var output: String

  @Option(help: "analogue: times, channels and coefficients; place: times, channels and levels.")
  var code: Code = .analogue

  @Option(help: "The sound that was encoded, to measure the loss.")
  var reference: String?

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let recording = try SpiketrumRecording(contentsOf: spikes)
    let decoder = SpiketrumDecoder(try GammatoneDictionary(recording.configuration.dictionary))
    let sounds = (0..<recording.microphoneCount).map { microphone in
      let heard = recording.heard(by: microphone)
      return switch code {
      case .analogue: decoder.decode(heard.spikes, sampleCount: recording.sampleCount)
      case .place: decoder.decode(heard.placed, amplitudes: recording.amplitudes, sampleCount: recording.sampleCount)
      }
    }
    let rate = recording.configuration.sampleRate
    try OutputFile.write(WaveFile(channels: sounds, sampleRate: rate).bytes.span.bytes, to: output)
    let decibels = try reference.map { path in
      let references =
        recording.microphoneCount == 1
        ? [try SoundStream.samples(ofFile: path, sampleRate: rate)]
        : try SoundStream.channels(of: SoundFileReader(.path(path)), sampleRate: rate)
      // Held against what the encoder was given.
      let heard = references.map { samples in
        recording.configuration.highPassFrequency.map { withoutOffset(samples, frequency: $0, sampleRate: rate) }
          ?? samples
      }
      return signalToNoiseDecibels(of: sounds.flatMap { $0 }, reference: heard.flatMap { $0 })
    }
    let report = SpiketrumReport(
      spikes: recording.spikes.count, seconds: recording.seconds, analogueDecibels: code == .analogue ? decibels : nil,
      placeDecibels: code == .place ? decibels : nil)
    try StandardOutput.shared.write(line: json ? report.json : report.text)
  }
}
