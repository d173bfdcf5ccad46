extension Model {
  /// Writes thresholds into a model file, whole or not at all; everything else stays as it is.
  ///
  /// - Parameter thresholds: by label, 0 to 1; labels that are left out keep theirs.
  /// - Throws: where the file cannot be read or written, or has no such label.
  public static func write(_ thresholds: [String: Double], into path: String) throws(ModelError) {
    let model = try Model(reading: path)
    var manifest = model.manifest
    manifest.decision.thresholds.merge(thresholds) { $1 }
    try Model(manifest: manifest, network: model.network).write(to: path)
  }
}
