/// The names under which a daemon speaks and listens at a broker. What is put in a name is made safe for it first.
package struct HomeTopics: Equatable, Sendable {
  /// What all of the daemon's own topics begin with.
  package let base: String
  /// The word of Home Assistant's discovery; nil for none.
  package let discovery: String?
  /// What the daemon is called among devices.
  package let device: String

  package init(prefix: String, name: String, discovery: String?) {
    base = "\(prefix)/\(Self.level(name))"
    device = "ganglion_\(Self.identifier(name))"
    self.discovery = discovery
  }

  package init(_ configuration: BrokerConfiguration) {
    self.init(prefix: configuration.prefix, name: configuration.name, discovery: configuration.discovery)
  }

  /// `online` or `offline`, the one message about the daemon that a broker keeps.
  package var availability: String { "\(base)/status" }
  package var daemonState: String { "\(base)/state" }
  package var reloaded: String { "\(base)/reloaded" }
  package var dropped: String { "\(base)/dropped" }

  /// - Parameter what: `state`, `health` or `gap`.
  package func source(_ source: String, _ what: String) -> String { "\(base)/\(Self.level(source))/\(what)" }

  /// - Parameter what: `detection` or `progress`.
  package func listener(_ source: String, _ model: String, _ what: String) -> String {
    "\(base)/\(Self.level(source))/\(Self.level(model))/\(what)"
  }

  package func model(_ model: String) -> String { "\(base)/models/\(Self.level(model))/state" }

  package func mute(_ source: String) -> String { "\(base)/\(Self.level(source))/mute/set" }

  package func task(_ source: String, _ model: String) -> String {
    "\(base)/\(Self.level(source))/\(Self.level(model))/task/set"
  }

  /// Where Home Assistant says that it has come up.
  package var homeStatus: String? { discovery.map { "\($0)/status" } }

  /// Where a device is announced.
  package func announcement(of device: String) -> String? { discovery.map { "\($0)/device/\(device)/config" } }

  /// Matches the announcements of all devices, of other programs too.
  package var allAnnouncements: String? { discovery.map { "\($0)/device/+/config" } }

  /// A text as one level of a topic: what would divide it or match others is put in another way.
  static func level(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { level, scalar in
      let isSafe = scalar.value >= 0x20 && scalar.value != 0x7F && !["/", "+", "#", "$", "%"].contains(scalar)
      if isSafe { level.unicodeScalars.append(scalar) } else { level += "%\(hex(scalar))" }
    }
  }

  /// A text as a part of an identifier of letters, digits, `-` and `_`.
  static func identifier(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { name, scalar in
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "-", "_": name.unicodeScalars.append(scalar)
      default: name += "_\(hex(scalar))"
      }
    }
  }

  private static func hex(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16, uppercase: true)
    return digits.utf8.count < 2 ? "0" + digits : digits
  }
}
