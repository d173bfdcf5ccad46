import Audio
import Dataflow
import EventFormats
import Recognition
import Tensors

/// The way through the house: a source, the model's encoder, its network and recogniser, and whoever takes the results.
///
/// Source, encoder and network run on threads of their own with bounded channels between them, so a recording of any
/// length needs the same memory. Results do not depend on speed, block sizes or timing.
public struct Pipeline: Sendable {
  public enum Speed: String, Sendable, CaseIterable {
    /// Stream time passes as on the clock.
    case real
    /// As fast as it goes.
    case max
  }

  /// Blocks between two stages: enough to keep both busy, little enough to stop soon.
  private static let channelCapacity = 16

  public let model: Model
  public var speed: Speed
  /// What recordings are about; one of the model's tasks.
  public var task: TaskSelection
  /// Whether scores are published step by step.
  public var wantsScores: Bool
  /// Whether detections are told from their start on, see `Recogniser`.
  public var tellsProgress: Bool

  public init(
    _ model: Model, task: TaskSelection = .task(0), speed: Speed = .max, wantsScores: Bool = false,
    tellsProgress: Bool = false
  ) {
    self.model = model
    self.task = task
    self.speed = speed
    self.wantsScores = wantsScores
    self.tellsProgress = tellsProgress
  }

  /// Classifies a recording to its end.
  ///
  /// - Parameter publish: gets every result in order; throwing stops the pipeline with that error.
  /// - Returns: notices about the recording.
  /// - Throws: what the source, the encoder or `publish` throws, after everything before it was published.
  public func run(
    _ input: RecordingInput, publish: (PipelineEvent) async throws -> Void
  ) async throws -> [InputNotice] {
    try await run(
      input,
      classification: { try Classification(model, task: task, wantsScores: wantsScores, tellsProgress: tellsProgress) },
      publish: publish)
  }

  /// Classifies a recording under several decision settings at once; the network runs only once.
  ///
  /// - Parameter configurations: with the model's own `gapMicroseconds`.
  public func run(
    _ input: RecordingInput, trying configurations: [DecisionConfiguration],
    publish: (TrialEvent) async throws -> Void
  ) async throws -> [InputNotice] {
    try await run(input, classification: { try DecisionTrials(model, task: task, configurations) }, publish: publish)
  }

  private func run<Classifying: StreamTransform>(
    _ input: RecordingInput, classification: () throws -> sending Classifying,
    publish: (Classifying.Output) async throws -> Void
  ) async throws -> [InputNotice] where Classifying.Input == FramePiece {
    switch model.manifest.encoder {
    case .spiketrum(let configuration):
      let gathering = speed == .max && input.isFile ? 16 : 1
      return try await run(
        open: {
          try SoundBlocks(
            input.openSound(sampleRate: configuration.sampleRate), sampleRate: configuration.sampleRate,
            gathering: gathering, hearsOffset: configuration.highPassFrequency == nil)
        }, encoder: { try SoundEncoding(configuration) }, classification: classification, publish: publish)
    case .events(let configuration):
      return try await run(
        open: {
          EventBlocks(
            try input.openEvents(sensor: configuration.sensor), name: input.name,
            maximumEvents: speed == .max ? 16_384 : 1_024)
        }, encoder: { try EventEncoding(configuration, source: input.name) }, classification: classification,
        publish: publish)
    }
  }

  private func run<Source: BlockSource, Encoding: StreamTransform, Classifying: StreamTransform>(
    open: @escaping @Sendable () throws -> Source, encoder: () throws -> sending Encoding,
    classification: () throws -> sending Classifying, publish: (Classifying.Output) async throws -> Void
  ) async throws -> [InputNotice]
  where Encoding.Input == Source.Block, Encoding.Output == FramePiece, Classifying.Input == FramePiece {
    let executors = ["source", "encoder", "network"].map { ThreadExecutor(name: "ganglion \($0)") }
    defer { for executor in executors { executor.shutDown() } }
    let blocks = BoundedChannel<Source.Block>(capacity: Self.channelCapacity)
    let frames = BoundedChannel<FramePiece>(capacity: Self.channelCapacity)
    let results = BoundedChannel<Classifying.Output>(capacity: Self.channelCapacity)
    let source = SourceStage(to: blocks, on: executors[0], speed: speed, open: open)
    let encoding = Stage(try encoder(), from: blocks, to: frames, on: executors[1])
    let classification = Stage(try classification(), from: frames, to: results, on: executors[2])
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask(executorPreference: executors[0]) { await source.run() }
      group.addTask(executorPreference: executors[1]) { await encoding.run() }
      group.addTask(executorPreference: executors[2]) { await classification.run() }
      do {
        while let result = try await results.receive() { try await publish(result.element) }
      } catch {
        // Whoever still sends learns that nobody listens, all the way up to the source.
        results.close()
        throw error
      }
    }
    return await source.notices
  }
}
