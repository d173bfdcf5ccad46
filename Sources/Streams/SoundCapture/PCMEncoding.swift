/// How one sample lies in memory: every linear encoding that devices have, whole numbers of up to 32 bits and floats.
package struct PCMEncoding: Equatable, Sendable {
  enum Number: Equatable, Sendable {
    /// Two's complement.
    case signed
    /// Half of the range is silence.
    case unsigned
    case float
  }

  /// As the ALSA library calls it.
  package let name: String
  /// From one sample to the next.
  let bytes: Int
  /// Of a whole number, the lowest of its bytes' bits.
  let bits: Int
  let number: Number
  let isBigEndian: Bool

  /// All that are understood, the preferred first: what most devices have, then what loses least.
  package static let all: [PCMEncoding] =
    [
      signed("S16", 2, 16), signed("S32", 4, 32), signed("S24_3", 3, 24), signed("S24", 4, 24), float("FLOAT", 4),
      float("FLOAT64", 8), signed("S20_3", 3, 20), signed("S18_3", 3, 18), unsigned("U16", 2, 16),
      unsigned("U24_3", 3, 24), unsigned("U24", 4, 24), unsigned("U32", 4, 32), unsigned("U20_3", 3, 20),
      unsigned("U18_3", 3, 18),
    ].flatMap { $0 } + [
      PCMEncoding(name: "S8", bytes: 1, bits: 8, number: .signed, isBigEndian: false),
      PCMEncoding(name: "U8", bytes: 1, bits: 8, number: .unsigned, isBigEndian: false),
    ]

  /// The one of a name, if it is understood.
  package static func named(_ name: String) -> PCMEncoding? { all.first { $0.name == name } }

  private static func signed(_ name: String, _ bytes: Int, _ bits: Int) -> [PCMEncoding] {
    bothOrders(name, bytes, bits, .signed)
  }

  private static func unsigned(_ name: String, _ bytes: Int, _ bits: Int) -> [PCMEncoding] {
    bothOrders(name, bytes, bits, .unsigned)
  }

  private static func float(_ name: String, _ bytes: Int) -> [PCMEncoding] {
    bothOrders(name, bytes, 8 * bytes, .float)
  }

  /// In both orders of bytes. ALSA writes the order behind the width: `S24_3LE`, but `S24_LE`.
  private static func bothOrders(_ name: String, _ bytes: Int, _ bits: Int, _ number: Number) -> [PCMEncoding] {
    [("LE", false), ("BE", true)].map { order, isBigEndian in
      PCMEncoding(
        name: name.hasSuffix("_3") ? name + order : "\(name)_\(order)", bytes: bytes, bits: bits, number: number,
        isBigEndian: isBigEndian)
    }
  }

  /// A sample as a number of about ±1, as libsndfile scales it.
  ///
  /// - Parameter offset: of its first byte.
  @inline(__always)
  func sample(_ memory: UnsafeRawBufferPointer, at offset: Int) -> Float {
    var word: UInt64 = 0
    for place in 0..<bytes {
      let byte = UInt64(memory[offset + place])
      word |= byte << UInt64(8 * (isBigEndian ? bytes - 1 - place : place))
    }
    switch number {
    case .float:
      return bytes == 8 ? Float(Double(bitPattern: word)) : Float(bitPattern: UInt32(truncatingIfNeeded: word))
    case .signed, .unsigned:
      // What is above its bits is thrown away: devices leave anything there.
      var value = UInt32(truncatingIfNeeded: word) << UInt32(32 - bits)
      if number == .unsigned { value ^= 1 << 31 }
      return Float(Int32(bitPattern: value)) / 2_147_483_648
    }
  }
}
