import Digests
import FoundationEssentials

/// The page: one file of HTML, style and script, which is part of the program. It fetches nothing from anywhere else, and its
/// own policy forbids it to.
struct PageDocument: Sendable {
  let html: [UInt8]
  /// What a browser is told it may do.
  let policy: String

  /// The one in the program.
  static let own = PageDocument(PackageResources.page_html)

  /// - Parameter html: with one style and one script in it, which nothing else may stand in for.
  init(_ html: [UInt8]) {
    self.html = html
    let text = String(decoding: html, as: UTF8.self)
    func source(_ tag: String) -> String {
      let behind = text.split(separator: "<\(tag)>", maxSplits: 1, omittingEmptySubsequences: false).dropFirst().first
      let inside = behind?.split(separator: "</\(tag)>", maxSplits: 1, omittingEmptySubsequences: false).first
      var digest = SHA256Digest()
      Array((inside ?? "").utf8).withUnsafeBytes { digest.add($0) }
      return "'sha256-\(Data(digest.bytes).base64EncodedString())'"
    }
    policy =
      "default-src 'none'; script-src \(source("script")); style-src \(source("style")); connect-src 'self'; "
      + "img-src data:; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  }

  var response: HTTPResponse {
    HTTPResponse(
      .ok, "text/html; charset=utf-8", body: html, headers: [(name: "Content-Security-Policy", value: policy)])
  }
}
