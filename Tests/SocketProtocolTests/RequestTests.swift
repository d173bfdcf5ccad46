import Testing

@testable import SocketProtocol

struct RequestTests {
  private func read(_ text: String) throws(RequestError) -> Request {
    try Request(line: Array(text.utf8), sources: ["mic0", "door"])
  }

  private func refusal(_ text: String) -> RequestError? {
    do throws(RequestError) {
      _ = try read(text)
      return nil
    } catch {
      return error
    }
  }

  @Test func aSubscriptionSaysWhatItWants() throws {
    let request = try read(
      #"{"type":"subscribe","id":7,"topics":["score","health"],"sources":["mic0"],"min_score":0.3,"later":[1,{}]}"#)
    let filter = Filter(topics: [.score, .health], sources: ["mic0"], minScore: 0.3)
    #expect(request == .subscribe(id: 7, filter))
    #expect(filter.topics == [.score, .health, .gap, .reloaded])
  }

  @Test func leftOutFieldsMeanDetectionsOfEverySource() throws {
    #expect(try read(#"{"type":"subscribe"}"#) == .subscribe(id: nil, Filter()))
  }

  @Test func theOtherRequestsAreRead() throws {
    #expect(try read(#"{"type":"pong","n":3}"#) == .pong(3))
    #expect(try read(#"{"n":4,"type":"ping"}"#) == .ping(4))
    #expect(try read(#"{"type":"reload","id":9}"#) == .reload(id: 9))
  }

  @Test(arguments: [
    ("", RequestError.Code.badJSON), ("{", .badJSON), ("[]", .badJSON), ("null", .badJSON), ("\u{0}", .badJSON),
    ("{}", .badField), (#"{"type":"dance"}"#, .unknownType), (#"{"type":7}"#, .badField),
    (#"{"type":"subscribe","topics":["smell"]}"#, .unknownTopic),
    (#"{"type":"subscribe","topics":"score"}"#, .badField),
    (#"{"type":"subscribe","sources":["attic"]}"#, .unknownSource),
    (#"{"type":"subscribe","min_score":1.5}"#, .badField), (#"{"type":"subscribe","min_score":"x"}"#, .badField),
    (#"{"type":"pong"}"#, .badField), (#"{"type":"pong","n":99999999999999999999999}"#, .badField),
  ])
  func whatCannotBeReadIsRefusedWithItsCode(text: String, code: RequestError.Code) {
    #expect(refusal(text)?.code == code)
  }

  @Test func aRefusalCarriesTheRequestsIdentifier() {
    #expect(refusal(#"{"type":"subscribe","id":5,"topics":["smell"]}"#)?.id == 5)
    #expect(refusal(#"{"type":"dance","id":6,"topics":1}"#)?.id == 6)
  }

  @Test func deepNestingIsRefused() {
    #expect(refusal(String(repeating: "[", count: 4_096))?.code == .badJSON)
    #expect(refusal(#"{"type":"ping","n":1,"x":"# + String(repeating: "[", count: 4_000))?.code == .badJSON)
  }

  @Test func everyByteThatIsNoTextIsRefused() {
    for byte in UInt8(0x80)...0xFF {
      let line = Array(#"{"type":"ping","n":1,"x":""#.utf8) + [byte] + Array(#""}"#.utf8)
      #expect(throws: RequestError.self) { try Request(line: line) }
    }
  }
}
