import TestSupport
import Testing

@testable import SocketProtocol

struct SubscriberQueueTests {
  private func everything(in queue: inout SubscriberQueue) -> [UInt8] {
    var bytes: [UInt8] = []
    queue.take(into: &bytes, size: .max)
    return bytes
  }

  @Test func linesComeOutInOrderAndWhole() {
    var queue = SubscriberQueue(messageLimit: 8, byteLimit: 10_000)
    let publications = (1...5).map { detection(Int64($0)) }
    for publication in publications { queue.append(publication) }
    var first: [UInt8] = []
    queue.take(into: &first, size: 1)
    #expect(first == publications[0].bytes)
    #expect(everything(in: &queue) == publications[1...].flatMap(\.bytes))
    #expect(queue.isEmpty)
    #expect(queue.bytes == 0)
  }

  @Test func scoresGoFirstAndTheirPlacesAreTold() {
    var queue = SubscriberQueue(messageLimit: 8, byteLimit: 10_000)
    for sequence in 1...9 { queue.append(sequence % 2 == 1 ? detection(Int64(sequence)) : score(Int64(sequence))) }
    // Three of nine had to go, to free a quarter of eight: the oldest scores, 2, 4 and 6.
    let lines = everything(in: &queue)
    #expect(summary(lines) == "d(1)d(1)d(1)dsd")
    #expect(text(lines).contains(#"{"type":"dropped","seq":6,"count":1,"reason":"slow-subscriber"}"#))
    #expect(queue.dropped == 3)
  }

  @Test func detectionsGoLastAndTheOldestOfThemFirst() {
    var queue = SubscriberQueue(messageLimit: 8, byteLimit: 10_000)
    for sequence in 1...9 { queue.append(detection(Int64(sequence))) }
    let lines = everything(in: &queue)
    #expect(summary(lines) == "(3)dddddd")
    #expect(text(lines).hasPrefix(#"{"type":"dropped","seq":3,"count":3"#))
  }

  @Test func theByteLimitHoldsToo() {
    let size = detection(1).bytes.count
    var queue = SubscriberQueue(messageLimit: 1_000, byteLimit: 10 * size)
    for sequence in 1...100 {
      queue.append(detection(Int64(sequence)))
      #expect(queue.bytes <= 10 * size)
    }
  }

  /// Whatever is sent, every number is either there or covered by a hole that ends before the next line.
  @Test(arguments: [4, 5, 16, 64])
  func noNumberIsEverMissingUntold(limit: Int) throws {
    var queue = SubscriberQueue(messageLimit: limit, byteLimit: 100_000)
    var random = SplitMix(state: UInt64(limit))
    var bytes: [UInt8] = []
    var sent: Int64 = 0
    for _ in 0..<200 {
      for _ in 0..<Int(random.next() % UInt64(2 * limit)) {
        sent += 1
        queue.append(random.next() % 3 == 0 ? detection(sent) : score(sent))
        #expect(queue.count <= limit)
      }
      if random.next() % 4 == 0 { queue.take(into: &bytes, size: bytes.count + Int(random.next() % 4_000)) }
    }
    queue.take(into: &bytes, size: .max)
    var told: Int64 = 0
    for line in text(bytes).split(separator: "\n") {
      let number = try #require(field("seq", of: line))
      if line.contains(#""type":"dropped""#) {
        let count = try #require(field("count", of: line))
        #expect(told + count == number, "\(line)")
      } else {
        #expect(told + 1 == number, "\(line)")
      }
      told = number
    }
    #expect(told == sent)
  }

  private func field(_ name: String, of line: Substring) -> Int64? {
    line.split(separator: "\"\(name)\":").last.flatMap { Int64($0.prefix { $0.isNumber }) }
  }

  @Test func repliesAreNeverDropped() {
    var queue = SubscriberQueue(messageLimit: 4, byteLimit: 10_000)
    queue.append(reply: Reply.pong(1))
    for sequence in 1...100 { queue.append(detection(Int64(sequence))) }
    #expect(queue.replies == 1)
    #expect(text(everything(in: &queue)).contains(#"{"type":"pong","n":1}"#))
    #expect(queue.replies == 0)
  }

  @Test func theOutboxNumbersWithoutHolesAndTellsWhatItDropped() {
    var limits = ProtocolLimits()
    limits.queueMessages = 1
    var outbox = Outbox(limits: limits)
    for _ in 0..<20 { outbox.publish(.detection(recognition())) }
    var numbers: [Int] = []
    outbox.drain(publication: { numbers.append(Int($0.sequence)) }, hole: { last, _ in numbers.append(-Int(last)) })
    #expect(outbox.sequence == 20)
    #expect(-numbers[0] == numbers[1] - 1)
    #expect(Array(numbers[1...]) == Array(numbers[1]...20))
    #expect(outbox.isEmpty)
  }
}
