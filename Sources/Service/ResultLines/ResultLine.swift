import ClassifierStreams
import ModelFiles
import Recognition
import SocketProtocol

/// Results as lines of JSON: one object a line, fields in a fixed order, scores with four decimals.
package struct ResultLine {
  private let source: String
  private let model: String
  private let labels: [String]

  /// - Parameters:
  ///   - source: what to call the recording: its path, or `stdin`.
  ///   - manifest: name and labels come from it.
  package init(source: String, manifest: ModelManifest) {
    self.source = source
    model = manifest.name
    labels = manifest.labels
  }

  /// `{"type":"detection","source":…,"model":…,"label":…,"score":…,"t_start_us":…,"t_us":…}`; a rejection also tells the
  /// threshold it missed.
  ///
  /// - Parameter id: names the detection, with its phase behind it; nil leaves both out.
  package func text(_ decision: Decision, id: String? = nil) -> String {
    var line = begin(decision.kind.rawValue)
    line.add("label", decision.label)
    line.add("score", score: decision.score)
    if decision.kind == .rejection { line.add("threshold", score: decision.threshold) }
    line.add("t_start_us", decision.startMicroseconds)
    line.add("t_us", decision.endMicroseconds)
    if let id {
      line.add("id", id)
      line.add("phase", decision.phase.rawValue)
    }
    return String(decoding: line.closed, as: UTF8.self)
  }

  /// `{"type":"score","source":…,"model":…,"t_us":…,"scores":{…}}`.
  package func text(_ scores: StreamClassifier.Scores) -> String {
    var line = begin("score")
    line.add("t_us", scores.endMicroseconds)
    line.add("scores", scores: zip(labels, scores.values).map { (label: $0, score: $1) })
    return String(decoding: line.closed, as: UTF8.self)
  }

  private func begin(_ type: String) -> JSONLine {
    var line = JSONLine(type: type)
    line.add("source", source)
    line.add("model", model)
    return line
  }
}
