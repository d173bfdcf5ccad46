import Recognition

/// Results as lines of JSON: one object a line, fields in a fixed order, scores with four decimals.
public struct ResultLine: Sendable {
  private let head: String
  private let labels: [String]

  /// - Parameters:
  ///   - source: what to call the recording: its path, or `stdin`.
  ///   - model: name and labels come from it.
  public init(source: String, manifest: ModelManifest) {
    head = "\"source\":\(Self.quoted(source)),\"model\":\(Self.quoted(manifest.name))"
    labels = manifest.labels.map(Self.quoted)
  }

  /// `{"type":"detection","source":…,"model":…,"label":…,"score":…,"t_start_us":…,"t_us":…}`; a rejection also tells the
  /// threshold it missed.
  ///
  /// - Parameter id: names the detection, with its phase behind it; nil leaves both out.
  public func text(_ decision: Decision, id: String? = nil) -> String {
    var line = "{\"type\":\"\(decision.kind.rawValue)\",\(head),\"label\":\(labels[decision.labelIndex])"
    line += ",\"score\":\(Self.decimal(decision.score))"
    if decision.kind == .rejection { line += ",\"threshold\":\(Self.decimal(decision.threshold))" }
    line += ",\"t_start_us\":\(decision.startMicroseconds),\"t_us\":\(decision.endMicroseconds)"
    if let id { line += ",\"id\":\(Self.quoted(id)),\"phase\":\"\(decision.phase.rawValue)\"" }
    return line + "}"
  }

  /// `{"type":"score","source":…,"model":…,"t_us":…,"scores":{…}}`.
  public func text(_ scores: StreamClassifier.Scores) -> String {
    let values = zip(labels, scores.values).map { "\($0):\(Self.decimal($1))" }.joined(separator: ",")
    return "{\"type\":\"score\",\(head),\"t_us\":\(scores.endMicroseconds),\"scores\":{\(values)}}"
  }

  /// A number of 0 to 1 with four decimals.
  private static func decimal(_ value: Double) -> String {
    let parts = Int((value * 10_000).rounded())
    let digits = String(parts % 10_000)
    return "\(parts / 10_000)." + String(repeating: "0", count: 4 - digits.count) + digits
  }

  /// A JSON string.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
