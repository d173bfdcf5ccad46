import Signatures

/// A container of sound, recognised by its first bytes and never by a name.
public enum SoundSignature: String, Sendable, CaseIterable {
  // Read as they come, from files and pipes alike.
  case wav = "WAV"
  case rf64 = "RF64"
  case bw64 = "BW64"
  case wave64 = "W64"
  case aiff = "AIFF"
  case au = "AU"
  case flac = "FLAC"
  case ogg = "OGG"
  case mp3 = "MP3"
  // Plain samples are read as they come; packed ones are gathered first, as the library has to seek in them.
  case caf = "CAF"
  // The library has to seek in these: what comes through a pipe is gathered first.
  case nist = "NIST SPHERE"
  case voc = "VOC"
  case ircam = "IRCAM"
  case svx = "IFF 8SVX"
  case paf = "PAF"
  case pvf = "PVF"
  case matlab4 = "MATLAB 4"
  case matlab5 = "MATLAB 5"
  case instrument = "FastTracker XI"
  case psion = "Psion WVE"
  case txWave = "Yamaha TX-16W"
  case sampleDump = "MIDI sample dump"
  case avr = "AVR"
  case mpc = "Akai MPC"
  case htk = "HTK"

  /// Bytes to look at; only MPEG audio needs more.
  public static let length = 40

  /// Whether it is read as it comes; the others are gathered whole first.
  var isStreamed: Bool {
    switch self {
    case .wav, .rf64, .bw64, .wave64, .aiff, .au, .flac, .ogg, .mp3: true
    default: false
    }
  }

  /// The container that these first bytes announce, if any.
  ///
  /// - Parameter isWhole: whether nothing follows these bytes; a short piece of MPEG audio is then enough.
  public init?(_ head: some Collection<UInt8>, isWhole: Bool = false) {
    let head = HeadBytes(head)
    guard let found = Self.chunked(head) ?? Self.plain(head) ?? Self.gathered(head) else {
      guard MPEGFrame.begins(head.bytes, isWhole: isWhole) || head.beginsWithTag else { return nil }
      self = .mp3
      return
    }
    self = found
  }

  /// Bytes that tell for certain whether a recording is one of sound.
  public static let certainLength = 8_192

  /// Whether bytes begin as a recording of sound does, be it one that can be read or one that only others can.
  ///
  /// - Parameters:
  ///   - head: the first bytes, `certainLength` or all there are.
  ///   - isWhole: whether nothing follows them.
  public static func isSound(_ head: some Collection<UInt8>, isWhole: Bool) -> Bool {
    if SoundSignature(head, isWhole: isWhole) != nil || APETag.length(Array(head)) != nil { return true }
    // What is packed may hold anything.
    if Packing.find(head) != nil { return false }
    if let foreign = ForeignContent.find(head, isWhole: isWhole) { return foreign.holdsSound }
    return MPEGFrame.beginning(in: Array(head), certain: true) != nil
  }

  /// Containers made of chunks with a name and a length.
  private static func chunked(_ head: HeadBytes) -> Self? {
    if head.holds("WAVE", at: 8) {
      if head.holds("RIFF") || head.holds("RIFX") { return .wav }
      if head.holds("RF64") { return .rf64 }
      if head.holds("BW64") { return .bw64 }
    }
    if head.holds(ChunkedHeader.wave64Riff) && head.holds(ChunkedHeader.wave64Wave, at: 24) { return .wave64 }
    if head.holds("FORM") {
      if head.holds("AIFF", at: 8) || head.holds("AIFC", at: 8) { return .aiff }
      if head.holds("8SVX", at: 8) || head.holds("16SV", at: 8) { return .svx }
    }
    return nil
  }

  private static func plain(_ head: HeadBytes) -> Self? {
    if head.holds(".snd") || head.holds("dns.") { return .au }
    if head.holds("fLaC") { return .flac }
    if head.holds("OggS") { return .ogg }
    return nil
  }

  private static func gathered(_ head: HeadBytes) -> Self? {
    if head.holds("caff") { return .caf }
    if head.holds("NIST_1A") { return .nist }
    if head.holds("Creative Voice File") { return .voc }
    if head.holds(" paf") || head.holds("fap ") { return .paf }
    if head.holds("PVF1") { return .pvf }
    if head.holds("MATLAB 5") { return .matlab5 }
    if head.holds("Extended Instrument") { return .instrument }
    if head.holds("ALawSoundFile**") { return .psion }
    if head.holds("LM8953") { return .txWave }
    if head.holds("2BIT") { return .avr }
    // These have no words for a signature: numbers that a header must have stand in for one.
    let words = (0..<3).map { head.bigEndian(at: 4 * $0) }
    if words == [1_000, 1, 1] || words == [0, 0x0100_0000, 0x0100_0000] { return .matlab4 }
    if head.holds([0xF0, 0x7E]), head.byte(3) == 1, (4..<20).allSatisfy({ (head.byte($0) ?? 0xFF) < 0x80 }) {
      return .sampleDump
    }
    if head.holds([0x01, 0x04]), (2..<19).allSatisfy({ (0x20..<0x7F).contains(head.byte($0) ?? 0) }) { return .mpc }
    if head.isIRCAM { return .ircam }
    // Samples of two bytes with a length in 100 ns each, and the kind 0: a waveform.
    if let count = words[0], let period = words[1], words[2] == 0x0002_0000, count > 0,
      period > 0, AudioLimits.sampleRates.contains(10_000_000 / Int(period))
    {
      return .htk
    }
    return nil
  }
}

/// First bytes, looked at in several ways.
struct HeadBytes {
  let bytes: [UInt8]

  init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

  func byte(_ offset: Int) -> UInt8? { bytes.indices.contains(offset) ? bytes[offset] : nil }

  func holds(_ text: StaticString, at offset: Int = 0) -> Bool {
    text.withUTF8Buffer { holds($0, at: offset) }
  }

  func holds(_ wanted: some Collection<UInt8>, at offset: Int = 0) -> Bool {
    bytes.count >= offset + wanted.count && bytes[offset...].starts(with: wanted)
  }

  /// Four bytes as a number, the highest first.
  func bigEndian(at offset: Int) -> UInt32? {
    guard bytes.count >= offset + 4 else { return nil }
    return bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// Four bytes as a number, the lowest first.
  func littleEndian(at offset: Int) -> UInt32? { bigEndian(at: offset).map(\.byteSwapped) }

  /// An ID3 tag of version 2, which stands before MPEG audio.
  var beginsWithTag: Bool { ID3Tag.length(bytes) != nil }

  /// A magic number of two bytes with a version between them, then a rate as a float and a number of channels.
  fileprivate var isIRCAM: Bool {
    guard bytes.count >= 12 else { return false }
    let isLittle = bytes[0] == 0x64 && bytes[1] == 0xA3 && bytes[2] < 8 && bytes[3] == 0
    let isBig = bytes[0] == 0 && bytes[1] < 8 && bytes[2] == 0xA3 && bytes[3] == 0x64
    guard isLittle || isBig else { return false }
    let (rate, channels) = (
      isLittle ? littleEndian(at: 4) : bigEndian(at: 4), isLittle ? littleEndian(at: 8) : bigEndian(at: 8)
    )
    guard let rate, let channels else { return false }
    let hertz = Float(bitPattern: rate)
    return hertz >= Float(AudioLimits.sampleRates.lowerBound) && hertz <= Float(AudioLimits.sampleRates.upperBound)
      && (1...UInt32(AudioLimits.channels)).contains(channels)
  }
}
