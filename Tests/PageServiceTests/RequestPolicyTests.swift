import Foundation
import Testing

@testable import PageService

struct RequestPolicyTests {
  private func refusal(
    _ headers: [String: String], path: String = "/events", of policy: RequestPolicy = RequestPolicy()
  ) -> RequestPolicy.Refusal? {
    policy.refusal(of: HTTPRequest(path: path, headers: ["host": "127.0.0.1:8464"].merging(headers) { $1 }))
  }

  @Test(arguments: [
    "127.0.0.1", "127.0.0.1:8464", "localhost:1", "LOCALHOST", "[::1]:8464", "192.168.1.7:8464", "den.home:80",
  ])
  func ownNamesAreAnswered(host: String) {
    #expect(refusal(["host": host], of: RequestPolicy(names: ["Den.home"])) == nil)
  }

  /// A page of another site whose name was made to lead here says that name.
  @Test(arguments: [
    "evil.example", "evil.example:8464", "127.0.0.1.evil.example", "localhost.evil.example", "", ":80", "a:b:c", "[::1",
    "[::1]x",
    "127.0.0.1:x", "127.0.0.1:99999", "user@127.0.0.1", "127.0.0.1/x", "2130706433.",
  ]) func otherNamesAreNot(host: String) { #expect(refusal(["host": host]) == .host) }

  @Test func withoutANameOnlyOldProgramsAreAnswered() {
    let policy = RequestPolicy()
    #expect(policy.refusal(of: HTTPRequest(path: "/metrics")) == .host)
    #expect(policy.refusal(of: HTTPRequest(path: "/metrics", isOld: true)) == nil)
    #expect(RequestPolicy(isNetwork: false).refusal(of: HTTPRequest(path: "/metrics")) == nil)
  }

  @Test func otherSitesAreRefused() {
    for site in ["cross-site", "same-site", "x"] { #expect(refusal(["sec-fetch-site": site]) == .site) }
    for site in ["same-origin", "none"] { #expect(refusal(["sec-fetch-site": site]) == nil) }
    for origin in ["http://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:8465", "file://"] {
      #expect(refusal(["origin": origin]) == .site, "\(origin)")
    }
    for origin in ["http://127.0.0.1:8464", "https://127.0.0.1:8464"] { #expect(refusal(["origin": origin]) == nil) }
    // A link leads to the page, and to nothing else.
    let link = ["sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"]
    #expect(refusal(link, path: "/") == nil)
    #expect(refusal(link, path: "/events") == .site)
    #expect(refusal(link.merging(["sec-fetch-dest": "iframe"]) { $1 }, path: "/") == .site)
    #expect(refusal(link.merging(["sec-fetch-mode": "no-cors"]) { $1 }, path: "/") == .site)
  }

  @Test func nothingIsEverChanged() {
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "CONNECT"] {
      var request = HTTPRequest(path: "/", headers: ["host": "localhost"])
      request.method = method
      #expect(RequestPolicy().refusal(of: request) == .method)
      #expect(RequestPolicy(isNetwork: false).refusal(of: request) == .method)
    }
  }

  @Test func theTokenHasToBeKnown() {
    let policy = RequestPolicy(token: "0123456789abcdef")
    #expect(refusal([:], of: policy) == .noToken)
    func basic(_ pair: String) -> String { "Basic " + Data(pair.utf8).base64EncodedString() }
    for good in [basic("me:0123456789abcdef"), basic(":0123456789abcdef"), "bearer 0123456789abcdef"] {
      #expect(refusal(["authorization": good], of: policy) == nil, "\(good)")
    }
    for bad in [
      basic("me:0123456789abcdeF"), basic("0123456789abcdef:"), "Bearer 0123456789abcde", "Bearer 0123456789abcdef0",
    ] {
      #expect(refusal(["authorization": bad], of: policy) == .wrongToken, "\(bad)")
    }
    for bad in ["Basic", "Basic *", basic("0123456789abcdef"), "Digest x", "Bearer a b"] {
      #expect(refusal(["authorization": bad], of: policy) == .noToken, "\(bad)")
    }
    // The name is judged before the token: it is not tried out through another site's name.
    #expect(refusal(["host": "evil.example"], of: policy) == .host)
  }
}
