import Events

/// Finds where an HDF5 file keeps its events.
struct HDF5Search: Sendable {
  /// Where tools put events: Prophesee, DSEC and others, the caches of tonic. What lies elsewhere is searched for.
  private static let usualDatasets = ["CD/events", "events", "data/0"]
  private static let usualGroups = ["events", "data", ""]
  /// Datasets that are opened, those with events in their path first.
  private static let mostDatasets = 512

  let file: HDF5File
  let options: EventReadingOptions

  struct Found: Sendable {
    var events: HDF5Events
    var reading: EventTableFinder.Found
  }

  func find() throws(EventFormatError) -> Found {
    if options.group == nil, options.stream == nil, let usual = try findUsual() { return usual }
    return try searchAll()
  }

  private func findUsual() throws(EventFormatError) -> Found? {
    for path in Self.usualDatasets where file.hasDataset(path) {
      if let dataset = try file.dataset(path), let events = HDF5Events(dataset: dataset) {
        if let found = try settle(events) { return found }
      }
    }
    for path in Self.usualGroups {
      let names = file.datasetNames(in: path)
      if let events = try HDF5Events(group: path, children: names, in: file), let found = try settle(events) {
        return found
      }
    }
    return nil
  }

  /// How events are read; nil where the values are none of events.
  private func settle(_ events: HDF5Events) throws(EventFormatError) -> Found? {
    switch try events.find(options) {
    case .found(let reading): return Found(events: events, reading: reading)
    case .noEvents: return nil
    case .unclear(let subject, let what):
      throw EventTableFinder.refusal(subject, "\(events.path): \(what)", of: file.file.name)
    }
  }

  private func searchAll() throws(EventFormatError) -> Found {
    let objects = file.objects()
    var found: [Found] = []
    var failure: EventFormatError?
    func consider(_ path: String, _ open: () throws(EventFormatError) -> HDF5Events?) {
      do throws(EventFormatError) {
        guard let events = try open(), isWanted(events.path), let settled = try settle(events) else { return }
        found.append(settled)
      } catch {
        // What else lies in a file may be anything.
        if isWanted(path), options.group != nil || path.lowercased().contains("event") || error.subject == .timeUnit {
          failure = failure ?? error
        }
      }
    }
    var children: [String: [String]] = [:]
    for object in objects where !object.isGroup {
      let parts = object.path.split(separator: "/")
      children[parts.dropLast().joined(separator: "/"), default: []] += parts.suffix(1).map(String.init)
    }
    for group in objects where group.isGroup {
      guard let children = children[group.path] else { continue }
      consider(group.path) { () throws(EventFormatError) in
        try HDF5Events(group: group.path, children: children, in: file)
      }
    }
    let datasets = objects.filter { !$0.isGroup && isWanted($0.path) }
    let isLikely = { (object: HDF5File.Object) in object.path.lowercased().contains("event") }
    for object in (datasets.filter(isLikely) + datasets.filter { !isLikely($0) }).prefix(Self.mostDatasets) {
      consider(object.path) { () throws(EventFormatError) in
        try file.dataset(object.path).flatMap { HDF5Events(dataset: $0) }
      }
    }
    return try choose(found, failure: failure, among: objects)
  }

  private func choose(
    _ found: [Found], failure: EventFormatError?, among objects: [HDF5File.Object]
  ) throws(EventFormatError) -> Found {
    // A table that is named exactly is meant, whatever lies below it.
    let exact = found.filter { $0.events.path == options.group }
    guard var chosen = exact.first ?? found.first, exact.count == 1 || found.count == 1 else {
      if found.isEmpty, let failure { throw failure }
      if found.isEmpty {
        let asked = [options.group, options.stream].compactMap { $0 }
        let groups = objects.filter { $0.isGroup && !$0.path.isEmpty }.prefix(20).map(\.path).joined(separator: ", ")
        throw EventFormatError(
          .unsupported, source: file.file.name,
          reason: asked.isEmpty
            ? "no group or dataset holds t, x, y and p\(groups.isEmpty ? "" : " (groups: \(groups))")"
            : "no events under \(asked.joined(separator: " and "))\(groups.isEmpty ? "" : " (groups: \(groups))")",
          remedy: asked.isEmpty ? "export t, x, y and p into a group named events" : "name a group that holds events",
          subject: .group)
      }
      throw EventFormatError(
        .ambiguous, source: file.file.name,
        reason:
          "several groups hold events: \(found.map { $0.events.path.isEmpty ? "/" : $0.events.path }.joined(separator: ", "))",
        remedy: "say which is meant", subject: .group)
    }
    if options.group == nil, options.stream == nil {
      chosen.reading.guesses.append(
        ReadingGuess(.group, chosen.events.path, because: "the only one with events in the file"))
    }
    return chosen
  }

  /// Whether a path is what the options ask for: a group by its path or its end, a camera by one of its names.
  private func isWanted(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    if let group = options.group?.split(separator: "/"), !group.isEmpty {
      let isInside = (0...max(parts.count - group.count, 0)).contains { start in
        parts.dropFirst(start).starts(with: group)
      }
      guard isInside else { return false }
    }
    if let stream = options.stream { return parts.contains { $0.lowercased() == stream.lowercased() } }
    return true
  }
}
