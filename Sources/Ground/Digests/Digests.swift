import CSodium

/// SHA-256 (FIPS 180-4), fed in pieces of any size: what a model is known by.
package struct SHA256Digest: Sendable {
  private var state = crypto_hash_sha256_state()

  package init() {
    Library.prepare()
    crypto_hash_sha256_init(&state)
  }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    crypto_hash_sha256_update(&state, base.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
  }

  /// The digest of everything so far, 32 bytes.
  package var bytes: [UInt8] {
    var last = state
    var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
    crypto_hash_sha256_final(&last, &digest)
    return digest
  }

  /// The same as 64 lower-case hexadecimal digits.
  package var hexadecimal: String { hexadecimalDigits(bytes) }
}

/// BLAKE2b (RFC 7693) with 16 bytes and without a key, fed in pieces of any size: what contents are told apart by. In Python
/// `hashlib.blake2b(data, digest_size=16)` gives the same.
package struct BLAKE2bDigest: Sendable {
  private static let length = 16
  private var state = State()

  package init() { crypto_generichash_blake2b_init(state.pointer, nil, 0, Self.length) }

  package mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    if !isKnownUniquelyReferenced(&state) { state = State(state) }
    crypto_generichash_blake2b_update(state.pointer, base.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
  }

  /// The digest of everything so far, 16 bytes.
  package var bytes: [UInt8] {
    // The library's state is used up by asking.
    let last = State(state)
    var digest = [UInt8](repeating: 0, count: Self.length)
    crypto_generichash_blake2b_final(last.pointer, &digest, Self.length)
    return digest
  }

  /// The same as 32 lower-case hexadecimal digits.
  package var hexadecimal: String { hexadecimalDigits(bytes) }

  /// Memory of the library, aligned further than Swift imports structures.
  // Unchecked: written only by the value that holds it alone.
  private final class State: @unchecked Sendable {
    private static let size = crypto_generichash_blake2b_statebytes()
    private let memory: UnsafeMutableRawPointer
    var pointer: OpaquePointer { OpaquePointer(memory) }

    init() {
      Library.prepare()
      memory = .allocate(byteCount: Self.size, alignment: 64)
    }

    convenience init(_ other: State) {
      self.init()
      memory.copyMemory(from: other.memory, byteCount: Self.size)
    }

    deinit { memory.deallocate() }
  }
}

private func hexadecimalDigits(_ bytes: [UInt8]) -> String {
  let digits = Array("0123456789abcdef")
  return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

private enum Library {
  /// Has the library choose what suits the processor, once.
  private static let isReady = sodium_init() >= 0

  static func prepare() { precondition(isReady, "libsodium cannot be used here") }
}
