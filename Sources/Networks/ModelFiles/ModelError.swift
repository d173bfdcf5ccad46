import Failures

/// Why a model cannot be read, written or used.
public struct ModelError: ReportedError, Equatable, Sendable {
  public enum Reason: Equatable, Sendable {
    case cannotOpen(String)
    case cannotWrite(String)
    /// The container is cut off or damaged; the text says at which byte.
    case container(String)
    /// A safetensors file, but without Ganglion's manifest.
    case noManifest
    case newerVersion(found: Int, known: Int)
    /// The model was trained on spikes that this program's encoder no longer makes, or does not make yet.
    case encoderVersion(String, found: Int, known: Int)
    /// The manifest contradicts itself or lacks something.
    case manifest(String)
    /// It has not learnt a task of that name.
    case unknownTask(String, known: [String])
    /// No thresholds were measured under that name.
    case unknownSensitivity(String, known: [String])
    /// It finds words in streams and says nothing of a clip as a whole.
    case onlyStreams
    /// The tensors are not those the manifest describes.
    case tensors(String)
    /// The tensors' bytes are not those that were written.
    case digest(expected: String, found: String)
  }

  /// Path of the model file.
  public let path: String
  public let reason: Reason

  public init(path: String, reason: Reason) {
    self.path = path
    self.reason = reason
  }

  public var kind: FailureKind {
    switch reason {
    case .cannotOpen: .missing
    case .cannotWrite: .output
    default: .configuration
    }
  }

  public var description: String {
    switch reason {
    case .cannotOpen(let why): "\(path): cannot be opened (\(why)); check the path of the model and its permissions"
    case .cannotWrite(let why): "\(path): cannot be written (\(why)); nothing was changed, make room or choose a folder"
    case .container(let why): "\(path): \(why); download or train the model again"
    case .noManifest: "\(path): holds tensors but no Ganglion manifest; give a model that ganglion train wrote"
    case .newerVersion(let found, let known):
      "\(path): is a model of format version \(found), this program knows up to \(known); install a newer ganglion"
    case .encoderVersion(let encoder, let found, let known):
      "\(path): was trained on frames of \(encoder) encoder version \(found), this program makes those of version \(known); "
        + (found > known ? "install a newer ganglion" : "train the model again from its recipe")
    case .manifest(let why): "\(path): its manifest is not valid (\(why)); train the model again"
    case .unknownTask(let task, let known):
      "\(path): has learnt no task '\(task)'; there \(known.count == 1 ? "is" : "are") \(known.joined(separator: ", "))"
    case .unknownSensitivity(let name, let known):
      "\(path): has no thresholds for the sensitivity '\(name)'; "
        + (known.isEmpty ? "it decides on utterances, which know none" : "there are \(known.joined(separator: ", "))")
    case .onlyStreams:
      "\(path): finds words in streams and gives no label to a clip; measure it with ganglion evaluate --stream"
    case .tensors(let why): "\(path): \(why); the file was altered, train or download the model again"
    case .digest(let expected, let found):
      "\(path): its tensors have SHA-256 \(found.prefix(12))… instead of \(expected.prefix(12))…; "
        + "the file is damaged, copy it again"
    }
  }
}
