import Events

/// What becomes of the events of one stretch before models get them: filters in the order given, and after them the fit to
/// each model's sensor. A value.
package struct EventIntake: Sendable {
  private static let lookMicroseconds: Int64 = 1_000_000

  package let fit: SensorFit
  private let filters: [String]
  private let models: [SensorGeometry]
  private var chain: EventFilterChain?
  /// Stream time from which on it is looked again at what the filters have found.
  private var nextLook = Int64.min
  /// What the filters have found out about the stream, as of the last look, once in a second of it.
  package private(set) var found: [String] = []
  /// Taken out in the stretches that are over.
  private var earlier: [String: Int64] = [:]
  /// Pixel array of what comes out; nil where nobody names it, and each model takes it for its own.
  package private(set) var camera: SensorGeometry?
  /// What becomes of the camera's picture, where it is not the model's own; nil where it is.
  package private(set) var picture: String?

  /// - Parameter models: the sensors that the models were trained on, at least one.
  package init(models: [SensorGeometry], options: RecordingOptions = RecordingOptions()) {
    self.models = models
    fit = options.fit
    filters = options.filters ?? []
  }

  /// Begins a stretch.
  ///
  /// - Parameters:
  ///   - camera: the sensor that the recording or the options name; where neither does, it is taken for the first model's.
  ///   - source: what messages call it.
  /// - Throws: where a filter cannot be made, or a model cannot take what comes out.
  package mutating func begin(camera: SensorGeometry?, source: String) throws(InputError) {
    earlier = filtered
    (nextLook, found) = (.min, [])
    let taken = camera ?? models[0]
    var chain = EventFilterChain(geometry: taken)
    for filter in filters {
      do throws(EventFilterError) {
        try chain.append(filter, hotPixels: .running)
      } catch {
        throw InputError(source: source, problem: error.description, remedy: "ganglion convert --help lists them")
      }
    }
    self.chain = filters.isEmpty ? nil : chain
    let after = chain.geometry ?? taken
    self.camera = camera == nil && after == taken ? nil : after
    var pictures: [String] = []
    for model in models {
      do throws(SensorFitError) {
        let placement = try fit.placement(of: self.camera ?? model, on: model)
        if placement.isIdentity { continue }
        pictures.append(placement.summary + (fit.mode == .follow ? ", and follows what moves" : ""))
      } catch {
        throw InputError(source: source, problem: error.problem, remedy: error.remedy)
      }
    }
    picture = pictures.isEmpty ? nil : pictures.joined(separator: "; ")
  }

  /// Sends events through the filters.
  package mutating func apply(_ batch: inout EventBatch) {
    guard chain != nil else { return }
    chain?.apply(&batch)
    guard let last = batch.times.last, last >= nextLook else { return }
    nextLook = last &+ Self.lookMicroseconds
    found = chain?.filters.compactMap { filter in filter.finding.map { "filter \(filter.name) \($0)" } } ?? []
  }

  /// How many events each filter took out, by its name.
  package var filtered: [String: Int64] {
    var sum = earlier
    for filter in chain?.filters ?? [] { sum[filter.name, default: 0] += filter.removed }
    return sum
  }

  /// How many events each filter took out in the stretch, in their order.
  package var figures: [(name: String, removed: Int64)] { chain?.filters.map { ($0.name, $0.removed) } ?? [] }

  /// What each filter did in the stretch, a line each.
  package var findings: [String] { chain?.findings ?? [] }

  /// Why nothing is left, if a filter was to cut a piece out that is not there.
  package var emptiness: String? { chain?.emptiness }
}
