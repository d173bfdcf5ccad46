import Events

extension HDF5File {
  /// What a file says about the sensor: attributes of the events, of the groups around them or of the file, and datasets
  /// beside them.
  ///
  /// Two numbers are width and height to some tools and height and width to others; sensors are wider than high.
  func geometry(of path: String) -> (size: SensorGeometry, guess: ReadingGuess?)? {
    for place in Self.around(path) {
      if let width = numbers(attribute: "width", of: place)?.first,
        let height = numbers(attribute: "height", of: place)?.first, let size = Self.size(width, height)
      {
        return (size, nil)
      }
      if let size = text(attribute: "geometry", of: place).flatMap({ SensorGeometry($0) }) { return (size, nil) }
      let names = ["resolution", "sensor_resolution", "sensor_size"]
      let datasets = ["resolution", "sensor_resolution", "calib/resolution"].map {
        place.isEmpty ? $0 : "\(place)/\($0)"
      }
      let pairs = names.compactMap { numbers(attribute: $0, of: place) } + datasets.compactMap { numbers(dataset: $0) }
      if let pair = pairs.first(where: { $0.count == 2 }), let size = Self.size(pair.max() ?? 0, pair.min() ?? 0) {
        let isTurned = pair[0] < pair[1]
        return (
          size,
          isTurned
            ? ReadingGuess(.sensor, size.description, because: "\(pair[0]) and \(pair[1]) taken as height and width")
            : nil
        )
      }
    }
    return nil
  }

  /// What every time counts from, in the unit of the times: DSEC keeps it beside them.
  func timeOffset(of path: String) -> Int64 {
    Self.around(path).lazy.compactMap { place in
      self.numbers(dataset: place.isEmpty ? "t_offset" : "\(place)/t_offset")?.first
    }.first ?? 0
  }

  /// A path and the groups around it, up to the root.
  private static func around(_ path: String) -> [String] {
    let parts = path.split(separator: "/")
    return (0...parts.count).reversed().map { parts.prefix($0).joined(separator: "/") }
  }

  private static func size(_ width: Int64, _ height: Int64) -> SensorGeometry? {
    let size = SensorGeometry(width: Int(width), height: Int(height))
    return size.isValid ? size : nil
  }
}
