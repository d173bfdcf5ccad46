import Recognition

/// Thresholds to try, and which of them to take for each label.
public enum ThresholdChoice {
  /// From 0.05 to 0.9995, even in the logarithm of p / (1 - p): softmax scores crowd at both ends.
  public static func trials(count: Int = 48) -> [Double] {
    func logit(_ p: Double) -> Double { LogOdds.of(p) }
    let (low, high) = (logit(0.05), logit(0.9995))
    return (0..<count).map { index in
      let share = count > 1 ? Double(index) / Double(count - 1) : 0
      // Four decimals, so that a threshold that is printed is the one that was tried.
      return (LogOdds.probability(low + (high - low) * share) * 10_000).rounded() / 10_000
    }
  }

  /// For each label the place in the list of trials that misses the fewest words in all, with no more than
  /// `falseAccepts` in all; of equal choices the one with fewer false accepts, then with higher thresholds.
  ///
  /// Exact, by going through the labels with the best result for every number of false accepts so far. It takes each
  /// label's figures from the trial in which all labels had that threshold; where labels compete for the same moment the
  /// outcome differs a little, so what was chosen is measured again.
  ///
  /// - Parameters:
  ///   - tallies: one a trial, in the order of rising thresholds.
  ///   - labels: places of the labels that can be detected at all.
  public static func best(_ tallies: [StreamTally], labels: [Int], falseAccepts: Int) -> [Int: Int] {
    struct State {
      var missed: Int
      var choice: [Int: Int]
    }
    // By the number of false accepts used up.
    var states: [Int: State] = [0: State(missed: 0, choice: [:])]
    for label in labels {
      var next: [Int: State] = [:]
      for (used, state) in states.sorted(by: { $0.key < $1.key }) {
        for trial in tallies.indices.reversed() {
          let counts = tallies[trial].counts[label]
          let sum = used + counts.falseAccepts
          // Nothing is stricter than the last trial: take it where even that costs too much.
          if sum > falseAccepts && trial != tallies.count - 1 { continue }
          let missed = state.missed + counts.missed
          if let rival = next[sum], rival.missed <= missed { continue }
          var choice = state.choice
          choice[label] = trial
          next[sum] = State(missed: missed, choice: choice)
        }
      }
      // Who misses no less with more false accepts is no use.
      var fewest = Int.max
      states = [:]
      for (used, state) in next.sorted(by: { $0.key < $1.key }) where state.missed < fewest {
        fewest = state.missed
        states[used] = state
      }
    }
    let allowed = states.filter { $0.key <= falseAccepts }
    // Where nothing keeps within the limit, the fewest false accepts that can be had.
    let chosen = allowed.max { $0.key < $1.key } ?? states.min { $0.key < $1.key }
    return chosen?.value.choice ?? [:]
  }
}
