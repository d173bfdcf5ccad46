import SocketProtocol

func recognition(_ label: String = "seven", source: String = "mic0", score: Double = 0.93) -> Report.Recognition {
  Report.Recognition(
    source: source, model: "digits", label: label, score: score, startMicroseconds: 80_500_000,
    endMicroseconds: 81_234_000, id: "mic0.digits.1")
}

func scores(_ value: Double = 0.5, source: String = "mic0") -> Report.Scores {
  Report.Scores(source: source, model: "digits", endMicroseconds: 10, labels: ["a", "b"], values: [value, 1 - value])
}

func detection(_ sequence: Int64, source: String = "mic0", score: Double = 0.9) -> Publication {
  Publication(.detection(recognition(source: source, score: score)), sequence: sequence)
}

func score(_ sequence: Int64) -> Publication { Publication(.scores(scores()), sequence: sequence) }

func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What came of every number, in order: `d` and `s` for detections and scores, `3` for a hole of three.
func summary(_ lines: [UInt8]) -> String {
  text(lines).split(separator: "\n").map { line in
    if line.hasPrefix(#"{"type":"detection""#) { return "d" }
    if line.hasPrefix(#"{"type":"score""#) { return "s" }
    if line.hasPrefix(#"{"type":"dropped""#), let count = line.split(separator: "\"count\":").last {
      return "(\(count.prefix { $0 != "," }))"
    }
    return "?"
  }.joined()
}
