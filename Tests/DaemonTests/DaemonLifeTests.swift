import Testing

@testable import Daemon

/// Every state of a daemon and everything that can happen in it.
struct DaemonLifeTests {
  private typealias Life = DaemonLife<String, Int>

  private static var states: [Life] {
    [.configured, .running("parts"), .reloading("parts", 1), .draining("parts"), .stopped]
  }

  private func names(_ change: (inout Life) -> Void) -> [String] {
    Self.states.map {
      var life = $0
      change(&life)
      return "\(life)"
    }
  }

  @Test func aReloadEntersARunningDaemonAndFollowsOthers() {
    #expect(
      names { $0.reload(2) } == [
        "configured", #"reloading("parts", 2)"#, #"reloading("parts", 2)"#, #"draining("parts")"#, "stopped",
      ])
    #expect(
      Self.states.map { "\($0.turn)" } == ["never", "now", "after(1)", "never", "never"])
  }

  @Test func onlyTheLastReloadBringsADaemonBackToRunning() {
    #expect(
      names { $0.finished(1) } == [
        "configured", #"running("parts")"#, #"running("parts")"#, #"draining("parts")"#, "stopped",
      ])
    #expect(
      names { $0.finished(0) } == [
        "configured", #"running("parts")"#, #"reloading("parts", 1)"#, #"draining("parts")"#, "stopped",
      ])
  }

  @Test func drainingBeginsOnceAndNamesTheReloadThatIsAtWork() {
    var waited: [Int?] = []
    #expect(
      names { waited.append($0.drain()) } == [
        "configured", #"draining("parts")"#, #"draining("parts")"#, #"draining("parts")"#, "stopped",
      ])
    #expect(waited == [nil, nil, 1, nil, nil])
  }

  @Test func whatADaemonOwnsGoesWithItsState() {
    #expect(Self.states.map(\.parts) == [nil, "parts", "parts", "parts", nil])
    #expect(Set(names { $0.end() }) == ["stopped"])
    var life = Life.configured
    life.begin("parts")
    #expect(life.parts == "parts")
  }
}
