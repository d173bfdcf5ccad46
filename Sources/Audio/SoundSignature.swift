/// Recognises a recording by its first bytes, never by its name.
public enum SoundSignature: String, Sendable, CaseIterable {
  case wav = "WAV"
  case au = "AU"
  case aiff = "AIFF"
  case flac = "FLAC"
  case ogg = "OGG"
  case mp3 = "MP3"
  case caf = "CAF"
  case wave64 = "W64"

  /// Bytes to look at.
  public static let length = 16

  /// The format these first bytes announce, if any.
  public init?(_ head: some Collection<UInt8>) {
    let bytes = Array(head.prefix(Self.length))
    func starts(_ text: StaticString) -> Bool {
      text.withUTF8Buffer { bytes.starts(with: $0) }
    }
    func holds(_ text: StaticString, at offset: Int) -> Bool {
      bytes.count > offset && text.withUTF8Buffer { bytes[offset...].starts(with: $0) }
    }
    if (starts("RIFF") || starts("RIFX") || starts("RF64")) && holds("WAVE", at: 8) {
      self = .wav
    } else if starts(".snd") || starts("dns.") {
      self = .au
    } else if starts("FORM") && (holds("AIFF", at: 8) || holds("AIFC", at: 8)) {
      self = .aiff
    } else if starts("fLaC") {
      self = .flac
    } else if starts("OggS") {
      self = .ogg
    } else if starts("ID3") || bytes.starts(with: [0xFF, 0xFB]) {
      self = .mp3
    } else if starts("caff") {
      self = .caf
    } else if starts("riff") && bytes.dropFirst(4).starts(with: [0x2E, 0x91, 0xCF, 0x11]) {
      self = .wave64
    } else {
      return nil
    }
  }

  /// Whether the header can be parsed from a pipe, without seeking.
  var worksFromPipe: Bool { self != .caf }
}
