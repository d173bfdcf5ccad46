import Foundation
import ModelFiles
import Numerics
import Recognition
import SpikingNetworks
import TestSupport
import Testing

@testable import ClassifierStreams

@Suite("Tasks of a model")
struct TaskTests {
  private func frames(_ count: Int) -> [SpikeFrame] {
    (0..<count).map { step in
      let channels = (0..<12).map { UInt32(3 * $0 + (step + $0) % 3) }
      return SpikeFrame(
        step: step, startMicroseconds: Int64(step) * 10_000, endMicroseconds: Int64(step + 1) * 10_000,
        channels: channels, values: channels.map { _ in 1 })
    }
  }

  private func run(_ network: inout TaskNetwork, _ frames: ArraySlice<SpikeFrame>) -> [[Float]] {
    frames.map { frame in
      var outputs = [Float](repeating: 0, count: network.outputCount)
      network.step(frame, outputs: &outputs)
      return outputs
    }
  }

  @Test("a stream stays in its task when it is reset")
  func reset() throws {
    let model = try TestModels.twoTasks()
    var network = TaskNetwork(model, selection: .task(1))
    let first = run(&network, frames(10)[...])
    network.reset()
    #expect(run(&network, frames(10)[...]) == first)
    var other = TaskNetwork(model, selection: .task(0))
    #expect(run(&other, frames(10)[...]) != first)
  }

  @Test("going over to another task keeps what the network remembers, and going back is possible")
  func change() throws {
    let model = try TestModels.twoTasks()
    let all = frames(20)
    var network = TaskNetwork(model)
    _ = run(&network, all[..<10])
    network.select(.task(1))
    let after = run(&network, all[10...])
    var fresh = TaskNetwork(model, selection: .task(1))
    _ = run(&fresh, all[..<0])
    #expect(run(&fresh, all[10...]) != after, "the membranes of the first ten steps count")
    // The state by hand: the context is the only thing that changes.
    var state = model.network.makeState()
    model.network.setContext([4, 4, 0], of: &state)
    var logits = [Float](repeating: 0, count: 3)
    for frame in all[..<10] { model.network.step(frame, &state, logits: &logits) }
    model.network.setContext([4, 0, 4], of: &state)
    for (frame, outputs) in zip(all[10...], after) {
      model.network.step(frame, &state, logits: &logits)
      #expect(Array(outputs[..<3]) == logits && Array(outputs[3...]) == logits)
    }
  }

  @Test("inferred, every task runs in its own context and leaves out labels that are not its own")
  func inferred() throws {
    let model = try TestModels.twoTasks()
    var both = TaskNetwork(model, selection: .inferred)
    var first = TaskNetwork(model, selection: .task(0))
    var second = TaskNetwork(model, selection: .task(1))
    let all = frames(12)
    let (a, b) = (run(&first, all[...]), run(&second, all[...]))
    for (step, outputs) in run(&both, all[...]).enumerated() {
      #expect(Array(outputs[..<3]) == Array(a[step][..<3]))
      #expect(Array(outputs[3...]) == Array(b[step][..<3]))
      #expect(outputs[2] <= -10_000 && outputs[5] > -10_000)
    }
  }

  @Test("a classifier's task can be changed within an utterance, and nothing that is open is lost")
  func classifier() throws {
    let model = try TestModels.twoTasks()
    var classifier = try StreamClassifier(model)
    var decisions: [Decision] = []
    for (step, frame) in frames(30).enumerated() {
      if step == 15 { classifier.task = .inferred }
      if step == 20 { classifier.task = .task(1) }
      try classifier.push(frame) { decision, _ in decisions.append(decision) }
    }
    classifier.finish { decision, _ in decisions.append(decision) }
    #expect(decisions.count == 1)
    #expect(decisions.first?.startMicroseconds == 0 && decisions.first?.endMicroseconds == 300_000)
    #expect(classifier.task == .task(1))
  }

  @Test("names choose tasks; a stranger is refused with those that are known")
  func selection() throws {
    let model = try TestModels.twoTasks()
    #expect(try model.selection(nil) == .task(0))
    #expect(try model.selection("second") == .task(1))
    #expect(try model.selection("infer") == .inferred)
    #expect(throws: ModelError(path: "sounds", reason: .unknownTask("third", known: ["first", "second"]))) {
      try model.selection("third")
    }
    // A model that was only trained has its own name for a task, and nothing to infer.
    let plain = try TestModels.sound()
    #expect(try plain.selection("sounds") == .task(0) && plain.selection("infer") == .task(0))
  }

  @Test("tasks survive a file, which older programs are told not to read; without tasks they still can")
  func file() throws {
    let path = NSTemporaryDirectory() + "ganglion-\(UUID()).safetensors"
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(try TestModels.twoTasks().write(to: path).formatVersion == 2)
    let read = try Model(reading: path)
    #expect(try read.manifest.tasks == TestModels.twoTasks().manifest.tasks)
    #expect(try TestModels.sound().write(to: path).formatVersion == 1)
  }

  @Test("tasks that contradict the model are refused")
  func contradictions() throws {
    let good = try TestModels.twoTasks()
    func problem(_ change: (inout [ModelTask]) -> Void) -> String? {
      var manifest = good.manifest
      var tasks = manifest.knownTasks
      change(&tasks)
      manifest.tasks = tasks
      return Model.problem(with: manifest, contexts: good.network.contextCount)
    }
    #expect(problem { _ in } == nil)
    #expect(problem { $0 = [] }?.contains("empty") == true)
    #expect(problem { $0[1].name = "first" }?.contains("twice") == true)
    #expect(problem { $0[0].labels = [] }?.contains("no labels") == true)
    #expect(problem { $0[0].labels = ["loud"] }?.contains("'loud'") == true)
    #expect(problem { $0[0].context = [1, 2, 3, 4] }?.contains("4 context units") == true)
    #expect(problem { $0[0].context = [.nan] }?.contains("no number") == true)
  }
}
