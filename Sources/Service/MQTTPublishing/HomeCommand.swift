/// What somebody at the broker asks of the daemon.
package enum HomeCommand: Equatable, Sendable {
  case mute(source: String, Bool)
  case task(source: String, model: String, String)
  /// Home Assistant has come up and knows nothing.
  case announce

  /// The longest word that is listened to, bytes.
  static let longest = 256
}

/// Tells which topic means which command: no name is ever made of what somebody sends.
package struct CommandTable: Equatable, Sendable {
  private enum Order: Equatable, Sendable {
    case mute(source: String)
    case task(source: String, listener: HomeLayout.Listener)
  }

  private let homeStatus: String?
  private var orders: [String: Order] = [:]

  /// - Parameter takesCommands: whether there are any but Home Assistant's own word.
  package init(_ layout: HomeLayout, _ topics: HomeTopics, takesCommands: Bool) {
    homeStatus = topics.homeStatus
    guard takesCommands else { return }
    for source in layout.sources {
      orders[topics.mute(source.id)] = .mute(source: source.id)
      for listener in source.listeners where !listener.tasks.isEmpty {
        orders[topics.task(source.id, listener.model)] = .task(source: source.id, listener: listener)
      }
    }
  }

  /// What has to be subscribed to.
  package var subscriptions: [String] { (homeStatus.map { [$0] } ?? []) + orders.keys.sorted() }

  /// What a message asks for; nil for what is no command.
  ///
  /// - Parameter isRetained: whether the broker had kept it: a command counts when it is given, not for ever after.
  package func command(_ topic: String, _ payload: [UInt8], isRetained: Bool) -> HomeCommand? {
    guard !isRetained, payload.count <= HomeCommand.longest else { return nil }
    let word = String(decoding: payload, as: UTF8.self)
    if topic == homeStatus { return word == "online" ? .announce : nil }
    switch orders[topic] {
    case .mute(let source):
      switch word {
      case "ON": return .mute(source: source, true)
      case "OFF": return .mute(source: source, false)
      default: return nil
      }
    case .task(let source, let listener):
      return listener.tasks.contains(word) ? .task(source: source, model: listener.model, word) : nil
    case nil: return nil
    }
  }
}
