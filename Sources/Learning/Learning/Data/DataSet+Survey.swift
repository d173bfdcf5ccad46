extension DataSet {
  /// The data divided, without what lies outside its recording, and with everything about them that should be known.
  ///
  /// - Parameters:
  ///   - encoder: opens recordings as they will be.
  ///   - isForTraining: whether every class must have recordings to learn from, and every part some.
  /// - Throws: `DataError` for what makes results wrong.
  public func surveyed(
    encoder: RecordingEncoder, threads: Int, isForTraining: Bool = false,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> DataSplit {
    var split = try split()
    let stretches = try StretchSurvey(split, encoder: encoder, threads: threads, progress: progress)
    split = stretches.cleared(split)
    split.notes += stretches.notes
    if isForTraining { split.notes += try requireTrainable(split) }
    let repeats = try RepeatSurvey(split, encoder: encoder, threads: threads, progress: progress)
    try repeats.require(description)
    split.notes += repeats.notes
    return split
  }

  /// Names of the folders in a folder, each of which can be a class.
  public static func classFolders(in folder: String) throws(DataError) -> [String] {
    try FolderListing(folder).folders
  }
}
