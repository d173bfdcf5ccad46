import Dataflow

/// Opens what may not be there, again and again with pauses that grow, and tells every reason once.
struct Reopening {
  enum Outcome: Equatable {
    case open
    /// It cannot be opened; why.
    case absent(String)
    case stopped
  }

  /// Somebody may be waiting for it to be opened, so pauses stay short.
  static let policy = RestartPolicy(
    firstDelay: .milliseconds(100), longestDelay: .seconds(2), limit: nil, period: .seconds(60))

  private var supervision = Supervision(policy)
  private var pauseMilliseconds: Int32 = 0
  /// What was told last; nil while it is open.
  private(set) var told: String?

  /// Tries until it can be opened, there is news, or the signal is given.
  ///
  /// - Parameter open: nil where it worked, or else why not.
  mutating func run(until stop: StopSignal, open: () -> String?) -> Outcome {
    while stop.wait(for: nil, milliseconds: pauseMilliseconds) != .stopped {
      guard let why = open() else {
        supervision.recovered()
        pauseMilliseconds = 0
        told = nil
        return .open
      }
      if case .restart(let delay) = supervision.failed(at: .microseconds(bootMicroseconds())) {
        pauseMilliseconds = Int32(delay / .milliseconds(1))
      }
      if why != told {
        told = why
        return .absent(why)
      }
    }
    return .stopped
  }
}
