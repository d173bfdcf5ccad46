import Numerics
import SpikingNetworks

/// A model's network on one stream, in the context of the task that is chosen; a value that holds the stream's state.
///
/// Its outputs come in as many rows as the model has tasks, one value a label each, so that a recogniser can follow all
/// tasks side by side and the choice can change at any step. Told a task, all rows are alike.
public struct TaskNetwork: Sendable {
  /// Stands for a label that does not compete: no softmax notices it.
  private static let silence: Float = -10_000

  private let network: Network<Float>
  private let contexts: [[Float]]
  /// Of each task, which outputs do not compete in it.
  private let isLeftOut: [[Bool]]
  /// Of each task that runs now; all of them are kept where the task is inferred.
  private var states: [NetworkState<Float>]
  private var logits: [Float]
  public private(set) var selection: TaskSelection

  /// - Parameter selection: of a task that the model has.
  public init(_ model: Model, selection: TaskSelection = .task(0)) {
    let tasks = model.manifest.knownTasks
    let network = model.stepped
    let labels = model.manifest.labels
    self.network = network
    contexts = tasks.map { task in
      task.context + [Float](repeating: 0, count: network.contextCount - task.context.count)
    }
    isLeftOut = tasks.map { task in labels.map { !task.labels.contains($0) } }
    states = [network.makeState()]
    logits = [Float](repeating: 0, count: network.outputCount)
    self.selection = .task(0)
    select(selection)
    reset()
  }

  /// Rows of outputs.
  public var rows: Int { contexts.count }
  /// Steps for one of the outputs.
  public var timeStride: Int { network.timeStride }
  /// Values `step` writes.
  public var outputCount: Int { rows * logits.count }

  /// Goes over to another task from the next step on; what the network remembers of the stream stays.
  public mutating func select(_ selection: TaskSelection) {
    self.selection = selection
    let running = running
    // What has run last is what those that join in begin from.
    while states.count < running.count { states.append(states[0]) }
    states.removeLast(states.count - running.count)
    for (place, task) in running.enumerated() { tell(task, at: place) }
  }

  private var running: Range<Int> {
    switch selection {
    case .task(let task): task..<task + 1
    case .inferred: 0..<rows
    }
  }

  private mutating func tell(_ task: Int, at place: Int) {
    if network.contextCount > 0 { network.setContext(contexts[task], of: &states[place]) }
  }

  /// Forgets the stream, but not which task it is about.
  public mutating func reset() {
    for (place, task) in running.enumerated() {
      states[place].reset()
      tell(task, at: place)
    }
  }

  /// What the network does in a step, where that is wanted; where tasks are run side by side, that of the last.
  public var activity = StepActivity()

  /// One step; allocates nothing unless its activity is wanted.
  ///
  /// - Parameter outputs: overwritten where there are new ones; `outputCount` numbers.
  /// - Returns: whether there are new ones, which is so every `timeStride` steps.
  @discardableResult
  public mutating func step(_ frame: SpikeFrame, outputs: inout [Float]) -> Bool {
    let width = logits.count
    precondition(outputs.count == rows * width, "\(rows * width) outputs need as many places, not \(outputs.count)")
    let running = running
    var isDue = true
    for (place, task) in running.enumerated() {
      guard network.step(frame, &states[place], logits: &logits, activity: &activity) else {
        isDue = false
        continue
      }
      for label in 0..<width where isLeftOut[task][label] { logits[label] = Self.silence }
      for row in running.count > 1 ? task..<task + 1 : 0..<rows {
        for label in 0..<width { outputs[row * width + label] = logits[label] }
      }
    }
    return isDue
  }
}
