import Signatures

/// What is certainly no sound that can be read here, by its first bytes: named, so that nothing takes it for samples.
enum ForeignContent {
  /// What to say of it, and whether it holds sound that another program can take out.
  struct Finding: Equatable {
    let name: String
    let holdsSound: Bool
  }

  private struct Mark {
    let name: String
    let signature: Signature

    init(_ name: String, _ signature: Signature) { (self.name, self.signature) = (name, signature) }

    init(_ name: String, _ bytes: [UInt8]) { self.init(name, Signature(bytes)) }

    init(_ name: String, _ text: String, at offset: Int = 0) { self.init(name, Signature(text, at: offset)) }
  }

  /// Containers with sound that libsndfile does not know.
  private static let containers = [
    Mark("Matroska or WebM", [0x1A, 0x45, 0xDF, 0xA3]), Mark("MP4 or QuickTime", "ftyp", at: 4),
    Mark("QuickTime", "moov", at: 4), Mark("QuickTime", "mdat", at: 4), Mark("QuickTime", "wide", at: 4),
    Mark("QuickTime", "free", at: 4), Mark("QuickTime", "skip", at: 4), Mark("QuickTime", "pnot", at: 4),
    Mark("ASF or WMA", [0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11]), Mark("AVI", "AVI ", at: 8),
    Mark("QCP", "QLCM", at: 8), Mark("Flash video", [0x46, 0x4C, 0x56, 0x01]), Mark("AMR", "#!AMR"),
    Mark("AAC (ADIF)", "ADIF"), Mark("WavPack", "wvpk"), Mark("Monkey's Audio", "MAC "), Mark("True Audio", "TTA1"),
    Mark("True Audio", "TTA2"), Mark("Musepack", "MPCK"), Mark("Musepack", "MP+"), Mark("DSF", "DSD "),
    Mark("DSDIFF", "FRM8"), Mark("RealMedia", ".RMF"), Mark("RealAudio", [0x2E, 0x72, 0x61, 0xFD]),
    Mark("Shorten", "ajkg"), Mark("OptimFROG", "OFR "), Mark("MPEG program stream", [0, 0, 1, 0xBA]),
    Mark("REX2", "REX2", at: 8), Mark("Turtle Beach SMP", "SOUND SA"), Mark("TwinVQ", "TWIN"),
    Mark("DiamondWare", "DiamondWare"), Mark("DTS", [0x7F, 0xFE, 0x80, 0x01]), Mark("DTS", [0xFE, 0x7F, 0x01, 0x80]),
  ]

  /// What holds no sound at all.
  private static let others = [
    Mark("a MIDI file, which holds notes and no sound", .midi), Mark("a picture", .png), Mark("a picture", .jpeg),
    Mark("a picture", .gif), Mark("a picture", .webp), Mark("a PDF", .pdf), Mark("a program", .program),
    Mark("an SQLite database", .sqlite), Mark("HDF5", .hdf5),
    Mark("a NumPy array", .numPy), Mark("a model file", "{\"", at: 8), Mark("an event recording (AEDAT)", .aedat),
    Mark("an event recording (ES)", .eventStream), Mark("a recording of ROS", .rosBag),
    Mark("a recording of ROS", .mcap),
  ]

  /// Bytes to look at.
  static let length = 1_024

  /// - Parameter isWhole: whether nothing follows these bytes.
  static func find(_ head: some Collection<UInt8>, isWhole: Bool) -> Finding? {
    let head = HeadBytes(head)
    func first(_ marks: [Mark]) -> String? { marks.first { $0.signature.isIn(head.bytes) }?.name }
    if let name = first(containers) { return Finding(name: name, holdsSound: true) }
    if let name = frames(head.bytes) { return Finding(name: name, holdsSound: true) }
    if let name = first(others) { return Finding(name: name, holdsSound: false) }
    if isText(head.bytes, isWhole: isWhole) {
      return Finding(name: head.holds("% ") ? "an event recording (Prophesee)" : "text", holdsSound: false)
    }
    return nil
  }

  /// Streams of frames that have only a few bits of signature each: two or three in their places are one.
  private static func frames(_ bytes: [UInt8]) -> String? {
    if [0, 188, 376].allSatisfy({ bytes.count > $0 && bytes[$0] == 0x47 }) { return "MPEG transport stream" }
    if let length = adtsLength(bytes[...]), bytes.count > length, adtsLength(bytes[length...]) != nil {
      return "AAC (ADTS)"
    }
    if let length = loasLength(bytes[...]), bytes.count > length, loasLength(bytes[length...]) != nil {
      return "AAC (LOAS)"
    }
    if bytes.starts(with: [0x0B, 0x77]), bytes.count > 6, bytes[5] >> 3 <= 16, bytes[4] & 0x3F < 38 { return "AC-3" }
    return nil
  }

  private static func adtsLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    let head = Array(bytes.prefix(7))
    guard head.count == 7, head[0] == 0xFF, head[1] & 0xF6 == 0xF0, head[2] >> 2 & 0xF < 13 else { return nil }
    let length = Int(head[3] & 3) << 11 | Int(head[4]) << 3 | Int(head[5] >> 5)
    return length > 7 ? length : nil
  }

  private static func loasLength(_ bytes: ArraySlice<UInt8>) -> Int? {
    let head = Array(bytes.prefix(3))
    guard head.count == 3, head[0] == 0x56, head[1] & 0xE0 == 0xE0 else { return nil }
    return 3 + (Int(head[1] & 0x1F) << 8 | Int(head[2]))
  }

  /// Samples of 16 bits that are all letters would be very loud for very long.
  private static func isText(_ bytes: [UInt8], isWhole: Bool) -> Bool {
    let head = bytes.prefix(64)
    guard head.count == 64 || (isWhole && head.count > 1) else { return false }
    return head.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
  }
}
