/// Bytes as text of 64 letters (RFC 4648), as messages carry pictures and headers passwords.
enum Base64 {
  private static let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 255, count: 256)
    for (value, letter) in letters.enumerated() { values[Int(letter)] = UInt8(value) }
    return values
  }()

  static func encoded(_ bytes: some Collection<UInt8>) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    var (held, count): (UInt32, Int) = (0, 0)
    for byte in bytes {
      held = held << 8 | UInt32(byte)
      count += 1
      if count == 3 {
        text.append(letters[Int(held >> 18 & 63)])
        text.append(letters[Int(held >> 12 & 63)])
        text.append(letters[Int(held >> 6 & 63)])
        text.append(letters[Int(held & 63)])
        (held, count) = (0, 0)
      }
    }
    if count == 1 { text += [letters[Int(held >> 2 & 63)], letters[Int(held << 4 & 63)]] + Array("==".utf8) }
    if count == 2 {
      text += [letters[Int(held >> 10 & 63)], letters[Int(held >> 4 & 63)], letters[Int(held << 2 & 63)]]
      text.append(UInt8(ascii: "="))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Nil for what is no such text; the marks at its end may be missing.
  static func decoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (held, bits, marks): (UInt32, Int, Int) = (0, 0, 0)
    for letter in text {
      if letter == UInt8(ascii: "=") {
        marks += 1
        continue
      }
      let value = values[Int(letter)]
      if value == 255 || marks > 0 { return nil }
      held = (held << 6 | UInt32(value)) & 0xFFF_FFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(held >> UInt32(bits) & 255))
      }
    }
    // A single letter behind the last byte is six bits of nothing.
    return marks <= 2 && bits < 6 ? bytes : nil
  }
}
