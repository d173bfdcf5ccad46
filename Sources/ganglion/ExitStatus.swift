import ArgumentParser
import Audio
import Daemon
import EventFormats
import Events
import GanglionClient
import Learning
import Pipelines
import Plotting
import Recognition
import Spiketrum
import SpikingNetworks

/// Exit codes, after sysexits where it has one.
enum ExitStatus: Int32, CaseIterable {
  case failure = 1
  case usage = 64
  case badInput = 65
  case noInput = 66
  case unavailable = 69
  case output = 74
  case model = 78
  case interrupted = 130
  case terminated = 143

  var meaning: String {
    switch self {
    case .failure: "another failure, named on standard error"
    case .usage: "wrong usage"
    case .badInput: "an input is damaged or of the wrong kind (what came before was classified)"
    case .noInput: "an input cannot be opened"
    case .unavailable: "no daemon answers, or another one is running already"
    case .output: "results cannot be written: disk full, or standard output closed"
    case .model: "the model, recipe or configuration is damaged, of a newer version or does not fit"
    case .interrupted: "interrupted (SIGINT)"
    case .terminated: "told to stop (SIGTERM)"
    }
  }

  /// For help texts: one line a code.
  static let help =
    "EXIT CODES:\n  0    all went well\n"
    + allCases.map { status in
      let code = String(status.rawValue)
      return "  \(code)\(String(repeating: " ", count: 5 - code.count))\(status.meaning)"
    }.joined(separator: "\n")

  /// Nil for what the argument parser throws to end the program in its own way.
  init?(_ error: any Error) {
    if error is ValidationError || error is ExitCode || error is CleanExit { return nil }
    self =
      switch error {
      case let error as AudioError: Self(error)
      case let error as EventFormatError:
        switch error.code {
        case .inputOutput: .noInput
        case .cannotWrite: .output
        default: .badInput
        }
      case is InputError, is InputFileError: .badInput
      case is EventFilterError: .usage
      case is PlottingError: .output
      case let error as ModelError: Self(error)
      case is OutputError, is RecordError: .output
      case is DataError: .badInput
      case let error as LessonError: Self(error)
      case is ConfigurationError: .model
      case is ListenerError, is ClientError: .unavailable
      case is RecipeError, is CheckpointError, is TrainingError: .model
      case is RecognitionError, is SpiketrumError, is EventBinningError, is NetworkError: .model
      default: .failure
      }
  }

  private init(_ error: LessonError) {
    switch error {
    case .taskExists, .reservedName: self = .usage
    case .tooFew, .nothingHeard: self = .badInput
    case .notGateable: self = .model
    case .notProtected, .wouldForget: self = .failure
    }
  }

  private init(_ error: AudioError) {
    switch error.reason {
    case .cannotOpen: self = .noInput
    case .rawFormat: self = .usage
    default: self = .badInput
    }
  }

  private init(_ error: ModelError) {
    switch error.reason {
    case .cannotOpen: self = .noInput
    case .cannotWrite: self = .output
    default: self = .model
    }
  }
}
