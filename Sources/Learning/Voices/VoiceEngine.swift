import Failures
import Foundation

/// What is to be said, and how.
public struct SpokenText: Sendable, Equatable {
  public enum Form: Sendable, Equatable {
    case words(String)
    /// Phonemes in the engine's own writing.
    case phonemes(String)
  }

  public var form: Form
  /// One of the engine's voices.
  public var voice: String
  /// Speed over the usual one, about 0.7 to 1.4; voices that cannot change it leave it.
  public var speed: Double
  /// Pitch over the usual one, about 0.7 to 1.4; engines that cannot change it leave it.
  public var pitch: Double

  public init(_ form: Form, voice: String, speed: Double = 1, pitch: Double = 1) {
    self.form = form
    self.voice = voice
    self.speed = speed
    self.pitch = pitch
  }
}

/// A program on this machine that speaks: looked for where it is needed, never needed to build or to run.
public protocol VoiceEngine: Sendable {
  /// What people call it.
  static var name: String { get }
  /// How to get it on a Debian machine.
  static var remedy: String { get }
  /// The engine with the English voices that are installed; nil where there is none.
  static func find() -> Self?
  var voices: [String] { get }
  /// Speaks into a WAV file.
  func speak(_ text: SpokenText, to path: String) throws(VoiceError)
  /// How it would pronounce a phrase, in its own writing; nil where it cannot be told phonemes.
  func phonemes(of phrase: String) -> String?
}

extension VoiceEngine {
  public var name: String { Self.name }
  public func phonemes(of phrase: String) -> String? { nil }
}

/// The engines that are known. A new one is a file and a line here.
public enum VoiceEngines {
  static let known: [any VoiceEngine.Type] = [
    EspeakVoices.self, FliteVoices.self, FestivalVoices.self, PicoVoices.self, PiperVoices.self,
  ]

  /// Those on this machine.
  public static func found() -> [any VoiceEngine] { known.compactMap { $0.find() } }

  /// How to get some.
  public static var remedies: String { known.map { "\($0.name): \($0.remedy)" }.joined(separator: "; ") }
}

/// Why nothing was said.
public struct VoiceError: ReportedError, Equatable {
  /// Nil where there is none at all.
  public let engine: String?
  public let reason: String

  public init(engine: String?, reason: String) {
    self.engine = engine
    self.reason = reason
  }

  public var kind: FailureKind { .unavailable }
  public var description: String { engine.map { "the voices of \($0) \(reason)" } ?? reason }
}

/// Another program, run to its end.
enum VoiceProgram {
  /// The program's path, looked for where the shell would.
  static func path(_ name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// What it prints.
  ///
  /// - Throws: where it cannot be started, or says that it failed.
  @discardableResult
  static func run(
    _ path: String, _ arguments: [String], input: String = "", engine: String
  ) throws(VoiceError) -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    let (stdin, stdout) = (Pipe(), Pipe())
    process.standardInput = stdin
    process.standardOutput = stdout
    process.standardError = FileHandle.nullDevice
    do {
      try process.run()
      // A phrase fits into a pipe, so this does not wait.
      try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
      try stdin.fileHandleForWriting.close()
    } catch {
      throw VoiceError(engine: engine, reason: "cannot be used: \(path): \(error.localizedDescription)")
    }
    let output = (try? stdout.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw VoiceError(engine: engine, reason: "failed: \(path) ended with status \(process.terminationStatus)")
    }
    return String(decoding: output, as: UTF8.self)
  }
}
