extension EventFormat {
  /// Bytes that recognition looks at.
  static let detectionLength = 4096

  private static let hdf5Magic: [UInt8] = [0x89] + Array("HDF\r\n".utf8) + [0x1a, 0x0a]
  static let zipMagic: [UInt8] = [0x50, 0x4b, 0x03, 0x04]

  /// The format of a recording by its first bytes, 4096 or all of them; nil for anything else.
  ///
  /// All formats but N-MNIST and CSV have a signature; for those two see `looksLikeNMNIST` and `CSVDialect`. A text that
  /// the options make one of events is recognised, too.
  public static func detect(
    firstBytes bytes: some RandomAccessCollection<UInt8>, options: EventReadingOptions = EventReadingOptions()
  ) -> EventFormat? {
    let bytes = Array(bytes.prefix(detectionLength))
    if bytes.starts(with: "#!AER-DAT".utf8) {
      switch bytes.dropFirst(9).first {
      case UInt8(ascii: "1"): return .aedat1
      case UInt8(ascii: "2"): return .aedat2
      case UInt8(ascii: "3"): return .aedat3
      case UInt8(ascii: "4"): return .aedat4
      default: return nil
      }
    }
    if bytes.starts(with: "Event Stream".utf8) { return .eventStream }
    if bytes.starts(with: [0x93] + Array("NUMPY".utf8)) { return .npy }
    if bytes.starts(with: zipMagic) { return .npz }
    // Other programs' headers may stand in front of an HDF5 file: MATLAB's has 512 bytes.
    let isHDF5 = [0, 512, 1024, 2048].contains { bytes.dropFirst($0).starts(with: hdf5Magic) }
    if isHDF5 { return .hdf5 }
    if bytes.starts(with: "#ROSBAG V".utf8) { return .rosbag1 }
    if bytes.starts(with: MCAPFile.magic.prefix(5)) { return .mcap }
    if bytes.starts(with: SQLiteBag.magic) || bytes.starts(with: BagFolder.signature) { return .rosbag2 }
    if let format = detectPropheseeHeader(bytes) { return format }
    if looksLikeNMNIST(bytes) { return .nmnist }
    switch CSVDialect.find(bytes, options: options, isWhole: bytes.count < detectionLength) {
    case .found, .unclear: return .csv
    case .onlyComments: return bytes.count < detectionLength ? nil : .csv
    case .noEvents: return nil
    }
  }

  private static func detectPropheseeHeader(_ bytes: [UInt8]) -> EventFormat? {
    guard bytes.first == UInt8(ascii: "%") else { return nil }
    var input = InputBuffer(MemoryByteSource(bytes))
    guard let header = try? PropheseeHeader(&input, isWhole: false) else { return nil }
    switch header.encoding {
    case "EVT2": return .evt2
    case "EVT21", "EVT2.1": return .evt21
    case "EVT3": return .evt3
    case "EVT4": return .evt4
    default: break
    }
    switch header.value("version") {
    case "1": return .dat1
    case "2": return .dat2
    default: break
    }
    if header.lines.contains(where: { $0.value.contains("Event2D") || $0.value.contains("of event type") }) {
      return .dat1
    }
    return nil
  }
}
