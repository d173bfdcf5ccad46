import Testing

@testable import MQTTPublishing

struct HeldMessagesTests {
  private func held(limit: Int = 10, kept: Int64 = 1_000) -> HeldMessages {
    HeldMessages(topics: topics, limit: limit, keptMilliseconds: kept)
  }

  /// Numbers of what is sent, a hole as the negative of how many are missing.
  private func sendAll(_ held: inout HeldMessages) -> [Int64] {
    var numbers: [Int64] = []
    while let (token, message) = held.take() {
      held.confirm(token)
      if message.topic == topics.dropped {
        let text = String(decoding: message.payload, as: UTF8.self)
        numbers.append(-(text.firstMatch(of: #/"count":(\d+)/#).flatMap { Int64($0.output.1) } ?? 0))
      } else {
        numbers.append(message.sequence)
      }
    }
    return numbers
  }

  @Test func whatIsTooOldIsToldInItsPlaceWithTheLastNumber() {
    var held = held()
    for number in 1...4 { held.append(message(Int64(number), at: Int64(number) * 400)) }
    held.expire(now: 2_000)
    #expect(held.lost == 2)
    #expect(held.count == 2)
    let hole = held.take()
    #expect(hole?.message.payload == Array(#"{"type":"dropped","seq":2,"count":2,"reason":"broker-away"}"#.utf8))
    #expect(held.take()?.message.sequence == 3)
    // What grows older adds to the hole that is there, once.
    held.disconnect()
    held.expire(now: 2_300)
    held.expire(now: 2_300)
    #expect(sendAll(&held) == [-3, 4])
    #expect(held.lost == 3)
    #expect(held.delivered == 1)
    #expect(held.isEmpty)
  }

  @Test func whereThereIsNoRoomTheOldestOfTheLeastValuableGoes() {
    var held = held(limit: 4)
    held.append(message(1))
    held.append(message(2, rank: .circumstance))
    held.append(message(3, rank: .progress))
    held.append(message(4))
    held.append(message(5))
    held.append(message(6))
    held.append(message(7))
    // 3 went first, then 2 beside it, then 1 as the oldest detection: one hole of three.
    #expect(sendAll(&held) == [-3, 4, 5, 6, 7])
    #expect(held.lost == 3)
  }

  @Test func whatWasNotConfirmedIsSentAgainBeforeEverythingElse() {
    var held = held()
    for number in 1...5 { held.append(message(Int64(number))) }
    let tokens = (0..<3).compactMap { _ in held.take()?.token }
    held.confirm(tokens[1])
    held.disconnect()
    // A late answer on the old connection means nothing.
    held.confirm(tokens[0])
    #expect(sendAll(&held) == [1, 3, 4, 5])
    #expect(held.delivered == 5)
    #expect(held.lost == 0)
  }

  @Test func onlySoManyAreOnTheirWayAtOnce() {
    var held = held(limit: 1_000)
    for number in 1...100 { held.append(message(Int64(number))) }
    var tokens: [Int] = []
    while let token = held.take()?.token { tokens.append(token) }
    #expect(tokens.count == HeldMessages.window)
    #expect(!held.isReady)
    held.confirm(tokens[7])
    #expect(held.take()?.message.sequence == 65)
  }

  @Test func whatNoBrokerTakesIsCountedAsLost() {
    var held = held()
    held.append(message(1))
    if let token = held.take()?.token { held.giveUp(token) }
    #expect(held.lost == 1 && held.count == 0 && held.delivered == 0)
  }

  /// Whatever happens to a connection, every number is delivered or lies in what is told to be missing.
  @Test(arguments: 1...40 as ClosedRange<UInt64>) func noMessageGoesInSilence(seed: UInt64) {
    var state = seed
    func chance(_ count: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % count
    }
    var held = held(limit: 1 + Int(chance(20)), kept: 500)
    var (now, last): (Int64, Int64) = (0, 0)
    var tokens: [(token: Int, message: EventMessage)] = []
    var (delivered, missing): (Set<Int64>, Int64) = ([], 0)
    func confirm(_ entry: (token: Int, message: EventMessage)) {
      held.confirm(entry.token)
      if entry.message.topic == topics.dropped {
        let text = String(decoding: entry.message.payload, as: UTF8.self)
        missing += text.firstMatch(of: #/"count":(\d+)/#).flatMap { Int64($0.output.1) } ?? 0
      } else {
        delivered.insert(entry.message.sequence)
      }
    }
    for _ in 0..<600 {
      now += Int64(chance(60))
      switch chance(5) {
      case 0, 1:
        last += 1
        held.append(message(last, rank: EventMessage.Rank.allCases[Int(chance(3))], at: now))
      case 2: if let next = held.take() { tokens.append(next) }
      case 3: if !tokens.isEmpty { confirm(tokens.removeFirst()) }
      default:
        if chance(6) == 0 {
          held.disconnect()
          tokens = []
        } else {
          held.expire(now: now)
        }
      }
      #expect(held.count <= 20 + 1)
    }
    held.disconnect()
    while let next = held.take() { confirm(next) }
    #expect(Int64(delivered.count) + missing == last)
    #expect(held.lost == Int(missing))
    #expect(held.delivered == delivered.count)
  }
}
