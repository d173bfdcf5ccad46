import Audio
import Dataflow
import ModelFiles
import Recognition
import StreamSources

/// A recording's way through the house: source, model, and whoever takes the results.
///
/// Source and model run on threads of their own with a bounded channel between them, so a recording of any length needs
/// the same memory. Results do not depend on speed, block sizes or timing.
public struct Pipeline: Sendable {
  /// How fast stream time passes.
  public enum Speed: String, Sendable, CaseIterable {
    /// Stream time passes as on the clock.
    case real
    /// As fast as it goes.
    case max
  }

  /// Blocks between source and model: enough to keep both busy, little enough to stop soon.
  private static let channelCapacity = 16

  private let model: PreparedModel
  private let speed: Speed
  private let wantsScores: Bool

  /// - Parameters:
  ///   - model: made ready for the task that recordings are about.
  ///   - wantsScores: whether scores are published step by step.
  public init(_ model: PreparedModel, speed: Speed = .max, wantsScores: Bool = false) {
    self.model = model
    self.speed = speed
    self.wantsScores = wantsScores
  }

  /// Classifies a recording to its end.
  ///
  /// - Parameter publish: gets every result in order; throwing stops the pipeline with that error.
  /// - Returns: notices about the recording.
  /// - Throws: what the source, the model or `publish` throws, after everything before it was published.
  public func run(
    _ input: RecordingInput, publish: (StreamResult) async throws -> Void
  ) async throws -> [InputNotice] {
    let stop = StopSignal()
    // One where results are to come at once, more where throughput counts.
    let isFast = speed == .max && input.isFile
    switch model.model.manifest.encoder {
    case .sound(let encoder):
      return try await run(
        ClassifierStream<SoundSegments>(model, source: input.name, wantsScores: wantsScores), stop: stop,
        level: encoder.highPassFrequency == nil ? SoundLevel() : nil, name: input.name,
        open: { try input.openSound(sampleRate: encoder.sampleRate, blocksPerSecond: isFast ? 6 : 100, stop: stop) },
        publish: publish)
    case .events(let encoder):
      return try await run(
        ClassifierStream<EventSegments>(model, source: input.name, wantsScores: wantsScores), stop: stop,
        level: nil, name: input.name,
        open: { [speed] in
          try input.openEvents(sensor: encoder.sensor, maximumEvents: speed == .max ? 16_384 : 1_024, stop: stop)
        }, publish: publish)
    }
  }

  private func run<Segments: SegmentEncoder>(
    _ stream: ClassifierStream<Segments>, stop: StopSignal, level: SoundLevel?, name: String,
    open: @escaping @Sendable () throws -> any StreamSource<Segments.Block>,
    publish: (StreamResult) async throws -> Void
  ) async throws -> [InputNotice] {
    let executors = ["source", "model"].map { ThreadExecutor(name: "ganglion \($0)") }
    defer { for executor in executors { executor.shutDown() } }
    let blocks = BoundedChannel<StreamItem<Segments.Block>>(capacity: Self.channelCapacity)
    let reader = SourceReader<RecordingHandler<Segments.Block>>(
      on: executors[0], isPaced: speed == .real, open: open)
    let handler = RecordingHandler(to: blocks, level: level, name: name)
    return try await withThrowingTaskGroup(of: [InputNotice].self) { group in
      group.addTask(executorPreference: executors[0]) {
        do {
          let notices = try await reader.run(handler).notices
          blocks.finish()
          return notices
        } catch {
          blocks.fail(error)
          return []
        }
      }
      var stream = stream
      do {
        try await withTaskExecutorPreference(executors[1]) {
          try await flow(from: blocks, through: &stream, to: publish)
        }
      } catch {
        // Whoever still reads learns that nobody listens.
        stop.stop()
        throw error
      }
      return try await group.next() ?? []
    }
  }
}

/// Sends a recording's blocks on and gathers what is to be said of it.
private struct RecordingHandler<Block: StreamBlock>: ArrivalHandler {
  private let output: BoundedChannel<StreamItem<Block>>
  private let name: String
  private var level: SoundLevel?
  private var gathered: [InputNotice] = []

  /// - Parameter level: where to add up what came; nil where the encoder does not mind an offset.
  init(to output: BoundedChannel<StreamItem<Block>>, level: SoundLevel?, name: String) {
    self.output = output
    self.level = level
    self.name = name
  }

  /// What people should know once the recording is over.
  var notices: [InputNotice] {
    gathered + [level?.offsetAdvice].compactMap { $0 }.map { InputNotice(source: name, text: $0) }
  }

  mutating func take(
    _ arrival: Arrival<Block>, from source: any StreamSource<Block>, isolation: isolated (any Actor)?
  ) async throws -> Bool {
    for notice in source.notices where !gathered.contains(notice) { gathered.append(notice) }
    switch arrival {
    case .block(let block):
      level?.add(block.samples)
      return try await output.send(.block(block, arrivedMicroseconds: 0))
    case .cut: return try await output.send(.cut)
    case .lost, .ready, .absent, .quiet, .end: return true
    }
  }
}
