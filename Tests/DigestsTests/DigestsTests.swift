import Digests
import Testing

/// Against the examples of the standards, however the bytes come.
struct DigestsTests {
  private func pieces(of text: String, by size: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
    let bytes = Array(text.utf8)
    for begin in stride(from: 0, to: bytes.count, by: size) {
      bytes[begin..<min(bytes.count, begin + size)].withUnsafeBytes(body)
    }
  }

  @Test(
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      (
        "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
      ),
      (String(repeating: "a", count: 1_000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"),
    ], [1, 5, 64, 1_000])
  func sha256AgreesWithFIPS180(example: (text: String, digest: String), size: Int) {
    var digest = SHA256Digest()
    pieces(of: example.text, by: size) { digest.add($0) }
    #expect(digest.hexadecimal == example.digest && digest.bytes.count == 32)
  }

  /// As `hashlib.blake2b(text, digest_size=16).hexdigest()` of Python gives them.
  @Test(
    arguments: [
      ("", "cae66941d9efbd404e4d88758ea67670"), ("abc", "cf4ab791c62b8d2b2109c90275287816"),
      (String(repeating: "a", count: 1_000), "a0e5a332e985551c28a377c40f4139c3"),
    ], [1, 7, 128, 1_000])
  func blake2bAgreesWithPython(example: (text: String, digest: String), size: Int) {
    var digest = BLAKE2bDigest()
    pieces(of: example.text, by: size) { digest.add($0) }
    #expect(digest.hexadecimal == example.digest && digest.bytes.count == 16)
  }

  @Test func aDigestCanBeAskedForAndFedFurther() {
    var digest = BLAKE2bDigest()
    pieces(of: "ab", by: 2) { digest.add($0) }
    let copy = digest
    #expect(digest.hexadecimal == digest.hexadecimal)
    pieces(of: "c", by: 1) { digest.add($0) }
    #expect(digest.hexadecimal == "cf4ab791c62b8d2b2109c90275287816" && copy.hexadecimal != digest.hexadecimal)
  }
}
