import CommandSupport
import EventFormats
import Events
import FoundationEssentials
import Spiketrum

/// The spikes of one sound as `ganglion encode` keeps them: a file in the layout of the Spiking Heidelberg Digits whose
/// units are `channel * levels + level`, with the analogue code beside it. Of several microphones, those of the second
/// follow on those of the first, and so on.
struct SpiketrumRecording {
  var configuration: SpiketrumConfiguration
  /// The analogue code, in stream order; as many as `placed`.
  var spikes: [Spike]
  var placed: [PlaceSpike]
  /// The microphone that heard each spike; as many as `placed`.
  var microphones: [Int]
  var microphoneCount: Int
  /// What each level is decoded as.
  var amplitudes: [Float]
  /// Of each microphone.
  var sampleCount: Int

  var seconds: Double { Double(sampleCount) / Double(configuration.sampleRate) }

  /// The file's layout of this recording.
  var file: SpikeListFile {
    get throws {
      let rate = Double(configuration.sampleRate)
      let recording = SpikeListFile.Recording(
        times: spikes.map { Double($0.sample) / rate },
        units: placed.indices.map { UInt16(row($0) * configuration.levels + placed[$0].level) },
        columns: [
          "sample": spikes.map { Double($0.sample) }, "coefficient": spikes.map { Double($0.coefficient) },
        ])
      return SpikeListFile(
        recordings: [recording],
        texts: [
          "spiketrum": try jsonText(configuration),
          "amplitudes": try jsonText(amplitudes),
          "samples": "\(sampleCount)", "microphones": "\(microphoneCount)",
        ])
    }
  }

  /// The channel of a spike, counted through all microphones.
  private func row(_ index: Int) -> Int { microphones[index] * configuration.channelCount + placed[index].channel }

  /// What one microphone heard.
  func heard(by microphone: Int) -> (spikes: [Spike], placed: [PlaceSpike]) {
    let own = microphones.indices.filter { microphones[$0] == microphone }
    return (own.map { spikes[$0] }, own.map { placed[$0] })
  }

  /// Writes the place code as events of a sensor: x is the channel, y the level, counted on through the microphones; an
  /// event is on where the coefficient is positive, and its time is that of the kernel's first sample.
  func writeEvents(to path: String, format: EventFormat) throws {
    let rate = Int64(configuration.sampleRate)
    let levels = configuration.levels
    let sensor = SensorGeometry(width: configuration.channelCount, height: microphoneCount * levels)
    var writer = try openEventWriter(path: path, options: EventWritingOptions(format: format, geometry: sensor))
    var batch = EventBatch()
    for index in placed.indices {
      batch.append(
        Event(
          timeMicroseconds: spikes[index].sample * 1_000_000 / rate, x: UInt16(placed[index].channel),
          y: UInt16(microphones[index] * levels + placed[index].level),
          polarity: spikes[index].coefficient >= 0 ? 1 : 0))
    }
    try writer.write(batch)
    try writer.finish()
  }

  init(
    configuration: SpiketrumConfiguration, spikes: [Spike], placed: [PlaceSpike], microphones: [Int],
    microphoneCount: Int, amplitudes: [Float], sampleCount: Int
  ) {
    self.configuration = configuration
    self.spikes = spikes
    self.placed = placed
    self.microphones = microphones
    self.microphoneCount = microphoneCount
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
    let channels = configuration.channelCount
    // Files of one microphone used not to say so.
    let microphoneCount = file.texts["microphones"].flatMap(Int.init) ?? 1
    let rows = recording.units.map { Int($0) / levels }
    guard channels > 0, (1...1024).contains(microphoneCount), rows.allSatisfy({ $0 < channels * microphoneCount })
    else { throw missing("place for some of its spikes") }
    self.init(
      configuration: configuration,
      spikes: rows.indices.map {
        Spike(kernel: rows[$0] % channels, sample: Int64(samples[$0]), coefficient: Float(coefficients[$0]))
      },
      placed: rows.indices.map {
        PlaceSpike(
          channel: rows[$0] % channels, level: Int(recording.units[$0]) % levels, sample: Int64(samples[$0]))
      },
      microphones: rows.map { $0 / channels }, microphoneCount: microphoneCount, amplitudes: amplitudes,
      sampleCount: count)
  }
}
