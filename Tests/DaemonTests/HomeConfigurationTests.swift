import MQTTPublishing
import Testing
import WyomingService

@testable import Daemon

struct HomeConfigurationTests {
  private static let rest = "models: {a: b}\nsources: {f: {type: stdin}}\n"

  private func read(_ yaml: String) throws -> DaemonConfiguration {
    try DaemonConfiguration(yaml: Self.rest + yaml, path: "/etc/ganglion/g.yaml")
  }

  @Test func aBrokerNeedsNothingButItsHost() throws {
    let broker = try #require(try read("mqtt: {host: broker.lan}").mqtt)
    #expect(broker.host == "broker.lan" && broker.port == 1_883 && broker.tls == nil)
    #expect(broker.clientID == "ganglion-\(broker.name)" && !broker.name.isEmpty)
    #expect(broker.prefix == "ganglion" && broker.discovery == "homeassistant" && broker.takesCommands)
    #expect(broker.keptMilliseconds == 600_000 && broker.keptMessages == 1_000 && !broker.tellsProgress)
    #expect(try read("mqtt: {host: h, tls: true}").mqtt?.port == 8_883)
    #expect(try read("mqtt: {host: h, tls: true}").mqtt?.tls == BrokerConfiguration.TLS())
    #expect(try read("mqtt: {host: h, tls: false, discovery: off}").mqtt?.discovery == nil)
    #expect(try read("").mqtt == nil)
  }

  @Test func everythingOfABrokerCanBeSaid() throws {
    let broker = try #require(
      try read(
        """
        mqtt:
          host: 10.0.0.2
          port: 8884
          tls: {ca: ca.crt, certificate: c.crt, key: /k.key}
          username: me
          password_file: p
          name: den
          client_id: ears
          topics: house/ears
          discovery: ha
          progress: true
          commands: no
          interval: 2.5
          keep: {seconds: 60, messages: 20}
        """
      ).mqtt)
    var expected = BrokerConfiguration(
      host: "10.0.0.2", port: 8_884,
      tls: .init(authority: "/etc/ganglion/ca.crt", certificate: "/etc/ganglion/c.crt", key: "/k.key"), name: "den")
    (expected.username, expected.passwordFile, expected.clientID) = ("me", "/etc/ganglion/p", "ears")
    (expected.prefix, expected.discovery, expected.tellsProgress) = ("house/ears", "ha", true)
    (expected.takesCommands, expected.intervalMilliseconds) = (false, 2_500)
    (expected.keptMilliseconds, expected.keptMessages) = (60_000, 20)
    #expect(broker == expected)
  }

  @Test func aWakeServiceListensInSeveralPlaces() throws {
    let one = try read("wyoming: {listen: \"127.0.0.1:10400\"}").wyoming
    #expect(one?.addresses == [.network(host: "127.0.0.1", port: 10_400)] && one?.maximumSatellites == 16)
    let two = try read("wyoming: {listen: [\"[::1]:1\", \"unix:w\"], satellites: 3}").wyoming
    #expect(two?.addresses == [.network(host: "::1", port: 1), .unix(path: "/etc/ganglion/w")])
    #expect(two?.maximumSatellites == 3)
  }

  @Test(arguments: [
    ("mqtt: {}", "mqtt needs 'host'"), ("mqtt: {host: h, prot: 1}", "did you mean 'port'?"),
    ("mqtt: {host: h, port: 0}", "mqtt.port is '0'"), ("mqtt: {host: h, topics: a/#}", "mqtt.topics is 'a/#'"),
    ("mqtt: {host: h, topics: /a}", "mqtt.topics is '/a'"), ("mqtt: {host: h, topics: $SYS/a}", "mqtt.topics is"),
    ("mqtt: {host: h, discovery: a//b}", "mqtt.discovery is 'a//b'"),
    ("mqtt: {host: h, name: a/b}", "mqtt.name is made of"),
    ("mqtt: {host: h, name: \"a b\"}", "mqtt.name is made of"), ("mqtt: {host: h, tls: maybe}", "mqtt.tls is 'maybe'"),
    ("mqtt: {host: h, tls: {key: k}}", "needs both 'certificate' and 'key'"),
    ("mqtt: {host: h, password_file: p}", "but no 'username'"),
    ("mqtt: {host: h, password: secret}", "mqtt has no setting 'password'"),
    ("mqtt: {host: h, keep: {messages: 0}}", "mqtt.keep.messages is '0'"),
    ("wyoming: {}", "wyoming needs 'listen'"), ("wyoming: {listen: localhost:1}", "wyoming.listen is 'localhost:1'"),
    ("wyoming: {listen: \"127.0.0.1:1\", satellites: 0}", "wyoming.satellites is '0'"),
  ]) func whatIsWrongIsSaid(yaml: String, expected: String) {
    let error = #expect(throws: ConfigurationError.self) { try read(yaml) }
    #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("secret") == false)
  }

  @Test func aSatelliteAsASourceNeedsAWakeService() {
    let yaml = "models: {a: b}\nsources: {kitchen: {type: wyoming, satellite: 10.0.0.7}}\n"
    let error = #expect(throws: ConfigurationError.self) { try DaemonConfiguration(yaml: yaml, path: "/g.yaml") }
    #expect(error?.description.contains("there is no 'wyoming' for them to come to") == true)
    let configuration = try? DaemonConfiguration(yaml: yaml + "wyoming: {listen: \"127.0.0.1:1\"}", path: "/g.yaml")
    #expect(configuration?.sources.first?.input == .satellite(address: "10.0.0.7"))
    #expect(configuration?.sources.first?.isLive == true && configuration?.sources.first?.mayBeSilent == true)
  }

  @Test func whatIsRiskyIsNoted() throws {
    let open = try read("mqtt: {host: h, username: u, password_file: /nowhere}\nwyoming: {listen: \"0.0.0.0:1\"}")
    #expect(open.homeNotes.count == 3)
    #expect(open.homeNotes[0].contains("/nowhere is not there"))
    #expect(open.homeNotes[1].contains("for everybody to read"))
    #expect(open.homeNotes[2].contains("whoever reaches 0.0.0.0:1"))
    #expect(try read("mqtt: {host: 127.0.0.1, username: u}\nwyoming: {listen: \"127.0.0.1:1\"}").homeNotes == [])
  }
}
