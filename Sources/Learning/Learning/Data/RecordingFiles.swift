import Audio
import EncoderList
import EventFormats
import ModelFiles
import Signatures
import StreamSources

/// Finds the recordings among the files of folders, and remembers what else there is.
struct RecordingFiles {
  /// What the recordings are read as; either, where it is not known.
  let sense: Sense?
  let reading: RecordingOptions
  /// Folder that paths are told from.
  let root: String
  private var strays: [String] = []
  private var unreadable: [String] = []
  private var folders: [String] = []

  init(sense: Sense?, reading: RecordingOptions, root: String) {
    self.sense = sense
    self.reading = reading
    self.root = root
  }

  private static let endings: [Sense: Set<String>] = [
    .sound: ["wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "snd", "w64", "rf64", "caf"],
    .events: [
      "aedat", "aedat4", "raw", "dat", "es", "bin", "bs2", "h5", "hdf5", "npy", "npz", "csv", "bag", "db3", "mcap",
    ],
  ]

  /// Names of the recordings in a folder, in order. Files that bear another name than recordings do are looked into: those
  /// that are none are left out.
  mutating func names(in folder: String) throws(DataError) -> [String] {
    let listing = try FolderListing(folder)
    unreadable += listing.unreadableFiles.map { shown("\(folder)/\($0)") }
    folders += (listing.folders + listing.unreadableFolders).map { shown("\(folder)/\($0)") }
    strays += listing.special.map { shown("\(folder)/\($0)") }
    var names: [String] = []
    for name in listing.files {
      if isRecording("\(folder)/\(name)") { names.append(name) } else { strays.append(shown("\(folder)/\(name)")) }
    }
    return names
  }

  /// Whether a file that no class holds looks like a recording by its name.
  func isNamedLikeOne(_ name: String) -> Bool {
    let ending = Self.ending(name)
    return senses.contains { Self.endings[$0]?.contains(ending) ?? false }
  }

  private var senses: [Sense] { sense.map { [$0] } ?? [.sound, .events] }

  private static func ending(_ name: String) -> String {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
  }

  /// A path as it is told.
  func shown(_ path: String) -> String {
    path.hasPrefix(root + "/") ? String(path.dropFirst(root.utf8.count + 1)) : path
  }

  private func isRecording(_ path: String) -> Bool {
    if isNamedLikeOne(path) { return true }
    return senses.contains { sense in
      switch sense {
      // Who says how headless bytes are read means all files.
      case .sound: reading.sound.raw != nil || (try? SoundFileReader(.path(path))) != nil
      case .events: reading.events.format != nil || isEvents(path)
      }
    }
  }

  private func isEvents(_ path: String) -> Bool {
    guard let source = try? FileByteSource(path: path), !Self.isOther(source) else { return false }
    return (try? openEventReader(source: FileByteSource(path: path), options: reading.events)) != nil
  }

  /// Whether a file begins as pictures, documents and archives do, which formats without a signature could be taken for.
  private static func isOther(_ source: FileByteSource) -> Bool {
    var head = [UInt8](repeating: 0, count: SoundSignature.length)
    let count = try? head.withUnsafeMutableBytes { bytes throws(EventFormatError) in try source.read(into: bytes) }
    head = Array(head.prefix(count ?? 0))
    let others: [Signature] = [
      .png, .jpeg, .gif, .pdf, .bitmap, Signature("<?xml"), Signature("<!"), Signature("{"),
    ]
    return SoundSignature(head) != nil || others.contains { $0.isIn(head) }
  }

  var notes: [DataNote] {
    [
      DataNote("files left out, they are no recordings", strays),
      DataNote("files left out, their names are no UTF-8 text; rename them", unreadable),
      DataNote("folders within classes, not looked into", folders),
    ].compactMap { $0 }
  }

  /// What was left out in a folder: why a class is empty.
  func leftOut(in folder: String) -> [String] {
    let place = shown(folder) + "/"
    return (strays + unreadable + folders).filter { $0.hasPrefix(place) }
  }
}
