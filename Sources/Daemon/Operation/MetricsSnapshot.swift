import SocketProtocol

/// The daemon's figures at one moment, and their text for Prometheus.
struct MetricsSnapshot: Sendable {
  var name: String
  var counters: SocketServer.Counters
  var sequence: Int64
  var reloadsGood: Int
  var reloadsBad: Int
  var sources: [(id: String, status: SourceStatus.Snapshot)] = []
  var pipelines: [PipelineFigures] = []

  init(name: String, counters: SocketServer.Counters, sequence: Int64, reloadsGood: Int, reloadsBad: Int) {
    self.name = name
    self.counters = counters
    self.sequence = sequence
    self.reloadsGood = reloadsGood
    self.reloadsBad = reloadsBad
  }

  /// Text exposition format 0.0.4. Labels come from the configuration alone, so there are never more of them.
  func text(now: Int64) -> String {
    var text = ""
    func family(_ name: String, _ type: String, _ help: String, _ samples: [([(String, String)], String)]) {
      if samples.isEmpty { return }
      text += "# HELP ganglion_\(name) \(help)\n# TYPE ganglion_\(name) \(type)\n"
      for (labels, value) in samples {
        let list = labels.map { "\($0)=\"\(Self.escaped($1))\"" }.joined(separator: ",")
        text += "ganglion_\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
      }
    }
    func one(_ value: some BinaryInteger) -> [([(String, String)], String)] { [([], "\(value)")] }
    family("build_info", "gauge", "The program.", [([("version", name)], "1")])
    family(
      "source_up", "gauge", "1 while a source delivers or legitimately waits.",
      sources.map { ([("source", $0.id)], [.running, .waiting].contains($0.status.state) ? "1" : "0") })
    family(
      "input_blocks_total", "counter", "Pieces of the stream that arrived.",
      sources.map { ([("source", $0.id)], "\($0.status.blocks)") })
    family(
      "input_losses_total", "counter", "Times a device went away.",
      sources.map { ([("source", $0.id)], "\($0.status.losses)") })
    family(
      "input_stream_seconds", "gauge", "Stream time a source has come to.",
      sources.map { ([("source", $0.id)], Self.seconds($0.status.endMicroseconds)) })
    family(
      "input_silence_seconds", "gauge", "Time since something came from a source.",
      sources.map { ([("source", $0.id)], Self.seconds(max(0, now - $0.status.lastArrival))) })
    func labels(_ figures: PipelineFigures) -> [(String, String)] {
      [("source", figures.source), ("model", figures.model)]
    }
    family(
      "model_blocks_total", "counter", "Pieces of a stream that a model has worked off.",
      pipelines.map { (labels($0), "\($0.blocks)") })
    family(
      "model_dropped_blocks_total", "counter", "Pieces of a stream that a model was too slow for.",
      pipelines.map { (labels($0), "\($0.dropped)") })
    family(
      "model_lost_seconds_total", "counter", "Stream time that a model was too slow for.",
      pipelines.map { (labels($0), Self.seconds($0.lostMicroseconds)) })
    family(
      "decisions_total", "counter", "Detections and rejections.", pipelines.map { (labels($0), "\($0.decisions)") })
    family("messages_total", "counter", "Messages published.", one(sequence))
    family("subscribers", "gauge", "Subscribers connected.", one(counters.subscribers))
    family("subscribers_accepted_total", "counter", "Subscribers that came.", one(counters.accepted))
    family("subscribers_refused_total", "counter", "Subscribers that were turned away.", one(counters.refused))
    family(
      "subscribers_closed_total", "counter", "Subscribers that were sent away.",
      [([("reason", "slow")], "\(counters.closedSlow)"), ([("reason", "idle")], "\(counters.closedIdle)")])
    family("subscriber_sent_bytes_total", "counter", "Bytes sent to subscribers.", one(counters.sentBytes))
    family(
      "subscriber_dropped_total", "counter", "Messages that subscribers were too slow for.", one(counters.dropped))
    family(
      "config_reloads_total", "counter", "Reloads of the configuration.",
      [([("result", "good")], "\(reloadsGood)"), ([("result", "bad")], "\(reloadsBad)")])
    return text
  }

  private static func seconds(_ microseconds: Int64) -> String {
    let digits = String(microseconds % 1_000_000)
    return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - digits.count) + digits
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
      switch character {
      case "\\", "\"": result += "\\\(character)"
      case "\n": result += "\\n"
      default: result.append(character)
      }
    }
  }
}
