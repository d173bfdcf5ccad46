import ArgumentParser
import Audio
import CommandSupport
import Foundation
import Learning
import ModelFiles
import OutputFiles
import StreamSources

/// `ganglion compose`: a long labelled recording out of clips.
struct Compose: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a long labelled recording out of a data set's clips, other speech and noise.",
    discussion: """
      Writes a mono WAV file at the model's rate and a text file with the places of its words, for ganglion evaluate \
      --stream. The clips are those of the data set's test part, divided as the recipe says that the model was trained \
      with; clips of labels that stand for "nothing" are played as other speech, without a label. Other \
      speech and noise come from folders of sound files, searched with all that is in them. The same seed and files give \
      the same recording.

      For a model that watches events it writes a recording of events, in the format of its ending: clips of one camera, with \
      pauses of noise between them; --others are folders of recordings without a label.

        ganglion compose digits.safetensors ~/fsdd -o talk.wav --labels talk.tsv --noise ~/noise --minutes 30
        ganglion evaluate --stream digits.safetensors talk.wav --labels talk.tsv
        ganglion compose gestures.safetensors my-gestures --layout folders --part all -o day.raw --labels day.tsv

      \(ExitStatus.help)
      """)

  @Argument(help: "The model, a .safetensors file.", completion: .file()) var model: String
  @Argument(help: "Folder of the data set.", completion: .directory) var data: String
  @Option(name: [.short, .long], help: "The recording to write.", completion: .file()) var output: String
  @Option(help: "The labels to write: start and end in seconds and the word, with tabs between them.")
  var labels: String
  @Option(help: "Which part of the data set: test, validation, train, or all.") var part = "test"
  @Option(
    help: "How the data set is laid out: \(DataDescription.Layout.allCases.map(\.rawValue).joined(separator: ", ")).")
  var layout: DataDescription.Layout?
  @Option(help: "Folder of other list files than those the model was trained with.") var lists: String?
  @Option(help: "Folder with noise. May be repeated.", completion: .directory) var noise: [String] = []
  @Option(help: "Folder with speech that has none of the words. May be repeated.", completion: .directory)
  var others: [String] = []
  @Option(help: "Length in minutes.") var minutes = 30
  @Option(help: "Seed of every choice.") var seed: UInt64 = 1
  @Option(
    help: ArgumentHelp(
      "Range of the signal-to-noise ratio, decibels; it changes every ten to forty seconds.", valueName: "from:to"))
  var noiseDecibels = "5:25"
  @Option(help: "Of events: how often a pixel fires in pauses, hertz.") var noiseRate = 0.1
  @OptionGroup(title: "How clips of events are read") var events: EventInputOptions
  @OptionGroup(title: "How the clips of the data set are read") var reading: SoundInputOptions

  func validate() throws {
    guard part == "all" || DataPart(rawValue: part) != nil else {
      throw ValidationError("--part is test, validation, train or all, not '\(part)'")
    }
    guard (0...1_000).contains(noiseRate) else { throw ValidationError("--noise-rate is 0 to 1000 Hz") }
    guard (1...240).contains(minutes) else { throw ValidationError("--minutes is 1 to 240") }
    _ = try decibels()
  }

  private func decibels() throws -> ClosedRange<Double> {
    let ends = noiseDecibels.split(separator: ":").compactMap { Double($0) }
    guard ends.count == 2, ends[0] <= ends[1], ends[0] >= -40, ends[1] <= 100 else {
      throw ValidationError("--noise-decibels is FROM:TO, for example 5:25, within -40 and 100")
    }
    return ends[0]...ends[1]
  }

  func run() throws {
    let model = try Model(reading: self.model)
    guard case .sound(let encoding) = model.manifest.encoder else { return try composeEvents(model) }
    let clips = try LabelledClips(
      model, path: self.model, folder: data, part: part, lists: lists, layout: layout,
      threads: ProcessInfo.processInfo.activeProcessorCount)
    for note in clips.notes { StandardError.report("\(data): \(note)") }
    let recording = try OutputFile(output)
    let list = try OutputFile(labels)
    let options = RecordingOptions(sound: reading.readingOptions).completed(by: clips.reading).sound
    let notes = ReadingNotes()
    var material = StreamComposer.Material()
    let background = model.manifest.decision.backgroundLabels
    let line = WorkProgress()
    for (index, clip) in clips.recordings.enumerated() {
      line.show("reading", done: index, total: clips.recordings.count)
      let reader = try SoundFileReader(.path(clip.path), options: options, rate: encoding.sampleRate)
      let samples = try SoundStream.samples(of: reader, sampleRate: encoding.sampleRate)
      notes.add(notices: reader.notices, of: clip.path)
      let label = clips.labels[clip.label]
      if background.contains(label) {
        material.others.append(samples)
      } else {
        material.words.append((label, samples))
      }
    }
    material.others += try others.flatMap { try sounds(in: $0, sampleRate: encoding.sampleRate) }
    material.noises = try noise.flatMap { try sounds(in: $0, sampleRate: encoding.sampleRate) }
    line.clear()
    for note in notes.lines { StandardError.report(note) }
    guard !material.words.isEmpty else { throw DataError.part(part, folder: data) }
    var composer = StreamComposer(sampleRate: encoding.sampleRate, seconds: 60 * minutes)
    composer.seed = seed
    composer.noiseDecibels = try decibels()
    let (samples, words) = composer.compose(material)
    try recording.write(WaveFile(channels: [samples], sampleRate: encoding.sampleRate).bytes)
    try list.write(Array(LabelFile.text(words).utf8))
    // Both or neither.
    try recording.finish()
    try list.finish()
    StandardError.report(
      "\(output): \(duration(Double(60 * minutes))), \(words.count) words of \(material.words.count) clips, "
        + "\(material.others.count) recordings of other speech, \(material.noises.count) of noise")
  }

  /// Everything in a folder and its folders that is sound by its name, in order of path.
  private func sounds(in folder: String, sampleRate: Int) throws -> [[Float]] {
    let found = try SoundFolder(folder)
    if let note = found.note { StandardError.report("\(folder): \(note)") }
    return try found.paths.map { try SoundStream.samples(ofFile: $0, sampleRate: sampleRate) }
  }
}
