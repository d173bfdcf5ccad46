/// A task that a model has learnt: the labels it answers among when it is told that task, and what its context units say.
public struct ModelTask: Codable, Equatable, Sendable {
  /// What it is asked for by; unique in a model.
  public var name: String
  /// The labels that compete in this task.
  public var labels: [String]
  /// What the network's context units say; those that came with later tasks say nothing.
  public var context: [Float]
  /// Recordings it was learnt from.
  public var recordings: Int?
  /// Share of recordings kept aside that were answered rightly when it was learnt, the task told, and their number.
  public var accuracy: Double?
  public var testRecordings: Int?
  /// Wall time of learning it.
  public var seconds: Double?
  /// Anything else, by name.
  public var notes: [String: String]?

  public init(name: String, labels: [String], context: [Float] = []) {
    self.name = name
    self.labels = labels
    self.context = context
  }

  /// A word that stands for "find out yourself" where a task is asked for, and so names none.
  public static let inference = "infer"
}

/// Which task a stream is about.
public enum TaskSelection: Equatable, Sendable {
  /// The task at that place in the model's list.
  case task(Int)
  /// All tasks run side by side; the one with the highest score decides.
  case inferred
}

extension ModelManifest {
  /// The tasks in the order they were learnt; a model that was only trained has one, which bears its name.
  public var knownTasks: [ModelTask] { tasks ?? [ModelTask(name: name, labels: labels)] }
}

extension Model {
  /// The task that a word of the user's means; nil is the first, `infer` leaves it to the network.
  public func selection(_ task: String?) throws(ModelError) -> TaskSelection {
    guard let task else { return .task(0) }
    let known = manifest.knownTasks
    // With a single task there is nothing to find out.
    if task == ModelTask.inference { return known.count > 1 ? .inferred : .task(0) }
    guard let index = known.firstIndex(where: { $0.name == task }) else {
      throw ModelError(path: manifest.name, reason: .unknownTask(task, known: known.map(\.name)))
    }
    return .task(index)
  }

  /// Whether tasks, labels and network belong together: the reason if not.
  package static func problem(with manifest: ModelManifest, contexts: Int) -> String? {
    guard let tasks = manifest.tasks else { return nil }
    if manifest.decision.stream != nil { return "it finds words in streams, which knows no tasks" }
    if tasks.isEmpty { return "its list of tasks is empty" }
    if Set(tasks.map(\.name)).count != tasks.count { return "a task occurs twice" }
    for task in tasks {
      if task.labels.isEmpty { return "task '\(task.name)' has no labels" }
      if let stranger = task.labels.first(where: { !manifest.labels.contains($0) }) {
        return "task '\(task.name)' names the label '\(stranger)', which the model does not have"
      }
      if task.context.count > contexts {
        return "task '\(task.name)' speaks to \(task.context.count) context units, the network has \(contexts)"
      }
      if !task.context.allSatisfy(\.isFinite) { return "the context of task '\(task.name)' is no number" }
    }
    return nil
  }
}
