import ArgumentParser
import CommandSupport
import Failures
import Foundation
import Learning
import ModelFiles
import Numerics
import OutputFiles
import Recognition
import StreamLearning
import Voices

/// `ganglion wake`: a phrase in, a model that wakes at it out.
struct Wake: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make a model that wakes at a phrase, from its text alone or with recordings.",
    discussion: """
      The phrase is spoken by every synthetic voice that this machine has (espeak-ng, flite, festival, pico, piper), and so \
      is what sounds like it and other sentences; a network then learns to tell them apart in streams with other speech, \
      noise and rooms, and its thresholds are chosen on hours without the phrase. Two or three syllables that are rare in \
      talk make the best phrases; "computer" does, "go" does not.

      Recordings of the phrase in real voices make it better: a folder with one of them in each file, from 5 on. What woke it \
      wrongly makes it quieter: a folder with such recordings.

      The background is a folder with speech/ and noise/ in it: talk without the phrase, and what is to be heard where the \
      model listens. The more of it, the fewer false accepts. A small one comes with Ganglion.

      Everything is kept in a folder beside the model: the same command goes on where it was stopped, and with more \
      recordings it speaks nothing anew.

      Example: ganglion wake "computer" -o computer.safetensors
               ganglion wake "computer" -o computer.safetensors --recordings ~/mine --negatives ~/wrong --restart
               arecord -f S16_LE -r 16000 | ganglion run -m computer.safetensors -

      \(ExitStatus.help)
      """)

  @Argument(help: ArgumentHelp("The words, in English.", valueName: "phrase")) var phrase: String
  @Option(name: .shortAndLong, help: "The model to write; the phrase with .safetensors when absent.")
  var output: String?
  @Option(help: "Folder with recordings of the phrase. May be repeated.", completion: .directory)
  var recordings: [String] = []
  @Option(help: "Folder with recordings that must not wake it. May be repeated.", completion: .directory)
  var negatives: [String] = []
  @Option(help: "Folder with speech/ and noise/; the one that comes with Ganglion when absent.", completion: .directory)
  var background: String?
  @Option(help: "Synthetic recordings of the phrase, and of near misses and sentences; 0 for none.") var voices = 400
  @Option(help: "Pieces of 8 s that the network hears: longer is better up to about 60,000.") var chunks = 40_000
  @Option(help: "Hours of talk, composed of what is kept for it, on which thresholds are chosen.") var hours = 6.0
  @Option(help: "Seed of every random choice.") var seed: UInt64 = 1
  @Option(help: "Threads to work on.") var threads = ProcessInfo.processInfo.activeProcessorCount
  @Flag(help: "Learn anew even if there is a checkpoint; what was spoken is kept.") var restart = false

  func validate() throws {
    let words = phrase.split(whereSeparator: \.isWhitespace)
    guard !words.isEmpty, phrase.contains(where: \.isLetter), phrase.count <= 60, words.count <= 6 else {
      throw ValidationError("a phrase has one to six words and at most 60 letters")
    }
    guard phrase.allSatisfy({ $0.isLetter || $0.isWhitespace || $0 == "'" || $0 == "-" }) else {
      throw ValidationError("a phrase has letters, spaces, ' and -; write numbers as words")
    }
    guard threads > 0 else { throw ValidationError("--threads must be at least 1") }
    guard hours > 0, hours <= 100 else { throw ValidationError("--hours is over 0 and at most 100") }
    guard chunks > 0 else { throw ValidationError("--chunks must be at least 1") }
    guard voices == 0 || (20...10_000).contains(voices) else { throw ValidationError("--voices is 0, or 20 to 10000") }
    guard voices > 0 || !recordings.isEmpty else { throw ValidationError("--voices 0 needs --recordings") }
  }

  func run() throws {
    let phrase = self.phrase.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let name = phrase.lowercased().replacing(" ", with: "-")
    let modelPath = output ?? "\(name).safetensors"
    let folder = (modelPath as NSString).deletingPathExtension + ".wake"
    let background = try Background(background)
    try makeFolder(folder)
    let progress = WorkProgress()
    var paths = WakeRecipe.Paths(
      words: [], speech: [background.speech], noise: background.noise.map { [$0] } ?? [],
      validationList: "validation.txt")
    var kept: [String] = []
    if voices > 0 {
      let engines = VoiceEngines.found()
      guard !engines.isEmpty else {
        throw VoiceError(
          engine: nil,
          reason:
            "there are no synthetic voices on this machine; install some (\(VoiceEngines.remedies)), or give --voices 0 "
            + "and --recordings")
      }
      StandardError.write(
        "voices: \(engines.map { "\($0.name) \($0.voices.count)" }.joined(separator: ", "))\n")
      let corpus = SpokenCorpus(phrase, engines: engines, folder: folder, count: voices, seed: seed)
      Ending.shared.remark("the same command goes on with the voices")
      try corpus.speak(threads: threads) { progress.show("speaking", done: $0, total: $1) }
      progress.clear()
      StandardError.write(
        "spoken: \(corpus.count("words")) times the phrase, \(corpus.count("near")) near misses, "
          + "\(corpus.count("sentences")) sentences\n")
      paths.words.append("words")
      paths.speech += ["near", "sentences"]
      kept += corpus.kept
    }
    for folder in recordings { paths.words.append(Self.absolute(folder)) }
    for folder in negatives { paths.speech.append(Self.absolute(folder)) }
    for folder in recordings { kept += try Self.share(of: folder, 0.2, seed: seed) }
    for folder in [background.speech] + (background.noise.map { [$0] } ?? []) {
      // Talk is what false accepts are counted on: as much as learning can spare.
      kept += try Self.share(of: folder, 0.4, seed: seed)
    }
    try OutputFile.write(kept.joined(separator: "\n") + "\n", to: "\(folder)/validation.txt")
    let text = WakeRecipe.yaml(name: name, label: phrase, paths: paths, chunks: chunks, hours: hours, seed: seed)
    let recipePath = "\(folder)/recipe.yaml"
    try OutputFile.write(text, to: recipePath)
    let model = try StreamTraining(
      recipe: StreamRecipe(yaml: text, path: recipePath), recipePath: recipePath, text: text, modelPath: modelPath,
      settings: .init(dataFolder: folder, recipeFolder: folder, threads: threads), isRestarted: restart
    ).run()
    try tell(model, at: modelPath)
  }

  /// What to expect of it, in plain words.
  private func tell(_ model: Model, at path: String) throws {
    guard let usual = model.manifest.decision.stream?.sensitivities.first(where: { $0.name == "normal" }) else {
      return
    }
    func share(_ missed: Int, _ words: Int) -> String {
      let share = Proportion(right: missed, total: words)
      return "\(fixed(100 * share.share, 0)) of 100 (\(fixed(100 * share.interval.lowerBound, 0)) to "
        + "\(fixed(100 * share.interval.upperBound, 0)))"
    }
    let heard = recordings.isEmpty ? "synthetic voices" : "voices, synthetic and recorded,"
    StandardError.write(
      """
      It misses about \(share(usual.missed, usual.words)) in a quiet room and \(share(usual.noisyMissed, usual.noisyWords)) \
      in noise at 10 dB, of \(heard) that it did not learn from; real voices are missed more often than synthetic ones.
      In \(fixed(usual.hours, 1)) hours of talk composed of the background that was kept for it, it woke \
      \(usual.falseAccepts) times. Other talk will differ: more of it in --background makes this figure mean more.
      \(recordings.isEmpty ? "Recordings of the phrase by real people help most: 20 or more, with --recordings." : "More recordings, by other people, make it better still.")
      Wakes it wrongly? Put those recordings into a folder and give --negatives. Too deaf, or too eager? ganglion run \
      --sensitivity high, or low.
      Try it: arecord -q -f S16_LE -r 16000 | ganglion run -m \(FileNames.shown(path)) -

      """)
  }

  private static func absolute(_ folder: String) -> String {
    folder.hasPrefix("/") ? folder : FileManager.default.currentDirectoryPath + "/" + folder
  }

  /// A share of a folder's recordings, by chance.
  private static func share(of folder: String, _ share: Double, seed: UInt64) throws -> [String] {
    let paths = try SoundFolder(absolute(folder)).paths
    var random = RandomStream(seed: seed, purpose: "kept")
    var kept = paths.filter { _ in random.uniform() < share }
    // There is always something to choose thresholds on, and something to learn from.
    if kept.isEmpty, paths.count > 1 { kept = [paths[0]] }
    return kept
  }
}
