import Digests
import Foundation
import Testing

@testable import PageService

/// The page that is in the program is the file that people see.
struct PageDocumentTests {
  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Sources/Service/PageService/page.html")

  @Test func thePageInTheProgramIsTheFile() throws {
    #expect(PageDocument.own.html == Array(try Data(contentsOf: Self.file)))
  }

  @Test func itsPolicyNamesItsOwnScriptAndStyle() throws {
    let (html, policy) = (try String(contentsOf: Self.file, encoding: .utf8), PageDocument.own.policy)
    for tag in ["script", "style"] {
      let parts = html.components(separatedBy: "<\(tag)>")
      #expect(parts.count == 2, "one \(tag), without attributes")
      var digest = SHA256Digest()
      Array(parts[1].components(separatedBy: "</\(tag)>")[0].utf8).withUnsafeBytes { digest.add($0) }
      #expect(policy.contains("\(tag)-src 'sha256-\(Data(digest.bytes).base64EncodedString())'"))
    }
    #expect(policy.hasPrefix("default-src 'none';") && policy.contains("frame-ancestors 'none'"))
    #expect(!policy.contains("unsafe") && !policy.contains("*"))
    let others = ["a", "b"].map { PageDocument(Array("<script>\($0)</script>".utf8)).policy }
    #expect(others[0] != others[1])
  }

  /// Nothing is fetched from elsewhere, nothing is written as HTML, nothing needs what the policy forbids.
  @Test func itIsAloneInTheWorld() throws {
    let html = try String(contentsOf: Self.file, encoding: .utf8)
    for word in [
      "http:", "https:", "//cdn", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "import(",
      " onclick=", " style=\"",
    ] {
      #expect(!html.contains(word), "\(word)")
    }
    for promise in [
      "lang=\"en\"", "viewport", "role=\"log\"", "aria-live=\"polite\"", "role=\"status\"", "prefers-color-scheme",
      "prefers-reduced-motion",
    ] {
      #expect(html.contains(promise), "\(promise)")
    }
  }
}
