import Numerics

/// A recording as a network learns it, and what came of encoding it.
struct EncodedRecording: Sendable {
  /// The recording first, then what is left of its variants.
  var variants: [SpikeSequence]
  /// Variants that are left out, because nothing is left of them.
  var silentVariants = 0
  /// Byte at which the file is cut off within an event or packet, if it is.
  var cutAt: Int64?

  /// Whether the encoder finds nothing in it.
  var isSilent: Bool { variants.first?.channels.isEmpty ?? true }
}

extension EncodedRecording {
  /// What should be known of a part's recordings.
  ///
  /// - Throws: `DataError` where there is nothing in any of them.
  static func notes(
    _ encoded: [EncodedRecording], of recordings: [Recording], part: DataPart, labels: [String], variants: Int
  ) throws(DataError) -> [DataNote] {
    let silent = zip(encoded, recordings).filter(\.0.isSilent).map { $1 }
    if !silent.isEmpty, silent.count == recordings.count {
      throw .silentPart(part, recordings: recordings.count)
    }
    let cut = zip(encoded, recordings).compactMap { entry, recording in
      // Of stretches it has been told when they were held against their recordings.
      recording.microseconds == nil ? entry.cutAt.map { "\(recording.shownName) at byte \($0)" } : nil
    }
    let lost = encoded.reduce(0) { $0 + $1.silentVariants }
    let all = variants * recordings.count
    let losers = zip(encoded, recordings).filter { $0.0.silentVariants > 0 }.map { $1.shownName }
    return [
      DataNote(
        "recordings of the \(part.rawValue) part in which the encoder finds nothing",
        silent.map { "\($0.shownName) ('\(labels[$0.label])')" }),
      DataNote("recordings of the \(part.rawValue) part that are cut off within an event or packet", cut),
      DataNote("recordings of which \(lost) of \(all) variants fell silent and are left out", losers),
    ].compactMap { $0 }
  }
}
