import ClassifierStreams
import ModelFiles

/// The words that can wake: every label of every model that finds words in streams.
package struct WakeWords: Sendable {
  package struct Word: Equatable, Sendable {
    /// What peers call it.
    package var name: String
    package var label: String
    /// The file that knows it, for people.
    package var version: String
  }

  /// A model and its words.
  struct Listener: Sendable {
    let model: PreparedModel
    let words: [Word]
  }

  let listeners: [Listener]

  /// Those of `models` that can be used, in their order.
  package init(_ models: [PreparedModel]) {
    var names: Set<String> = []
    listeners = models.filter { model in
      guard case .sound = model.encoder else { return false }
      return model.model.manifest.decision.stream != nil
    }.map { model in
      let manifest = model.model.manifest
      let labels = manifest.labels.filter { !manifest.decision.backgroundLabels.contains($0) }
      return Listener(
        model: model,
        words: labels.map { label in
          // Two models may know one word.
          let name = names.insert(label).inserted ? label : "\(manifest.name).\(label)"
          names.insert(name)
          return Word(name: name, label: label, version: String(manifest.sha256.prefix(12)))
        })
    }
  }

  package var words: [Word] { listeners.flatMap(\.words) }
}
