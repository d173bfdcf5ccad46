import Testing

@testable import SocketProtocol

struct SubscriberTests {
  private var limits: ProtocolLimits {
    var limits = ProtocolLimits()
    limits.queueMessages = 8
    limits.slowMilliseconds = 5_000
    return limits
  }

  private func output(of subscriber: inout Subscriber) -> String {
    var bytes: [UInt8] = []
    subscriber.take(into: &bytes, size: .max)
    return text(bytes)
  }

  @Test func whoSaysNothingGetsDetectionsAndGaps() {
    var peer = Subscriber(limits: limits, now: 0)
    peer.offer(score(1), now: 0)
    peer.offer(detection(2), now: 0)
    let gap = Report.gap(.init(source: "mic0", reason: .xrun, lostMicroseconds: 1, endMicroseconds: 1))
    peer.offer(Publication(gap, sequence: 3), now: 0)
    let lines = output(of: &peer).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0].contains("detection") && lines[1].contains("gap"))
  }

  @Test func requestsAndRefusalsAreHandedOnInOrder() {
    var peer = Subscriber(limits: limits, now: 0)
    var seen: [String] = []
    let bytes = Array("{\"type\":\"subscribe\"}\nnonsense\n\n{\"type\":\"ping\",\"n\":5}\n{\"type\":\"reload\"}\n".utf8)
    peer.receive(bytes, sources: [], now: 0) { _, result in
      switch result {
      case .success(.subscribe): seen.append("subscribe")
      case .success(.reload): seen.append("reload")
      case .success: seen.append("other")
      case .failure(let error): seen.append(error.code.rawValue)
      }
    }
    #expect(seen == ["subscribe", "bad_json", "reload"])
    #expect(output(of: &peer) == "{\"type\":\"pong\",\"n\":5}\n")
  }

  @Test func whoDoesNotReadAnswersIsNotHeard() {
    var peer = Subscriber(limits: limits, now: 0)
    for n in 0..<16 {
      #expect(peer.isHeard)
      peer.receive(Array("{\"type\":\"ping\",\"n\":\(n)}\n".utf8), sources: [], now: 0) { _, _ in }
    }
    #expect(!peer.isHeard)
    _ = output(of: &peer)
    #expect(peer.isHeard)
  }

  @Test func whatFollowsOneAnswerTooManyWaitsAndIsHeardLater() {
    var peer = Subscriber(limits: limits, now: 0)
    var bytes = (0..<40).map { "{\"type\":\"ping\",\"n\":\($0)}\n" }.joined()
    bytes += "{\"type\":\"pi"
    peer.receive(Array(bytes.utf8), sources: [], now: 0) { _, _ in }
    #expect(peer.queue.replies == 16 && peer.hasUnheard)
    var answers = output(of: &peer)
    while peer.hasUnheard && peer.isHeard {
      peer.receive([], sources: [], now: 0) { _, _ in }
      #expect(peer.queue.replies <= 16)
      answers += output(of: &peer)
    }
    peer.receive(Array("ng\",\"n\":40}\n".utf8), sources: [], now: 0) { _, _ in }
    answers += output(of: &peer)
    #expect(answers == (0...40).map { "{\"type\":\"pong\",\"n\":\($0)}\n" }.joined())
  }

  @Test func whoStaysBehindIsSentAwayAndWhoCatchesUpIsNot() {
    var slow = Subscriber(limits: limits, now: 0)
    for sequence in 1...20 { slow.offer(detection(Int64(sequence)), now: 1_000) }
    #expect(slow.duty(unread: 10, now: 5_999) == .nothing)
    #expect(slow.duty(unread: 5, now: 6_000) == .close(.slow))

    var late = Subscriber(limits: limits, now: 0)
    for sequence in 1...20 { late.offer(detection(Int64(sequence)), now: 1_000) }
    _ = output(of: &late)
    #expect(late.duty(unread: 0, now: 9_000) == .nothing)
  }

  @Test func whoWasLeftOutOfAHoleIsBehindToo() {
    var slow = Subscriber(limits: limits, now: 0)
    slow.offer(holeUpTo: 9, count: 9, now: 1_000)
    // A later loss does not make the time begin anew.
    slow.offer(holeUpTo: 12, count: 3, now: 3_000)
    #expect(slow.duty(unread: 10, now: 5_999) == .nothing)
    #expect(slow.duty(unread: 5, now: 6_000) == .close(.slow))

    var late = Subscriber(limits: limits, now: 0)
    late.offer(holeUpTo: 9, count: 9, now: 1_000)
    _ = output(of: &late)
    #expect(late.duty(unread: 0, now: 9_000) == .nothing)
  }

  /// What happens to a peer second by second, for a minute: `p` a ping, `x` sent away.
  private func minute(
    _ peer: inout Subscriber, unread: (Int64) -> Int = { _ in 0 }, answersUntil: Int64 = 0
  ) -> String {
    var result = ""
    var pings = 0
    for second in Int64(1)...60 {
      let duty = peer.duty(unread: unread(second), now: second * 1_000)
      switch duty {
      case .nothing: continue
      case .ping:
        result += "p\(second) "
        pings += 1
        if second <= answersUntil {
          let pong = Array("{\"type\":\"pong\",\"n\":\(pings)}\n".utf8)
          peer.receive(pong, sources: [], now: second * 1_000) { _, _ in }
        }
      case .close(let why):
        result += "\(why)\(second)"
        return result
      }
    }
    return result
  }

  @Test func whoReadsButNeverAnswersStays() {
    var peer = Subscriber(limits: limits, now: 0)
    #expect(minute(&peer) == "p10 p20 p30 p40 p50 p60 ")
  }

  @Test func whoNeitherReadsNorAnswersIsFoundWithinThirtySeconds() {
    var peer = Subscriber(limits: limits, now: 0)
    let fate = minute(&peer, unread: { $0 < 7 ? 0 : 40 })
    #expect(fate == "p10 p20 p30 idle31")
  }

  @Test func whoReadsSlowlyStays() {
    // Never everything, but always a little.
    var steady = Subscriber(limits: limits, now: 0)
    #expect(minute(&steady, unread: { 10_000 - 100 * Int($0) }) == "p10 p20 p30 p40 p50 p60 ")
    // More comes than it reads.
    var flooded = Subscriber(limits: limits, now: 0)
    var pings = 0
    for second in Int64(1)...60 {
      switch flooded.duty(unread: 100 * Int(second), hasRead: true, now: second * 1_000) {
      case .ping: pings += 1
      case .nothing: continue
      case .close(let why): Issue.record("sent away: \(why)")
      }
    }
    #expect(pings == 6)
  }

  @Test func whoIsSentAwayIsToldHowMuchItMissedAndThenWhy() {
    var peer = Subscriber(limits: limits, now: 0)
    peer.reply(Reply.pong(7))
    for sequence in 1...20 { peer.offer(detection(Int64(sequence)), now: 0) }
    peer.dismiss(.slow)
    #expect(
      output(of: &peer)
        == "{\"type\":\"pong\",\"n\":7}\n{\"type\":\"dropped\",\"seq\":20,\"count\":20,\"reason\":\"slow-subscriber\"}\n"
        + "{\"type\":\"bye\",\"reason\":\"slow\"}\n")
    #expect(peer.queue.bytes == 0 && peer.queue.count == 0 && peer.queue.dropped == 20)
  }

  @Test func whoOnceAnsweredHasToGoOnAnswering() {
    var peer = Subscriber(limits: limits, now: 0)
    let fate = minute(&peer, answersUntil: 10)
    #expect(fate == "p10 p20 p30 idle35")
  }

  @Test func anInventedPongIsNoSignOfLife() {
    var peer = Subscriber(limits: limits, now: 0)
    peer.receive(Array("{\"type\":\"pong\",\"n\":1}\n".utf8), sources: [], now: 0) { _, _ in }
    #expect(minute(&peer) == "p10 p20 p30 p40 p50 p60 ")
  }
}
