import ArgumentParser
import Audio
import CommandSupport
import Foundation
import Learning
import ModelFiles

/// `ganglion evaluate`: how often a model is right.
struct Evaluate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model on labelled recordings: accuracy on clips, or false accepts and misses on streams.",
    usage: """
      ganglion evaluate <model> <data> [--layout <layout>] [--part <part>] [--leave-out <group>] [--json]
      ganglion evaluate --stream <model> <recording> ... --labels <file> ... [--det <picture>] [--json]
      ganglion evaluate --stream <model> <recording> ... --labels <file> ... --write-thresholds <model> \
      --false-accepts <an hour>
      """,
    discussion: """
      On clips, each recording goes through the same code as ganglion run; its answer is the result with the highest \
      score. Prints accuracy with its 95 % interval (Wilson), once with every recording and once with byte-identical \
      ones counted once, figures for each class and the confusion matrix. The data set's layout and split are those of \
      the recipe the model was trained with, unless options say otherwise. With --layout folders any folder of class \
      folders will do. Recordings that stand in two parts or under two names, lines of lists that match nothing and files \
      that are no recordings are told on standard error. --noise-decibels 10 says what is left of it in noise, --share 0.6 \
      when words end early.

      With --stream, each recording is a long one, and --labels tells its words: one a line, start and end in seconds and \
      the word, with tabs or commas between them, as Audacity writes a label track. Prints what the model misses, and its \
      false accepts an hour, for each label and in all, with its own thresholds and with one threshold for all labels \
      from 0.05 to 0.9995. A detection belongs to a word of its label when it ends between the word's start and \
      --tolerance after its end; a second one for the same word is a false accept, too. ganglion compose makes such \
      recordings.

      --write-thresholds chooses for each label the threshold with which, in all, the fewest words are missed and there \
      are no more false accepts an hour than --false-accepts allows, measures them, and writes the model with them. Choose \
      on other recordings than those you measure on. A shorter --window finds short words in noise that never pauses, and \
      says more that is wrong; look at the curve.

      \(ExitStatus.help)
      """)

  @Argument(help: "The model, a .safetensors file.", completion: .file()) var model: String
  @Argument(help: "Folder of the data set; with --stream, recordings.", completion: .file()) var data: [String]
  @Option(
    help: "How the data set is laid out: \(DataDescription.Layout.allCases.map(\.rawValue).joined(separator: ", ")).")
  var layout: DataDescription.Layout?
  @Option(help: "Which part: test, validation, train, or all.") var part: String?
  @Option(help: "Leave this group out as the test part, as in training.") var leaveOut: String?
  @Option(help: "Folder of other list files than those the model was trained with.") var lists: String?
  @Option(help: "Threads for clips.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @Option(help: "The task, one the model has learnt; infer: find out. The first when absent.") var task: String?
  @Flag(help: "Print one JSON object instead of tables.") var json = false
  @Option(help: "Hear every clip in noise so many decibels under it; white to pink noise without --noise.")
  var noiseDecibels: Double?
  @Option(help: "Folder with recordings of that noise, other than the model was trained with.", completion: .directory)
  var noise: String?
  @Option(help: "Seed of which noise each clip is heard in.") var seed: UInt64 = 1
  @Option(help: "Hear only this share of every clip, from its beginning: 0.6 ends words early.") var share: Double?
  @OptionGroup(title: "For streams") var streams: StreamOptions
  @OptionGroup var reading: ClipInputOptions

  func validate() throws {
    guard part.map({ $0 == "all" || DataPart(rawValue: $0) != nil }) ?? true else {
      throw ValidationError("--part is test, validation, train or all, not '\(part ?? "")'")
    }
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
    guard noiseDecibels.map({ (-40...100).contains($0) }) ?? (noise == nil) else {
      throw ValidationError("--noise-decibels is -40 to 100, and --noise needs it")
    }
    guard share.map({ $0 > 0 && $0 <= 1 }) ?? true else { throw ValidationError("--share is over 0 and at most 1") }
    guard noiseDecibels == nil && share == nil || !streams.stream else {
      throw ValidationError(
        "--noise-decibels and --share are for clips; ganglion compose puts words into noise for --stream")
    }
    if streams.stream {
      if layout != nil || part != nil || leaveOut != nil || lists != nil {
        throw ValidationError("--layout, --part, --leave-out and --lists are for clips, not for --stream")
      }
      try streams.validate(recordings: data)
    } else {
      guard data.count == 1 else {
        throw ValidationError("one folder at a time; for long recordings with labels give --stream")
      }
      try streams.validateUnused()
    }
  }

  func run() async throws {
    if streams.writeThresholds == nil && streams.det == nil { StandardOutput.shared.endWithReader() }
    let model = try Model(reading: self.model)
    let options = try reading.readingOptions(for: model.manifest)
    if streams.stream {
      try await StreamEvaluation(
        model: try streams.adapted(model), task: try model.selection(task), options: streams, recordings: data,
        reading: options, isJSON: json
      ).run()
      return
    }
    let clips = try LabelledClips(
      model, path: self.model, folder: data[0], part: part ?? "test", lists: lists, layout: layout, leaveOut: leaveOut,
      threads: threads)
    for note in clips.notes { StandardError.report("\(data[0]): \(note)") }
    let line = WorkProgress()
    var evaluator = try Evaluator(
      model, task: try model.selection(task), reading: options.completed(by: clips.reading))
    evaluator.disturbance = try disturbance(for: model.manifest)
    let evaluation = try evaluator.evaluate(
      clips.recordings, labels: clips.labels, threads: threads
    ) {
      line.show("evaluating", done: $0, total: $1)
    }
    line.clear()
    for note in evaluator.notes.lines { StandardError.report(note) }
    let text = json ? try EvaluationTable(evaluation).json() : EvaluationTable(evaluation).text
    try StandardOutput.shared.write(line: text)
  }

  private func disturbance(for manifest: ModelManifest) throws -> SoundDisturbance? {
    guard noiseDecibels != nil || share != nil else { return nil }
    guard case .sound(let encoding) = manifest.encoder else {
      throw ValidationError("\(manifest.name) watches events; --noise-decibels and --share are for sound")
    }
    let clips = try noise.map { try SoundFolder($0).samples(sampleRate: encoding.sampleRate) }
    return SoundDisturbance(noise: clips ?? [], decibels: noiseDecibels, seed: seed, share: share ?? 1)
  }
}

extension DataDescription.Layout: ExpressibleByArgument {}
