import Audio

/// Sound files in a folder and in the folders within it, such as noise to mix in.
public struct SoundFolder: Sendable {
  /// In order of their paths.
  public let paths: [String]
  /// What else is there.
  public let note: DataNote?

  /// - Throws: `DataError` where there is no such folder, or no sound file in it.
  public init(_ folder: String) throws(DataError) {
    let kinds = RecordingFiles(sense: .sound, reading: .init(), root: folder)
    var found: [String] = []
    var others: [String] = []
    var waiting = [folder]
    while let place = waiting.popLast() {
      let listing = try FolderListing(place)
      waiting += listing.folders.map { "\(place)/\($0)" }
      for name in listing.files {
        if kinds.isNamedLikeOne(name) { found.append("\(place)/\(name)") } else { others.append("\(place)/\(name)") }
      }
      others += (listing.unreadableFiles + listing.special).map { "\(place)/\($0)" }
    }
    guard !found.isEmpty else {
      throw .empty(folder: folder, layout: "any", expected: "sound files (wav, flac, ogg, mp3, aiff, au …)")
    }
    paths = found.sorted()
    note = DataNote("files left out, they are no sound by their names", others.sorted().map(kinds.shown))
  }

  /// The files' sound, at one rate.
  public func samples(sampleRate: Int) throws -> [[Float]] {
    try paths.map { try SoundStream.samples(ofFile: $0, sampleRate: sampleRate) }
  }
}
