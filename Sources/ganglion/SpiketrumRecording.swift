import EventFormats
import FoundationEssentials
import Spiketrum

/// The spikes of one sound as `ganglion encode` keeps them: a file in the layout of the Spiking Heidelberg Digits whose
/// units are `channel * levels + level`, with the analogue code beside it.
struct SpiketrumRecording {
  var configuration: SpiketrumConfiguration
  /// The analogue code, in stream order; as many as `placed`.
  var spikes: [Spike]
  var placed: [PlaceSpike]
  /// What each level is decoded as.
  var amplitudes: [Float]
  var sampleCount: Int

  var seconds: Double { Double(sampleCount) / Double(configuration.sampleRate) }

  /// The file's layout of this recording.
  var file: SpikeListFile {
    get throws {
      let rate = Double(configuration.sampleRate)
      let recording = SpikeListFile.Recording(
        times: spikes.map { Double($0.sample) / rate },
        units: placed.map { UInt16($0.channel * configuration.levels + $0.level) },
        columns: [
          "sample": spikes.map { Double($0.sample) }, "coefficient": spikes.map { Double($0.coefficient) },
        ])
      return SpikeListFile(
        recordings: [recording],
        texts: [
          "spiketrum": String(decoding: try JSONEncoder().encode(configuration), as: UTF8.self),
          "amplitudes": String(decoding: try JSONEncoder().encode(amplitudes), as: UTF8.self),
          "samples": "\(sampleCount)",
        ])
    }
  }

  init(
    configuration: SpiketrumConfiguration, spikes: [Spike], placed: [PlaceSpike], amplitudes: [Float], sampleCount: Int
  ) {
    self.configuration = configuration
    self.spikes = spikes
    self.placed = placed
    self.amplitudes = amplitudes
    self.sampleCount = sampleCount
  }

  /// Reads what `ganglion encode` wrote.
  init(contentsOf path: String) throws {
    let file = try SpikeListFile(contentsOf: path)
    func missing(_ what: String) -> EventFormatError {
      EventFormatError(
        .unsupported, source: path, reason: "it has no \(what)",
        remedy: "give a file that ganglion encode wrote; spikes alone do not say which sounds they stand for")
    }
    guard let text = file.texts["spiketrum"],
      let configuration = try? JSONDecoder().decode(SpiketrumConfiguration.self, from: Data(text.utf8))
    else { throw missing("description of its kernels") }
    guard let list = file.texts["amplitudes"],
      let amplitudes = try? JSONDecoder().decode([Float].self, from: Data(list.utf8)),
      amplitudes.count == configuration.levels
    else { throw missing("amplitude for each level") }
    guard let count = file.texts["samples"].flatMap(Int.init), (0...1 << 32).contains(count) else {
      throw missing("length in samples")
    }
    guard let recording = file.recordings.first else { throw missing("recording") }
    guard let samples = recording.columns["sample"], let coefficients = recording.columns["coefficient"],
      samples.allSatisfy({ $0.magnitude < 0x1p52 })
    else { throw missing("analogue code") }
    let levels = configuration.levels
    self.init(
      configuration: configuration,
      spikes: recording.units.indices.map {
        Spike(
          kernel: Int(recording.units[$0]) / levels, sample: Int64(samples[$0]), coefficient: Float(coefficients[$0]))
      },
      placed: recording.units.indices.map {
        PlaceSpike(
          channel: Int(recording.units[$0]) / levels, level: Int(recording.units[$0]) % levels,
          sample: Int64(samples[$0]))
      },
      amplitudes: amplitudes, sampleCount: count)
  }
}
