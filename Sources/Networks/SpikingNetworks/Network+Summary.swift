/// What a network costs, layer by layer.
public struct NetworkSummary: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public var kind: String
    public var outputShape: [Int]
    /// Numbers that are learned; measured statistics are not counted.
    public var learned: Int
    /// Multiply-accumulates of a step of the network's input, on average over a stride, if every input were active.
    public var multiplyAccumulates: Double
    /// Those of them that spikes at the assumed density cause.
    public var synapticOperations: Double
    /// Bytes a stream keeps between two steps.
    public var stateBytes: Int
  }

  public var inputShape: [Int]
  public var rows: [Row]
  /// Share of active entries assumed of everything that spikes.
  public var density: Double
  /// Steps of the input for one of the output.
  public var timeStride: Int

  public var learned: Int { rows.reduce(0) { $0 + $1.learned } }
  public var multiplyAccumulates: Double { rows.reduce(0) { $0 + $1.multiplyAccumulates } }
  public var synapticOperations: Double { rows.reduce(0) { $0 + $1.synapticOperations } }
  public var stateBytes: Int { rows.reduce(0) { $0 + $1.stateBytes } }

  /// A table for people.
  public var text: String {
    let header = ["", "layer", "output", "parameters", "MAC/step", "SynOps/step", "state bytes"]
    var lines = [header, ["", "input", Self.shape(inputShape), "", "", "", ""]]
    for (index, row) in rows.enumerated() {
      lines.append([
        String(index), row.kind, Self.shape(row.outputShape), Self.grouped(row.learned),
        Self.grouped(Int(row.multiplyAccumulates.rounded())), Self.grouped(Int(row.synapticOperations.rounded())),
        Self.grouped(row.stateBytes),
      ])
    }
    lines.append([
      "", "total", "", Self.grouped(learned), Self.grouped(Int(multiplyAccumulates.rounded())),
      Self.grouped(Int(synapticOperations.rounded())), Self.grouped(stateBytes),
    ])
    let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
    let table = lines.map { line in
      line.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - line[column].count)
        return column < 3 ? line[column] + space : space + line[column]
      }.joined(separator: "  ")
    }
    let share = (density * 1000).rounded() / 10
    let notes = ["SynOps: \(share) % of spiking inputs active in a step"]
    let rate =
      timeStride == 1 ? [] : ["an output every \(timeStride) steps; MAC and SynOps are those of a step of the input"]
    return (table + notes + rate).joined(separator: "\n")
  }

  private static func shape(_ extents: [Int]) -> String { extents.map(String.init).joined(separator: " x ") }

  /// Digits in groups of three.
  private static func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return String(digits)
  }
}

extension Network {
  /// Parameters, operations and memory of each layer.
  ///
  /// - Parameter density: share of active entries assumed of everything that spikes, `0 ... 1`.
  public func summary(density: Double = 0.05) -> NetworkSummary {
    var spikes = true
    var rows: [NetworkSummary.Row] = []
    for (layer, stride) in zip(layers, timeStrides) {
      let learned = layer.parameters.filter { $0.role != .statistic }.reduce(0) { $0 + $1.count }
      let share = spikes || layer.role == .neurons ? density : 1
      rows.append(
        NetworkSummary.Row(
          kind: layer.kind, outputShape: layer.outputShape, learned: learned,
          multiplyAccumulates: Double(layer.multiplyAccumulates) / Double(stride),
          synapticOperations: (Double(layer.denseAccumulates)
            + Double(layer.multiplyAccumulates - layer.denseAccumulates) * share) / Double(stride),
          stateBytes: layer.stateCount * MemoryLayout<Scalar>.size))
      spikes = layer.emitsSpikes
    }
    return NetworkSummary(inputShape: inputShape, rows: rows, density: density, timeStride: timeStride)
  }
}
