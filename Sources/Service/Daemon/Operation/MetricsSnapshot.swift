import MQTTPublishing
import Numerics
import PageService
import SocketProtocol
import WyomingService

/// The daemon's figures at one moment, and their text for Prometheus.
struct MetricsSnapshot: Sendable {
  var name: String
  var counters: SocketServer.Counters
  var sequence: Int64
  var reloadsGood: Int
  var reloadsBad: Int
  var sources: [(id: String, carriesEvents: Bool, status: SourceStatus.Snapshot)] = []
  var pipelines: [PipelineFigures] = []
  var mqtt: MQTTPublisher.Counters?
  var wyoming: WyomingServer.Counters?
  var page: PageFeed.Counters?

  init(name: String, counters: SocketServer.Counters, sequence: Int64, reloadsGood: Int, reloadsBad: Int) {
    self.name = name
    self.counters = counters
    self.sequence = sequence
    self.reloadsGood = reloadsGood
    self.reloadsBad = reloadsBad
  }

  /// Text exposition format 0.0.4. Labels come from the configuration and the models alone, so there are never more of
  /// them.
  ///
  /// - Parameter now: microseconds of the monotonic clock.
  func text(now: Int64, process: ProcessFigures) -> String {
    var text = ""
    func family(_ name: String, _ type: String, _ help: String, _ samples: [([(String, String)], String)]) {
      if samples.isEmpty { return }
      text += "# HELP ganglion_\(name) \(help)\n# TYPE ganglion_\(name) \(type)\n"
      for (labels, value) in samples { text += Self.sample("ganglion_\(name)", labels, value) }
    }
    func one(_ value: some BinaryInteger) -> [([(String, String)], String)] { [([], "\(value)")] }
    func histogram(_ name: String, _ help: String, _ histogram: (PipelineProgress.Figures) -> DurationHistogram) {
      if pipelines.isEmpty { return }
      text += "# HELP ganglion_\(name) \(help)\n# TYPE ganglion_\(name) histogram\n"
      for figures in pipelines {
        let (found, own) = (histogram(figures.progress), labels(figures))
        for (bound, count) in found.cumulative {
          text += Self.sample("ganglion_\(name)_bucket", own + [("le", NumberText.seconds(bound))], "\(count)")
        }
        text += Self.sample("ganglion_\(name)_bucket", own + [("le", "+Inf")], "\(found.total)")
        text += Self.sample("ganglion_\(name)_sum", own, NumberText.seconds(found.sumMicroseconds))
        text += Self.sample("ganglion_\(name)_count", own, "\(found.total)")
      }
    }
    family("build_info", "gauge", "The program.", [([("version", name)], "1")])
    family(
      "source_up", "gauge", "1 while a source delivers or legitimately waits.",
      sources.map { ([("source", $0.id)], $0.status.isUp ? "1" : "0") })
    family(
      "input_blocks_total", "counter", "Pieces of the stream that arrived.",
      sources.map { ([("source", $0.id)], "\($0.status.blocks)") })
    family(
      "input_samples_total", "counter", "Samples of sound that arrived.",
      sources.filter { !$0.carriesEvents }.map { ([("source", $0.id)], "\($0.status.count)") })
    family(
      "input_events_total", "counter", "Events that arrived and passed the filters.",
      sources.filter(\.carriesEvents).map { ([("source", $0.id)], "\($0.status.count)") })
    let gaps = sources.flatMap { source in
      source.status.gaps.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, lost in
        (labels: [("source", source.id), ("reason", reason.rawValue)], lost)
      }
    }
    family(
      "input_gaps_total", "counter", "Stretches that a source lost, by reason; xrun is an overrun of the device.",
      gaps.map { ($0.labels, "\($0.1.count)") })
    family(
      "input_gap_seconds_total", "counter", "Stream time that a source lost, by reason.",
      gaps.map { ($0.labels, NumberText.seconds($0.1.microseconds)) })
    family(
      "decoder_violations_total", "counter", "How often what arrived broke the rules of its format, by rule.",
      sources.flatMap { source in
        source.status.violations.merging(source.status.earlierViolations, uniquingKeysWith: +)
          .sorted { $0.key < $1.key }.map { ([("source", source.id), ("kind", $0.key)], "\($0.value)") }
      })
    family(
      "filter_removed_events_total", "counter", "Events that a filter took out, by filter.",
      sources.flatMap { source in
        source.status.filtered.merging(source.status.earlierFiltered, uniquingKeysWith: +)
          .sorted { $0.key < $1.key }.map { ([("source", source.id), ("filter", $0.key)], "\($0.value)") }
      })
    family(
      "input_losses_total", "counter", "Times a device went away.",
      sources.map { ([("source", $0.id)], "\($0.status.losses)") })
    family(
      "input_stream_seconds", "gauge", "Stream time a source has come to.",
      sources.map { ([("source", $0.id)], NumberText.seconds($0.status.endMicroseconds)) })
    family(
      "input_silence_seconds", "gauge", "Time since something came from a source.",
      sources.map { ([("source", $0.id)], NumberText.seconds(max(0, now - $0.status.lastArrival))) })
    func labels(_ figures: PipelineFigures) -> [(String, String)] {
      [("source", figures.source), ("model", figures.model)]
    }
    family(
      "model_blocks_total", "counter", "Pieces of a stream that a model has worked off.",
      pipelines.map { (labels($0), "\($0.progress.blocks)") })
    family(
      "model_dropped_blocks_total", "counter", "Pieces of a stream that a model was too slow for.",
      pipelines.map { (labels($0), "\($0.dropped)") })
    family(
      "model_lost_seconds_total", "counter", "Stream time that a model was too slow for.",
      pipelines.map { (labels($0), NumberText.seconds($0.progress.lostMicroseconds)) })
    family(
      "model_spikes_total", "counter", "Spikes that the encoder gave the network.",
      pipelines.map { (labels($0), "\($0.progress.spikes)") })
    family(
      "detections_total", "counter", "Complete detections.",
      pipelines.flatMap { figures in
        figures.progress.detections.sorted { $0.key < $1.key }.map {
          (labels(figures) + [("label", $0.key)], "\($0.value)")
        }
      })
    family(
      "rejections_total", "counter", "Activity in which nothing was detected.",
      pipelines.map { (labels($0), "\($0.progress.rejections)") })
    family(
      "realtime_ratio", "gauge", "Stream time worked off in a second of work.",
      pipelines.filter { $0.progress.inference.sumMicroseconds > 0 }.map {
        let ratio = 1_000 * $0.progress.microseconds / $0.progress.inference.sumMicroseconds
        return (labels($0), NumberText.seconds(1_000 * ratio))
      })
    histogram("inference_seconds", "Work on a piece of the stream: encoder, network and decision.", \.inference)
    histogram(
      "end_to_end_latency_seconds", "From the arrival of a piece of the stream to its results being published.",
      \.latency)
    family("messages_total", "counter", "Messages published.", one(sequence))
    family("subscribers", "gauge", "Subscribers connected.", one(counters.subscribers))
    family("subscribers_accepted_total", "counter", "Subscribers that came.", one(counters.accepted))
    family("subscribers_refused_total", "counter", "Subscribers that were turned away.", one(counters.refused))
    family(
      "subscribers_closed_total", "counter", "Subscribers that were sent away.",
      [([("reason", "slow")], "\(counters.closedSlow)"), ([("reason", "idle")], "\(counters.closedIdle)")])
    family(
      "subscriber_queue_bytes", "gauge", "Bytes that wait for subscribers.", one(counters.queuedBytes))
    family("subscriber_sent_bytes_total", "counter", "Bytes sent to subscribers.", one(counters.sentBytes))
    family(
      "subscriber_dropped_total", "counter", "Messages that subscribers were too slow for.", one(counters.dropped))
    family(
      "config_reloads_total", "counter", "Reloads of the configuration.",
      [([("result", "good")], "\(reloadsGood)"), ([("result", "bad")], "\(reloadsBad)")])
    if let mqtt {
      family("mqtt_up", "gauge", "1 while there is a connection to the broker.", one(mqtt.isUp ? 1 : 0))
      family("mqtt_connections_total", "counter", "Connections to the broker.", one(mqtt.connections))
      family("mqtt_waiting", "gauge", "Messages that the broker has not confirmed.", one(mqtt.waiting))
      family("mqtt_delivered_total", "counter", "Messages that the broker has confirmed.", one(mqtt.delivered))
      family("mqtt_lost_total", "counter", "Messages given up because the broker was away.", one(mqtt.lost))
    }
    if let wyoming {
      family("satellites", "gauge", "Satellites connected.", one(wyoming.satellites))
      family("satellites_accepted_total", "counter", "Satellites that came.", one(wyoming.accepted))
      family("satellites_refused_total", "counter", "Satellites that found no place.", one(wyoming.refused))
      family("satellites_sent_away_total", "counter", "Satellites that were sent away.", one(wyoming.sentAway))
      family("satellite_detections_total", "counter", "Wake words told to satellites.", one(wyoming.detections))
    }
    if let page {
      family("page_viewers", "gauge", "Viewers of the page.", one(page.viewers))
      family("page_viewers_accepted_total", "counter", "Viewers that came.", one(page.accepted))
      family("page_viewers_refused_total", "counter", "Viewers that found no place.", one(page.refused))
      family("page_dropped_total", "counter", "Messages that viewers were too slow for.", one(page.dropped))
    }
    return text + Self.text(process)
  }

  private static func text(_ process: ProcessFigures) -> String {
    let figures = [
      ("process_cpu_seconds_total", "counter", "User and system time.", NumberText.seconds(process.cpuMicroseconds)),
      ("process_resident_memory_bytes", "gauge", "Memory in use.", "\(process.residentBytes)"),
      ("process_virtual_memory_bytes", "gauge", "Address space in use.", "\(process.virtualBytes)"),
      ("process_threads", "gauge", "Threads.", "\(process.threads)"),
      ("process_open_fds", "gauge", "Open file descriptors.", "\(process.openDescriptors)"),
      ("process_start_time_seconds", "gauge", "Start of the process since 1970.", "\(process.startSeconds)"),
    ]
    return figures.map { name, type, help, value in
      "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n" + sample(name, [], value)
    }.joined()
  }

  private static func sample(_ name: String, _ labels: [(String, String)], _ value: String) -> String {
    let list = labels.map { "\($0)=\"\(escaped($1))\"" }.joined(separator: ",")
    return "\(name)\(list.isEmpty ? "" : "{\(list)}") \(value)\n"
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
