import ArgumentParser
import Audio
import CommandSupport
import EventFormats
import ModelFiles
import Plotting
import SoundEncoders
import Spiketrum

/// `ganglion encode`: sound to spikes.
struct Encode: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turn sound into spikes.",
    discussion: """
      Writes the spikes in the HDF5 layout of the Spiking Heidelberg Digits (times in seconds, units = channel * levels \
      + level, the analogue code under extra), from which other tools can train and ganglion decode makes sound again. \
      Levels hold equal shares of the recording's spikes unless --level-edges gives the coefficients between them.

      Where the output ends as an event format does (.aedat4, .raw, .csv, .npy and others; see ganglion convert), the \
      place code is written as events: x is the channel, y the level, on for a positive coefficient and off for a \
      negative one, at the time of the kernel's first sample. Such files are not for ganglion decode.

      With --each-channel, every channel of the sound is a microphone that is encoded by itself: the units (and y) of \
      the second follow on those of the first. Rate, threshold and SNR are each one's.

      With --model, sound or events become the frames that this model sees, step by step, by the encoder and the settings \
      that it carries: an .npy of 32-bit floats, [steps, inputs] or [steps, 2, height, width]. Nothing else is asked then.

      \(ExitStatus.help)
      """)

  @Option(name: [.short, .long], help: "A model whose frames are wanted, as numpy reads them (-o FRAMES.npy).")
  var model: String?

  @Argument(help: "A sound (with a model that watches, events), or - for standard input.", completion: .file())
  var input: String

  @Option(name: [.short, .long], help: "The file of spikes to write: .h5, or the ending of an event format.")
  var output: String?

  @Option(help: "Spikes a second, exact in every second of the sound.")
  var rate: Double = 1000

  @Option(help: "Pick every atom with at least this coefficient instead of a rate.")
  var threshold: Double?

  @Option(
    help: ArgumentHelp(
      "Pick until what is left is so many dB under the sound, instead of a rate.",
      discussion: "Of the whole sound with --whole; of the look-ahead before every hop of a stream without."))
  var snr: Double?

  @Option(help: "Resample to this rate first, Hz; the sound's own rate otherwise.")
  var sampleRate: Int?

  @Option(help: "Number of gammatone kernels.")
  var channels: Int = 40

  @Option(help: "Centre frequency of the lowest kernel, Hz.")
  var lowest: Double = 80

  @Option(help: "Centre frequency of the highest kernel, Hz; 0.45 of the sample rate otherwise.")
  var highest: Double?

  @Option(help: "Number of intensity levels.")
  var levels: Int = 3

  @Option(parsing: .upToNextOption, help: "Coefficients between the levels, ascending.")
  var levelEdges: [Float] = []

  @Flag(help: "Pick negative coefficients too; the place code then loses their sign.")
  var signed = false

  @Option(help: "Milliseconds an atom stays open after its kernel has arrived; one longest kernel otherwise.")
  var lookAhead: Double?

  @Option(
    help: "Frequency, Hz, of the filter that takes an offset out of the sound first; 0 leaves the sound as it is.")
  var highPass: Double = SpiketrumConfiguration.usualHighPassFrequency

  @OptionGroup var reading: RecordingInputOptions

  @Flag(help: "Encode each channel of the sound by itself instead of their mean.")
  var eachChannel = false

  @Flag(help: "Wait for the end of the sound: the best spikes of the whole of it.")
  var whole = false

  @Option(help: "Draw cochleagram and spikes, of the first microphone, into this file (.png or .svg).")
  var picture: String?

  @Option(help: "Draw the impulse responses of the kernels into this file (.png or .svg).")
  var kernels: String?

  @Flag(help: "Print JSON.")
  var json = false

  /// What `--model` asks for.
  private func writeFrames(of path: String) throws {
    guard let output else { throw ValidationError("--model needs an output: -o FRAMES.npy") }
    let model = try Model(reading: path)
    let frames = try ModelFrames(model, of: input, reading: reading.readingOptions(for: model.manifest))
    try frames.write(to: output)
    let kind = frames.shape.map(String.init).joined(separator: " x ")
    StandardError.report(
      "\(frames.sequence.steps) steps of \(kind) inputs, \(frames.sequence.values.count) of them active")
  }

  func validate() throws {
    if model != nil {
      guard let output, output.hasSuffix(".npy") else {
        throw ValidationError("--model writes an .npy: give -o FRAMES.npy")
      }
      guard !whole, !eachChannel, picture == nil, kernels == nil, !json else {
        throw ValidationError(
          "--model gives the frames of the model's own encoder; --whole, --each-channel, --picture, "
            + "--kernels and --json do not go with it")
      }
    }
    guard (1...64).contains(levels) else { throw ValidationError("--levels is \(levels), allowed is 1 to 64") }
    guard channels * levels <= 65_536 else {
      throw ValidationError("\(channels) channels of \(levels) levels are more than the 65536 inputs a file can name")
    }
    guard levelEdges.isEmpty || levelEdges.count == levels - 1 else {
      throw ValidationError("--level-edges has \(levelEdges.count) values; \(levels) levels need \(levels - 1)")
    }
    guard highPass == 0 || (highPass > 0 && highPass < lowest) else {
      throw ValidationError("--high-pass is \(highPass), allowed is 0, or less than --lowest")
    }
    guard !eachChannel || reading.sound.channel == nil else {
      throw ValidationError("give --channel or --each-channel")
    }
    guard threshold == nil || snr == nil else { throw ValidationError("give --threshold or --snr, not both") }
    if let threshold, !(threshold > 0) { throw ValidationError("--threshold is \(threshold); it must be positive") }
    if let snr, !(snr > 0 && snr <= 120) { throw ValidationError("--snr is \(snr) dB, allowed is over 0 to 120") }
    if let lookAhead, !(0...60_000).contains(lookAhead) {
      throw ValidationError("--look-ahead is \(lookAhead) ms, allowed is 0 to 60000")
    }
  }

  func run() throws {
    if let model { return try writeFrames(of: model) }
    let source = try SoundFileReader(
      SoundFileReader.location(input), options: reading.sound.readingOptions, rate: sampleRate ?? 16_000)
    let target = sampleRate ?? source.sampleRate
    var sounds =
      try eachChannel
      ? SoundStream.channels(of: source, sampleRate: target)
      : [SoundStream.samples(of: source, sampleRate: target)]
    for notice in source.notices { StandardError.report("\(source.name): \(notice)") }
    if highPass > 0 { sounds = sounds.map { withoutOffset($0, frequency: highPass, sampleRate: target) } }
    let result = try encode(sounds, sampleRate: target)
    let recording = result.recording
    if let output {
      if let format = EventFormat(fileName: output), format != .hdf5 {
        try recording.writeEvents(to: output, format: format)
      } else {
        try recording.file.write(to: output)
      }
    }
    if let picture {
      try SpiketrumPicture(samples: sounds[0], recording: recording, title: input).draw(to: picture)
    }
    if let kernels { try KernelPicture(dictionary: result.dictionary).draw(to: kernels) }
    let decoder = SpiketrumDecoder(result.dictionary)
    var (analogue, place): ([Float], [Float]) = ([], [])
    for (microphone, samples) in sounds.enumerated() {
      let heard = recording.heard(by: microphone)
      analogue += decoder.decode(heard.spikes, sampleCount: samples.count)
      place += decoder.decode(heard.placed, amplitudes: recording.amplitudes, sampleCount: samples.count)
    }
    let reference = sounds.count == 1 ? sounds[0] : sounds.flatMap { $0 }
    let report = SpiketrumReport(
      spikes: recording.spikes.count, seconds: recording.seconds,
      analogueDecibels: signalToNoiseDecibels(of: analogue, reference: reference),
      placeDecibels: signalToNoiseDecibels(of: place, reference: reference),
      latencyMicroseconds: result.latencyMicroseconds)
    try StandardOutput.shared.write(line: json ? report.json : report.text)
  }

  private var budget: MatchingPursuit.Budget {
    if let snr { return .signalToNoise(decibels: snr) }
    return threshold == nil ? .spikesPerSecond(rate) : .threshold
  }

  private func encode(_ sounds: [[Float]], sampleRate: Int) throws -> (
    recording: SpiketrumRecording, dictionary: GammatoneDictionary, latencyMicroseconds: Int64?
  ) {
    guard channels * levels * sounds.count <= 65_536 else {
      throw ValidationError(
        "\(sounds.count) microphones of \(channels) channels and \(levels) levels are more than the 65536 inputs a file "
          + "can name")
    }
    var configuration = SpiketrumConfiguration(
      sampleRate: sampleRate, highPassFrequency: highPass > 0 ? highPass : nil, channelCount: channels,
      lowestFrequency: lowest, highestFrequency: highest,
      spikesPerSecond: rate, positiveOnly: !signed,
      lookAheadMicroseconds: lookAhead.map { Int64(($0 * 1000).rounded()) },
      silenceThreshold: Float(threshold ?? 1e-4), levelEdges: [], levelReference: .absolute)
    let dictionary = try GammatoneDictionary(configuration.dictionary)
    let open = configuration.lookAheadMicroseconds.map { Int(Double($0) * Double(sampleRate) / 1e6) }
    var pursuit = try MultichannelPursuit(
      dictionary: dictionary,
      settings: .init(
        budget: budget, positiveOnly: !signed, threshold: configuration.silenceThreshold,
        lookAhead: whole ? nil : open ?? dictionary.longest),
      microphones: sounds.count)
    let latency = pursuit.latencySamples.map { Int64($0) * 1_000_000 / Int64(sampleRate) }
    var found: [MicrophoneSpike] = []
    // Frames of all microphones, a stretch at a time.
    let count = sounds.map(\.count).min() ?? 0
    for start in stride(from: 0, to: count, by: 4096) {
      var frames: [Float] = []
      for index in start..<min(start + 4096, count) { for sound in sounds { frames.append(sound[index]) } }
      pursuit.push(frames.span) { found.append($0) }
    }
    pursuit.finish { found.append($0) }
    let spikes = found.map(\.spike)
    configuration.levelEdges = try edges(of: spikes, above: configuration.silenceThreshold)
    let placed = PlacedRecording(spikes, configuration)
    let recording = SpiketrumRecording(
      configuration: configuration, spikes: spikes, placed: placed.spikes, microphones: found.map(\.microphone),
      microphoneCount: sounds.count, amplitudes: placed.amplitudes, sampleCount: count)
    return (recording, dictionary, latency)
  }

  private func edges(of spikes: [Spike], above threshold: Float) throws -> [Float] {
    if !levelEdges.isEmpty { return levelEdges }
    let magnitudes = spikes.map { abs($0.coefficient) }
    // Silence has no terciles; doubling steps then stand in for them.
    if Set(magnitudes).count < levels { return (1..<max(1, levels)).map { threshold * Float(1 << min($0, 30)) } }
    return try evenEdges(of: magnitudes, levels: levels)
  }
}

/// What encoding or decoding came to.
struct SpiketrumReport: Encodable {
  var spikes: Int
  var seconds: Double
  var spikesPerSecond: Double
  /// SNR of the sound decoded from times, channels and coefficients, dB.
  var analogueDecibels: Double?
  /// SNR of the sound decoded from times, channels and levels, dB.
  var placeDecibels: Double?
  var latencyMicroseconds: Int64?

  init(
    spikes: Int, seconds: Double, analogueDecibels: Double?, placeDecibels: Double?, latencyMicroseconds: Int64? = nil
  ) {
    self.spikes = spikes
    self.seconds = seconds
    spikesPerSecond = seconds > 0 ? Double(spikes) / seconds : 0
    // A sound of zeros has no SNR, and JSON has no infinity.
    self.analogueDecibels = analogueDecibels.flatMap { $0.isFinite ? $0 : nil }
    self.placeDecibels = placeDecibels.flatMap { $0.isFinite ? $0 : nil }
    self.latencyMicroseconds = latencyMicroseconds
  }

  var text: String {
    var lines = [
      "spikes         \(spikes) in \(fixed(seconds, 3)) s, \(fixed(spikesPerSecond, 1)) a second"
    ]
    if let analogueDecibels { lines.append("analogue code  \(fixed(analogueDecibels, 2)) dB SNR") }
    if let placeDecibels { lines.append("place code     \(fixed(placeDecibels, 2)) dB SNR") }
    if let latencyMicroseconds { lines.append("latency        \(fixed(Double(latencyMicroseconds) / 1000, 1)) ms") }
    return lines.joined(separator: "\n")
  }

  var json: String {
    func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
    return "{\"spikes\":\(spikes),\"seconds\":\(seconds),\"spikesPerSecond\":\(spikesPerSecond)"
      + ",\"analogueDecibels\":\(number(analogueDecibels)),\"placeDecibels\":\(number(placeDecibels))"
      + ",\"latencyMicroseconds\":\(latencyMicroseconds.map { "\($0)" } ?? "null")}"
  }
}
