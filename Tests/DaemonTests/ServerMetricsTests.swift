import Testing

@testable import Daemon

/// Which of the server's figures stands under which name.
struct ServerMetricsTests {
  @Test func everyFigureStandsUnderItsOwnName() {
    var counters = SocketServer.Counters()
    counters.subscribers = 2
    counters.accepted = 3
    counters.refused = 5
    counters.sentBytes = 7
    counters.queuedBytes = 11
    counters.dropped = 13
    counters.closedSlow = 17
    counters.closedIdle = 19
    let snapshot = MetricsSnapshot(
      name: "ganglion/1", counters: counters, sequence: 23, reloadsGood: 29, reloadsBad: 31)
    let lines = snapshot.text(now: 0, process: .now()).split(separator: "\n").map(String.init)
    for line in [
      "subscribers 2", "subscribers_accepted_total 3", "subscribers_refused_total 5", "subscriber_sent_bytes_total 7",
      "subscriber_queue_bytes 11", "subscriber_dropped_total 13", "subscribers_closed_total{reason=\"slow\"} 17",
      "subscribers_closed_total{reason=\"idle\"} 19", "messages_total 23", "config_reloads_total{result=\"good\"} 29",
      "config_reloads_total{result=\"bad\"} 31",
    ] { #expect(lines.contains("ganglion_" + line), "\(line)") }
  }
}
