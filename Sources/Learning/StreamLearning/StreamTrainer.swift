import Foundation
import Learning
import Numerics
import SpikingNetworks

/// Everything that training on streams needs to go on: nothing else decides what follows.
struct StreamTrainingState: Sendable, Equatable {
  var steps = 0
  var parameters: [Float]
  var first: [Float]
  var second: [Float]
  var average: [Float]
  var findings: StreamFindings
  var history: [StreamProgressRecord] = []
}

/// What the network can do at some point of the training.
public struct StreamProgressRecord: Codable, Sendable, Equatable {
  /// Chunks heard so far.
  public var chunks: Int
  /// Mean losses since the record before.
  public var loss: Double
  /// Share of the words missed on the stream of progress, at 5 false accepts an hour, or as close as it gets.
  public var missed: Double?
  public var falseAcceptsPerHour: Double?
  /// What layers tell of the last batch, by the layer's path and the figure's name: see `Layer.measurements`.
  public var measurements: [String: Double]?
}

/// Trains a network to find words in streams that are composed anew for every chunk.
///
/// Every random choice follows from the seed and the chunk's number, so that a training that was stopped goes on to the same
/// weights as one that was not, on any number of threads.
final class StreamTrainer {
  let options: StreamTrainingOptions
  private(set) var state: StreamTrainingState
  private let network: Network<Float>
  private let runner: BatchRunner<Float>
  private var optimiser: Optimiser<Float>
  private var subject: any StreamSubject
  private let loss: StreamLoss
  private let threads: Int

  /// - Parameters:
  ///   - free: steps at the beginning of a chunk in which nothing counts.
  ///   - resuming: a state to go on from.
  init(
    _ network: Network<Float>, _ options: StreamTrainingOptions, subject: any StreamSubject, free: Int, threads: Int,
    resuming: StreamTrainingState? = nil
  ) throws {
    var network = network
    self.options = options
    self.subject = subject
    self.threads = threads
    loss = StreamLoss(options: options.loss, free: free, stepSeconds: Double(subject.stepMicroseconds) / 1e6)
    // Words are rare: a network that begins with that opinion need not learn it first.
    if let bias = network.named.last(where: { $0.name.hasSuffix(".bias") && $0.range.count == network.outputCount }) {
      for index in bias.range { network.parameters[index] = -2 }
    }
    self.network = network
    runner = BatchRunner(network, lanes: Lanes(threads: threads), rates: options.loss.rates)
    optimiser = Optimiser(options.optimiser, for: network)
    if let resuming {
      guard resuming.parameters.count == network.parameters.count,
        resuming.findings.spans.count == subject.findings.spans.count
      else { throw TrainingError.otherNetwork }
      state = resuming
      runner.parameters.array = resuming.parameters
      optimiser.first = resuming.first
      optimiser.second = resuming.second
      optimiser.steps = resuming.steps
      self.subject.findings = resuming.findings
    } else {
      state = StreamTrainingState(
        parameters: network.parameters, first: optimiser.first, second: optimiser.second, average: network.parameters,
        findings: subject.findings)
    }
  }

  var isFinished: Bool { state.steps >= options.steps }

  /// The step at which the training pauses next: to mine, or at its end.
  var nextPause: Int {
    options.mining.after.map { Int(($0 * Double(options.steps)).rounded()) }.first { $0 > state.steps } ?? options.steps
  }

  /// The network with the averaged weights.
  var averaged: Network<Float> {
    var network = network
    network.parameters = state.average
    return network
  }

  /// What layers tell of the batch that was learnt last, outside of what is looked back at.
  private(set) var measurements: [String: Double] = [:]

  /// Learns until the next pause, mines there, and returns the mean loss on the way.
  ///
  /// - Parameter progress: told the steps that are done and the last loss.
  func runToPause(progress: (_ done: Int, _ loss: StreamLoss.Outcome) -> Void) throws -> Double {
    let pause = nextPause
    let begun = state.steps
    var sum = 0.0
    while state.steps < pause {
      let outcome = try runStep()
      sum += outcome.total
      progress(state.steps, outcome)
    }
    state.parameters = runner.parameters.array
    state.first = optimiser.first
    state.second = optimiser.second
    measurements = runner.layers.indices.reduce(into: [:]) { all, layer in
      for (name, value) in runner.measurements(ofLayer: layer) { all["\(layer).\(name)"] = value }
    }
    if !isFinished { try lookBack() }
    return sum / Double(max(1, pause - begun))
  }

  private func runStep() throws -> StreamLoss.Outcome {
    let first = state.steps * options.batch
    let count = min(options.batch, options.chunks - first)
    let (subject, seed) = (subject, options.seed)
    let chunks = try encodeAll(Array(first..<first + count), threads: threads) { _, number in
      try subject.chunk(number, seed: seed)
    }
    runner.forward(chunks.map(\.frames), training: true, seed: seed &+ UInt64(state.steps))
    let outcome = loss.apply(runner, words: chunks.map(\.words))
    runner.backward()
    let norm = optimiser.step(runner, of: options.steps)
    guard norm.isFinite, outcome.total.isFinite else {
      throw TrainingError.diverged(epoch: 1, batch: state.steps + 1, rate: options.optimiser.rate)
    }
    state.steps += 1
    let keep = Float(min(options.averaging, Double(1 + state.steps) / Double(10 + state.steps)))
    let current = runner.parameters.base
    for index in state.average.indices {
      state.average[index] = keep * state.average[index] + (1 - keep) * current[index]
    }
    return outcome
  }

  /// With the averaged weights.
  private func lookBack() throws {
    runner.parameters.array = state.average
    defer { runner.parameters.array = state.parameters }
    try subject.lookBack(
      StreamListener(
        hear: outputs, labels: network.outputCount, timeStride: network.timeStride, free: loss.free, threads: threads,
        seed: options.seed, trained: state.steps))
    state.findings = subject.findings
  }

  /// Hears sequences and returns each one's outputs, answer after answer.
  private func outputs(_ sequences: [SpikeSequence]) -> [[Float]] {
    let labels = network.outputCount
    var all: [[Float]] = []
    for start in stride(from: 0, to: sequences.count, by: 64) {
      let batch = sequences[start..<min(start + 64, sequences.count)]
      runner.forward(Array(batch), training: false)
      for sample in 0..<batch.count {
        let rows = runner.layout.firstRow(of: sample)..<runner.layout.firstRow(of: sample + 1)
        all.append((rows.lowerBound * labels..<rows.upperBound * labels).map { runner.logits.base[$0] })
      }
    }
    return all
  }

  func record(_ record: StreamProgressRecord) { state.history.append(record) }
}
