import SocketProtocol
import Testing

@testable import Daemon

struct PageConfigurationTests {
  private static let rest = "models: {a: b}\nsources: {f: {type: stdin}}\n"

  private func read(_ yaml: String) throws -> PageConfiguration? {
    try DaemonConfiguration(yaml: Self.rest + yaml, path: "/etc/ganglion/g.yaml").page
  }

  private func problem(_ yaml: String) -> String {
    do throws(ConfigurationError) {
      _ = try DaemonConfiguration(yaml: Self.rest + yaml, path: "/etc/ganglion/g.yaml")
      return ""
    } catch {
      return error.diagnostics.map(\.problem).joined(separator: "; ")
    }
  }

  @Test func aPageNeedsNothingButItsAddress() throws {
    #expect(try read("") == nil)
    let page = try #require(try read("page: 127.0.0.1:8464"))
    #expect(page.address == .network(host: "127.0.0.1", port: 8_464))
    #expect(page.tokenFile == nil && page.hosts == [] && page.replaySeconds == 0 && page.maximumViewers == 8)
    #expect(try read("page: localhost:1")?.address == .network(host: "127.0.0.1", port: 1))
    #expect(try read("page: unix:p")?.address == .unix(path: "/etc/ganglion/p"))
  }

  @Test func everythingOfAPageCanBeSaid() throws {
    let page = try read(
      "page: {listen: \"0.0.0.0:8464\", token_file: t, hosts: [den.home, den], replay: 60, viewers: 3}")
    var expected = PageConfiguration(address: .network(host: "0.0.0.0", port: 8_464))
    (expected.tokenFile, expected.hosts) = ("/etc/ganglion/t", ["den.home", "den"])
    (expected.replaySeconds, expected.maximumViewers) = (60, 3)
    #expect(page == expected)
  }

  /// Beyond this machine there is no page without a token.
  @Test(arguments: ["0.0.0.0:1", "192.168.1.2:8464", "\"[::]:8464\""]) func othersNeedAToken(address: String) throws {
    for yaml in ["page: \(address)", "page: {listen: \(address)}"] {
      #expect(problem(yaml).contains("it needs 'token_file'"), "\(yaml)")
    }
    #expect(try read("page: {listen: \(address), token_file: t}") != nil)
    let configuration = try DaemonConfiguration(
      yaml: Self.rest + "page: {listen: \(address), token_file: /nowhere/t}", path: "/g.yaml")
    #expect(configuration.pageNotes.contains { $0.contains("is not there") })
    #expect(configuration.pageNotes.contains { $0.contains("not encrypted") })
  }

  @Test(arguments: [
    ("page: x", "allowed is a numeric ADDRESS:PORT"), ("page: 127.0.0.1", "allowed is a numeric ADDRESS:PORT"),
    ("page: {replay: 1}", "page needs 'listen'"),
    ("page: {listen: \"127.0.0.1:1\", replay: 301}", "whole number of 0 to 300"),
    ("page: {listen: \"127.0.0.1:1\", viewers: 0}", "whole number of 1 to 64"),
    ("page: {listen: \"127.0.0.1:1\", hosts: [\"a:1\"]}", "allowed are names without a port"),
    ("page: {listen: \"127.0.0.1:1\", token: x}", "has no setting 'token'"),
  ]) func whatIsWrongIsSaid(yaml: String, words: String) { #expect(problem(yaml).contains(words), "\(problem(yaml))") }
}
