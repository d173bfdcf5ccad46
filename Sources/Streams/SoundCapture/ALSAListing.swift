import CALSA
import CALSAMessages
import Glibc

/// A device that can be tried.
package struct ALSAListing: Equatable, Sendable {
  package var name: String
  /// On one line.
  package var description: String

  package init(name: String, description: String) {
    self.name = name
    self.description = description
  }

  /// Everything the library knows that may capture.
  package static func all() -> [ALSAListing] {
    ganglion_alsa_listen()
    var hints: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    guard snd_device_name_hint(-1, "pcm", &hints) >= 0, let hints else { return [] }
    defer { snd_device_name_free_hint(hints) }
    func text(_ hint: UnsafeMutableRawPointer, _ key: String) -> String? {
      guard let found = snd_device_name_get_hint(hint, key) else { return nil }
      defer { free(found) }
      return String(cString: found)
    }
    var listings: [ALSAListing] = []
    var index = 0
    while let hint = hints[index] {
      index += 1
      guard let name = text(hint, "NAME"), text(hint, "IOID") != "Output" else { continue }
      let words = text(hint, "DESC")?.split(whereSeparator: \.isNewline).joined(separator: ", ") ?? ""
      listings.append(ALSAListing(name: name, description: words))
    }
    return listings
  }
}
