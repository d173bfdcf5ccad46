import ModelFiles
import PageService
import SocketProtocol
import SpikingNetworks

extension Plan {
  /// What a viewer of the page is told first: sources, and what their models take in and give.
  func pageLayout(program: String, replaySeconds: Int) -> [UInt8] {
    var line = JSONLine(type: "layout")
    line.add("version", program)
    line.add("replay", Int64(replaySeconds))
    line.add(
      "sources",
      configuration.sources.map { source in
        var entry = JSONLine()
        entry.add("id", source.id)
        var kind = "sound"
        if case .events? = demand(of: source) { kind = "events" }
        entry.add("kind", kind)
        entry.add("models", source.models.compactMap { models[$0]?.model.manifest.name })
        return entry
      })
    line.add("models", configuration.models.compactMap { models[$0.name]?.model }.map(JSONLine.init))
    return line.closed
  }
}

extension Model {
  /// Units of each layer whose spikes are shown.
  var watchedLayers: [Int] { stepped.spikingLayers.map { stepped.layers[$0].outputWidth } }
}

extension JSONLine {
  fileprivate init(_ model: Model) {
    let (manifest, layers) = (model.manifest, model.watchedLayers)
    let writer = StepWriter(source: "", model: manifest.name, shape: manifest.encoder.shape, layers: layers)
    self.init()
    add("name", manifest.name)
    add("labels", manifest.labels)
    // In ten thousandths, as scores are.
    add("thresholds", manifest.labels.map { Int((manifest.decision.threshold(of: $0) * 10_000).rounded()) })
    add("background", manifest.decision.backgroundLabels)
    add("step_us", manifest.encoder.stepMicroseconds)
    add("stride", Int64(model.stepped.timeStride))
    add("input", writer.input.shape)
    add("layers", layers)
    add("rows", writer.layers.map(\.count))
    add("decides", manifest.decision.stream == nil ? "utterances" : "stream")
  }
}
