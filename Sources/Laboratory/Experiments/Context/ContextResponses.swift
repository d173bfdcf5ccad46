import Learning

/// Answers of a network to the fifty items of both tasks, the first task's first, and what they say.
struct ContextResponses {
  var readOut: [Double]
  /// Spikes a step of each hidden neuron.
  var rates: [[Double]]

  /// Share of right signs among items of a task that `belongs` lets in; items on the boundary do not count.
  func accuracy(_ task: Int, where belongs: (_ stimulus: Int) -> Bool = { _ in true }) -> Double {
    var (right, count) = (0, 0)
    for stimulus in 0..<ContextTask.count where belongs(stimulus) {
      let reward = ContextTask.reward(stimulus, task: task)
      guard reward != 0 else { continue }
      count += 1
      right += (readOut[task * ContextTask.count + stimulus] > 0) == (reward > 0) ? 1 : 0
    }
    return Double(right) / Double(max(count, 1))
  }

  /// Of the items that count in both tasks those on whose sign both agree, or do not.
  func accuracy(areCongruent: Bool) -> Double {
    func belongs(_ stimulus: Int) -> Bool {
      let product = ContextTask.reward(stimulus, task: 0) * ContextTask.reward(stimulus, task: 1)
      return product != 0 && (product > 0) == areCongruent
    }
    return (accuracy(0, where: belongs) + accuracy(1, where: belongs)) / 2
  }

  private var neurons: Int { rates.first?.count ?? 0 }

  /// Neurons that fire for some item of a task and for none of the other.
  func neuronsOnly(in task: Int) -> Int {
    (0..<neurons).count { neuron in
      func fires(_ task: Int) -> Bool {
        (0..<ContextTask.count).contains { rates[task * ContextTask.count + $0][neuron] > 0 }
      }
      return fires(task) && !fires(1 - task)
    }
  }

  /// Neurons whose rate follows a task's own reward in that task and nothing else: of four regressors, each task's
  /// relevant and irrelevant direction, only that one has a t above 1.96.
  func neuronsSelective(for task: Int) -> Int {
    let count = Double(2 * ContextTask.count)
    let regressors: [[Double]] = [(0, 0), (0, 1), (1, 1), (1, 0)].map { context, direction in
      let raw = (0..<2 * ContextTask.count).map { item in
        item / ContextTask.count == context ? ContextTask.reward(item % ContextTask.count, task: direction) : 0
      }
      let deviation = (raw.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
      return raw.map { $0 / deviation }
    }
    return (0..<neurons).count { neuron in
      let response = rates.map { $0[neuron] }
      let mean = response.reduce(0, +) / count
      // The regressors have mean zero and stand at right angles to each other.
      let slopes = regressors.map { zip($0, response).reduce(0) { $0 + $1.0 * $1.1 } / count }
      var squares = 0.0
      for item in response.indices {
        let fitted = zip(slopes, regressors).reduce(mean) { $0 + $1.0 * $1.1[item] }
        squares += (response[item] - fitted) * (response[item] - fitted)
      }
      let error = (squares / (count - 5) / count).squareRoot()
      guard error > 0 else { return false }
      let strong = slopes.indices.filter { slopes[$0] / error > 1.96 }
      return strong == [task == 0 ? 0 : 2]
    }
  }
}
