/// What a daemon is about, with what it owns then. A transition says what comes next and what has to be waited for;
/// whoever asks for it does the work.
enum DaemonLife<Parts, Reload: Equatable> {
  /// It knows its configuration, and nothing runs.
  case configured
  case running(Parts)
  /// With the last of the reloads that were asked for.
  case reloading(Parts, Reload)
  /// What has come in is classified and sent; nothing more is begun.
  case draining(Parts)
  case stopped

  /// What runs, or is brought to its end.
  var parts: Parts? {
    switch self {
    case .configured, .stopped: nil
    case .running(let parts), .reloading(let parts, _), .draining(let parts): parts
    }
  }

  /// Whether a reload can begin, and after which other.
  enum Turn {
    case now
    case after(Reload)
    case never
  }

  var turn: Turn {
    switch self {
    case .running: .now
    case .reloading(_, let last): .after(last)
    case .configured, .draining, .stopped: .never
    }
  }

  /// A daemon runs once.
  mutating func begin(_ parts: Parts) {
    guard case .configured = self else { preconditionFailure("a daemon runs once") }
    self = .running(parts)
  }

  /// A reload was asked for, in its turn.
  mutating func reload(_ reload: Reload) {
    switch self {
    case .running(let parts), .reloading(let parts, _): self = .reloading(parts, reload)
    case .configured, .draining, .stopped: break
    }
  }

  /// A reload is through; others may have been asked for meanwhile.
  mutating func finished(_ reload: Reload) {
    guard case .reloading(let parts, reload) = self else { return }
    self = .running(parts)
  }

  /// Nothing more is begun from here on; returns the reload that is still at work.
  mutating func drain() -> Reload? {
    switch self {
    case .running(let parts):
      self = .draining(parts)
      return nil
    case .reloading(let parts, let reload):
      self = .draining(parts)
      return reload
    case .configured, .draining, .stopped: return nil
    }
  }

  mutating func end() { self = .stopped }
}
