/// A broker, how to reach it, and what to tell it.
package struct BrokerConfiguration: Equatable, Sendable {
  /// How to know the broker, and to be known by it.
  package struct TLS: Equatable, Sendable {
    /// A file with the certificates of who may vouch for the broker; nil for those the system trusts.
    package var authority: String?
    /// A certificate of our own and its key; both nil where the broker wants none.
    package var certificate: String?
    package var key: String?

    package init(authority: String? = nil, certificate: String? = nil, key: String? = nil) {
      self.authority = authority
      self.certificate = certificate
      self.key = key
    }
  }

  package var host: String
  package var port: UInt16
  /// Nil for a connection that anybody on the way can read.
  package var tls: TLS?
  package var username: String?
  /// The file that holds the password. It is read at every connection and kept nowhere.
  package var passwordFile: String?
  /// What the daemon is called: in topics, and as a device.
  package var name: String
  /// Unique at the broker: of two with one name, the later throws the earlier out.
  package var clientID: String
  /// What all topics begin with.
  package var prefix = "ganglion"
  /// What Home Assistant's discovery listens to; nil for no discovery.
  package var discovery: String? = "homeassistant"
  /// Whether detections are told from their start on.
  package var tellsProgress = false
  /// Whether whoever may write to the broker's topics may mute a source or choose its task.
  package var takesCommands = true
  /// How long and how many messages are kept while the broker is away.
  package var keptMilliseconds: Int64 = 600_000
  package var keptMessages = 1_000
  /// Between two looks at levels and rates.
  package var intervalMilliseconds: Int64 = 10_000

  package init(host: String, port: UInt16? = nil, tls: TLS? = nil, name: String) {
    self.host = host
    self.port = port ?? (tls == nil ? 1_883 : 8_883)
    self.tls = tls
    self.name = name
    clientID = "ganglion-\(name)"
  }
}
