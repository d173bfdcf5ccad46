import Foundation

/// eSpeak NG: formant synthesis, accents of English times a hundred variants, and phonemes.
struct EspeakVoices: VoiceEngine {
  static let name = "espeak-ng"
  static let remedy = "apt install espeak-ng"
  let voices: [String]
  private let program: String

  static func find() -> EspeakVoices? {
    guard let program = VoiceProgram.path("espeak-ng") else { return nil }
    func list(_ kind: String) -> [String] {
      let text = (try? VoiceProgram.run(program, ["--voices=\(kind)"], engine: name)) ?? ""
      return text.split(separator: "\n").dropFirst().compactMap { line in
        line.split(separator: " ", omittingEmptySubsequences: true).dropFirst(4).first.map(String.init)
      }
    }
    let accents = list("en").filter { $0.contains("/en") && !$0.hasPrefix("mb/") }
      .map { String($0.split(separator: "/").last ?? "") }
    let variants = list("variant").map { String($0.split(separator: "/").last ?? "") }
      // Men and women; others are whispers, robots and monsters.
      .filter { $0.count == 2 && ["m", "f"].contains($0.prefix(1)) && $0.last?.isNumber == true }
    let voices = accents.flatMap { accent in ([""] + variants.map { "+\($0)" }).map { accent + $0 } }
    return voices.isEmpty ? nil : EspeakVoices(voices: voices, program: program)
  }

  func speak(_ text: SpokenText, to path: String) throws(VoiceError) {
    let said =
      switch text.form {
      case .words(let words): words
      case .phonemes(let phonemes): "[[\(phonemes)]]"
      }
    let speed = Int((160 * text.speed).rounded())
    let pitch = max(0, min(99, Int((50 * text.pitch).rounded())))
    try VoiceProgram.run(
      program, ["-v", text.voice, "-s", "\(speed)", "-p", "\(pitch)", "-w", path, "--", said], engine: Self.name)
  }

  func phonemes(of phrase: String) -> String? {
    let text = try? VoiceProgram.run(program, ["-q", "-x", "-v", "en-us", "--", phrase], engine: Self.name)
    let trimmed = text?.trimmingCharacters(in: .whitespacesAndNewlines)
    return trimmed?.isEmpty == false ? trimmed : nil
  }
}

/// Flite: small unit-selection and diphone voices.
struct FliteVoices: VoiceEngine {
  static let name = "flite"
  static let remedy = "apt install flite"
  let voices: [String]
  private let program: String

  static func find() -> FliteVoices? {
    guard let program = VoiceProgram.path("flite"),
      let text = try? VoiceProgram.run(program, ["-lv"], engine: name), let colon = text.firstIndex(of: ":")
    else { return nil }
    // One of them says nothing but the time of day.
    let voices = text[text.index(after: colon)...].split(whereSeparator: \.isWhitespace).map(String.init)
      .filter { !$0.contains("time") }
    return voices.isEmpty ? nil : FliteVoices(voices: voices, program: program)
  }

  func speak(_ text: SpokenText, to path: String) throws(VoiceError) {
    guard case .words(let words) = text.form else { throw VoiceError(engine: Self.name, reason: "know no phonemes") }
    let pitch = Int((110 * text.pitch).rounded())
    try VoiceProgram.run(
      program,
      [
        "-voice", text.voice, "--setf", "duration_stretch=\(1 / text.speed)", "--setf", "int_f0_target_mean=\(pitch)",
        "-t", words, "-o", path,
      ], engine: Self.name)
  }
}

/// Festival: diphone and statistical voices.
struct FestivalVoices: VoiceEngine {
  static let name = "festival"
  static let remedy = "apt install festival festvox-kallpc16k festvox-us-slt-hts"
  let voices: [String]
  private let program: String

  static func find() -> FestivalVoices? {
    guard let festival = VoiceProgram.path("festival"), let program = VoiceProgram.path("text2wave"),
      let text = try? VoiceProgram.run(festival, ["--batch", "(print (voice.list))"], engine: name)
    else { return nil }
    let voices = text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
    return voices.isEmpty ? nil : FestivalVoices(voices: voices, program: program)
  }

  func speak(_ text: SpokenText, to path: String) throws(VoiceError) {
    guard case .words(let words) = text.form else { throw VoiceError(engine: Self.name, reason: "know no phonemes") }
    try VoiceProgram.run(
      program,
      [
        "-eval", "(voice_\(text.voice))", "-eval", "(Parameter.set 'Duration_Stretch \(1 / text.speed))", "-o", path,
      ], input: words, engine: Self.name)
  }
}

/// SVOX Pico: one voice for each of two accents.
struct PicoVoices: VoiceEngine {
  static let name = "pico"
  static let remedy = "apt install libttspico-utils (non-free)"
  let voices = ["en-US", "en-GB"]
  private let program: String

  static func find() -> PicoVoices? { VoiceProgram.path("pico2wave").map { PicoVoices(program: $0) } }

  private init(program: String) {
    self.program = program
  }

  func speak(_ text: SpokenText, to path: String) throws(VoiceError) {
    guard case .words(let words) = text.form else { throw VoiceError(engine: Self.name, reason: "know no phonemes") }
    let said =
      "<speed level=\"\(Int((100 * text.speed).rounded()))\"><pitch level=\"\(Int((100 * text.pitch).rounded()))\">"
      + words + "</pitch></speed>"
    try VoiceProgram.run(program, ["-l", text.voice, "-w", path, said], engine: Self.name)
  }
}

/// Piper: neural voices; its models are looked for in `$PIPER_VOICES`, or in `~/.local/share/piper`. A model of many speakers is
/// as many voices.
struct PiperVoices: VoiceEngine {
  static let name = "piper"
  static let remedy = "pip install piper-tts, and voices (.onnx) into ~/.local/share/piper"
  let voices: [String]
  private let program: String

  static func find() -> PiperVoices? {
    guard let program = VoiceProgram.path("piper") else { return nil }
    let environment = ProcessInfo.processInfo.environment
    let folder = environment["PIPER_VOICES"] ?? "\(environment["HOME"] ?? "")/.local/share/piper"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    let models = names.filter { $0.hasSuffix(".onnx") && $0.contains("en") }.sorted().map { "\(folder)/\($0)" }
    let voices = models.flatMap { model -> [String] in
      let count = speakers(of: model)
      return count > 1 ? (0..<count).map { "\(model)#\($0)" } : [model]
    }
    return voices.isEmpty ? nil : PiperVoices(voices: voices, program: program)
  }

  /// How many people a model speaks like, by the description beside it.
  static func speakers(of model: String) -> Int {
    struct Description: Decodable {
      let speakers: Int
      enum CodingKeys: String, CodingKey { case speakers = "num_speakers" }
    }
    let bytes = FileManager.default.contents(atPath: model + ".json") ?? Data()
    return (try? JSONDecoder().decode(Description.self, from: bytes).speakers) ?? 1
  }

  func speak(_ text: SpokenText, to path: String) throws(VoiceError) {
    guard case .words(let words) = text.form else { throw VoiceError(engine: Self.name, reason: "know no phonemes") }
    let parts = text.voice.split(separator: "#")
    let speaker = parts.count > 1 ? ["-s", String(parts[1])] : []
    try VoiceProgram.run(
      program, ["-m", String(parts[0])] + speaker + ["--length-scale", "\(1 / text.speed)", "-f", path], input: words,
      engine: Self.name)
  }
}
