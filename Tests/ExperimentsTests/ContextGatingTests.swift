import Testing

@testable import Experiments
@testable import Learning

@Suite("Context gating")
struct ContextGatingTests {
  @Test("Oja's rule turns weights towards the context or away from it, at norm one")
  func oja() {
    let context: [Float] = [0.5, -0.5]
    var weights: [Float] = [0.02, -0.01, 0.03, 0.01, 0.02, -0.04]
    let drives = (0..<3).map { weights[$0] * context[0] + weights[3 + $0] * context[1] }
    for _ in 0..<2000 {
      ContextPlasticity.oja(rate: 0.05).learn(&weights, context: context, firstSpikes: [nil, nil, nil])
    }
    for channel in 0..<3 {
      let (first, second) = (weights[channel], weights[3 + channel])
      #expect(abs(first * first + second * second - 1) < 1e-3)
      #expect(abs(first + second) < 1e-3)
      #expect((first > second) == (drives[channel] > 0))
    }
  }

  @Test("Early spikes raise what was active and lower what was not; silence lowers what was active")
  func spikeTiming() {
    var weights = [Float](repeating: 0, count: 6)
    let rule = ContextPlasticity.spikeTiming(rate: 0.1, silence: 0.5, timeConstant: 5, bound: 0.3)
    rule.learn(&weights, context: [1, -1], firstSpikes: [0, 5, nil])
    #expect(weights[0] == 0.1 && weights[3] == -0.1)
    #expect(abs(weights[1] - 0.1 * 0.36788) < 1e-5 && weights[4] == -weights[1])
    #expect(weights[2] == -0.05 && weights[5] == 0)
    for _ in 0..<20 { rule.learn(&weights, context: [1, -1], firstSpikes: [0, 5, nil]) }
    #expect(weights[0] == 0.3 && weights[3] == -0.3 && weights[2] == -0.3)
  }

  @Test("Rewards follow the column in one task and the row in the other, and blobs have mean zero")
  func task() throws {
    #expect((0..<5).map { ContextTask.reward($0, task: 0) } == [-2, -1, 0, 1, 2])
    #expect((0..<5).map { ContextTask.reward(5 * $0, task: 1) } == [-2, -1, 0, 1, 2])
    let task = ContextTask(steps: 3)
    #expect(task.stimuli.count == 25)
    for pixel in 0..<25 {
      let sum = task.stimuli.reduce(Float(0)) { $0 + $1.values[pixel] }
      #expect(abs(sum) < 1e-5)
    }
    // The brightest pixel of a corner blob lies in that corner.
    let corner = Array(task.stimuli[24].values.prefix(25))
    let brightest = try #require(corner.indices.max { corner[$0] < corner[$1] })
    #expect(brightest % 5 >= 3 && brightest / 5 >= 3)
  }

  @Test("A network that solves one task by each half of its neurons is seen as such")
  func responses() {
    var responses = ContextResponses(readOut: [], rates: [])
    for task in 0..<2 {
      for stimulus in 0..<25 {
        let reward = ContextTask.reward(stimulus, task: task)
        responses.readOut.append(reward)
        let noise = Double((stimulus * 7) % 5) * 0.01
        responses.rates.append(task == 0 ? [reward + 3 + noise, 0, 1] : [0, reward + 3 + noise, 1])
      }
    }
    #expect(responses.accuracy(0) == 1 && responses.accuracy(1) == 1)
    #expect(responses.accuracy(areCongruent: false) == 1)
    #expect(responses.neuronsOnly(in: 0) == 1 && responses.neuronsOnly(in: 1) == 1)
    #expect(responses.neuronsSelective(for: 0) == 1 && responses.neuronsSelective(for: 1) == 1)
    // One that answers by the first task only is right in the other where both agree.
    for stimulus in 0..<25 { responses.readOut[25 + stimulus] = ContextTask.reward(stimulus, task: 0) }
    #expect(responses.accuracy(areCongruent: true) == 1)
    #expect(responses.accuracy(areCongruent: false) == 0.5)
  }
}
