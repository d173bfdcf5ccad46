import ArgumentParser
import ClassifierStreams
import CommandSupport
import Failures
import Glibc
import ModelFiles
import OutputFiles
import Recognition
import ResultLines
import StreamSources

/// `ganglion run`: recordings in, classifications out.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Classify recordings of sound or events, from files or standard input.",
    discussion: """
      Prints one JSON object a line: a "detection", or a "rejection" where nothing reached its threshold, with \
      label, score and stream time in microseconds (events: since the first event).

      The model decides whether it listens or watches. Sound: WAV, FLAC, OGG, AU, AIFF, CAF, MP3 and whatever else \
      libsndfile reads; from a pipe WAV, FLAC, OGG, AU, AIFF, CAF, MP3. Bytes on standard input without a known \
      header are taken as 16-bit little-endian mono PCM at the model's sample rate, unless --raw says otherwise. \
      Events: told apart by content, unless --input-format names the format; unpacked where they are packed with gzip \
      or Zstandard.

      \(ExitStatus.help)
      """)

  @Option(name: [.short, .long], help: "The model to run, a .safetensors file.")
  var model: String

  @Argument(help: "Recordings to classify; - is standard input.", completion: .file())
  var inputs: [String] = ["-"]

  @Option(help: "The task recordings are about, one the model has learnt; infer: find out. The first when absent.")
  var task: String?

  @Option(
    help: """
      For models that find words in streams: low, normal or high, which stand for measured rates of false accepts; see \
      ganglion info. normal when absent.
      """)
  var sensitivity: String?

  @Option(help: "real: at the pace of the recording; max: as fast as it goes.")
  var speed: Pipeline.Speed = .max

  @Flag(help: "Print the scores after every active step too.")
  var scores = false

  @Flag(
    help: """
      Tell detections in long activity from their start on: each line has the detection's id and its phase, which is \
      start, update, end, or point for what is told once.
      """)
  var phases = false

  @Option(help: "Leave out results with a lower score, 0 to 1.")
  var minScore: Double = 0

  @OptionGroup var reading: RecordingInputOptions

  func validate() throws {
    guard (0...1).contains(minScore) else { throw ValidationError("--min-score is \(minScore), allowed is 0 to 1") }
    let standardInputs = inputs.filter { $0 == "-" }.count
    if standardInputs > 1 { throw ValidationError("standard input can be read only once") }
    if standardInputs == 1 && isatty(STDIN_FILENO) == 1 {
      throw ValidationError(
        "standard input is a terminal; give a recording, or pipe one in: sox in.mp3 -t wav - | ganglion run --model M -"
      )
    }
  }

  func run() async throws {
    Ending.shared.remark("results up to here are complete")
    StandardOutput.shared.endWithReader()
    let model = try Model(reading: self.model).with(sensitivity: sensitivity)
    let options = try reading.readingOptions(for: model.manifest)
    let selection = try model.selection(task)
    let tasks = model.manifest.knownTasks
    if task == nil, tasks.count > 1 {
      StandardError.report(
        "\(model.manifest.name) has learnt the tasks \(tasks.map(\.name).joined(separator: ", ")); this is the first of "
          + "them, --task chooses another, --task infer finds out")
    }
    let pipeline = Pipeline(
      try PreparedModel(model, task: selection, tellsProgress: phases), speed: speed, wantsScores: scores)
    var firstFailure: FailureKind?
    let guesses = ReadingNotes()
    for path in inputs {
      do {
        let notices = try await classify(RecordingInput(path: path, options: options), by: pipeline, of: model.manifest)
        for notice in notices {
          if let guess = notice.guess {
            guesses.add([guess], of: notice.source)
          } else {
            StandardError.report(notice.description)
          }
        }
      } catch {
        if error is OutputError { throw error }
        StandardError.report(error)
        firstFailure = firstFailure ?? ExitStatus.kind(of: error) ?? .other
      }
    }
    for line in guesses.lines { StandardError.report(line) }
    if let firstFailure { throw ExitCode(firstFailure) }
  }

  private func classify(
    _ input: RecordingInput, by pipeline: Pipeline, of manifest: ModelManifest
  ) async throws -> [InputNotice] {
    let lines = ResultLine(source: input.isFile ? FileNames.shown(input.path) : "stdin", manifest: manifest)
    var numbers = DetectionNumbers()
    var progress = StreamProgress()
    defer { progress.clear() }
    return try await pipeline.run(input) { event in
      switch event {
      case .decision(let decision, _):
        let id = phases ? "\(manifest.name).\(numbers.number(of: decision))" : nil
        if decision.score < minScore { return }
        progress.clear()
        try StandardOutput.shared.write(line: lines.text(decision, id: id))
      case .scores(let scores):
        progress.clear()
        try StandardOutput.shared.write(line: lines.text(scores))
      case .progress(let microseconds):
        progress.show(input.name, microseconds: microseconds)
      case .step, .gap: break
      }
    }
  }
}

extension Pipeline.Speed: ExpressibleByArgument {}
