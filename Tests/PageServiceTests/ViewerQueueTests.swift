import SocketProtocol
import Testing

@testable import PageService

struct ViewerQueueTests {
  private func message(_ number: Int) -> [UInt8] { Array("{\"n\":\(number)}".utf8) }

  private func text(_ queue: inout ViewerQueue, size: Int = 1 << 16) -> [String] {
    String(decoding: queue.take(size: size), as: UTF8.self).split(separator: "\n\n").map { event in
      event.split(separator: "\n").last.map { String($0.dropFirst("data: ".count)) } ?? ""
    }
  }

  @Test func messagesComeAsServerSentEventsInTheirOrder() {
    var queue = ViewerQueue()
    for number in 1...3 { queue.append(message(number), .steps) }
    #expect(
      String(decoding: queue.take(), as: UTF8.self)
        == "id: 1\ndata: {\"n\":1}\n\nid: 2\ndata: {\"n\":2}\n\nid: 3\ndata: {\"n\":3}\n\n")
    #expect(queue.isEmpty && queue.take() == [])
  }

  @Test func whatIsTooMuchIsDroppedAndToldInItsPlace() {
    var queue = ViewerQueue(messageLimit: 4, byteLimit: 1_000)
    for number in 1...6 { queue.append(message(number), .steps) }
    #expect(queue.isFull && queue.dropped == 2)
    // Detections still find room.
    queue.append(message(7), .news)
    #expect(text(&queue, size: 1) == [#"{"n":1}"#])
    #expect(queue.isFull)
    queue.append(message(8), .steps)
    #expect(queue.dropped == 3)
    #expect(text(&queue) == [2, 3, 4, 7].map { "{\"n\":\($0)}" })
    #expect(!queue.isFull)
    queue.append(message(9), .steps)
    #expect(text(&queue) == [#"{"type":"missed","count":3}"#, #"{"n":9}"#])
  }

  @Test func newsAreBoundedToo() {
    var queue = ViewerQueue(messageLimit: 4, byteLimit: 1_000)
    for number in 0..<100 { queue.append(message(number), .news) }
    #expect(queue.dropped == 92)
    queue = ViewerQueue(messageLimit: 100, byteLimit: 1_000)
    for _ in 0..<100 { queue.append([UInt8](repeating: 32, count: 300), .steps) }
    #expect(queue.dropped == 97)
  }

  /// Whatever comes and is taken, nothing is lost without being counted, and no more than the bounds is held.
  @Test func everythingIsTakenOrCounted() {
    var random = SystemRandomNumberGenerator()
    var queue = ViewerQueue(messageLimit: 8, byteLimit: 400)
    var (put, taken, told) = (0, 0, 0)
    for _ in 0..<20_000 {
      if Int.random(in: 0..<10, using: &random) < 7 {
        put += 1
        queue.append(message(put), Bool.random(using: &random) ? .steps : .news)
      } else {
        for event in text(&queue, size: Int.random(in: 1...200, using: &random)) {
          if event.hasPrefix("{\"type\":\"missed\"") {
            told += Int(event.dropLast().split(separator: ":").last ?? "") ?? 0
          } else {
            taken += 1
          }
        }
      }
    }
    for _ in 0..<200 {
      for event in text(&queue) {
        if event.hasPrefix("{\"type\":\"missed\"") {
          told += Int(event.dropLast().split(separator: ":").last ?? "") ?? 0
        } else {
          taken += 1
        }
      }
    }
    #expect(taken + told == put && told == queue.dropped && told > 0)
  }
}

struct PageFeedTests {
  private func report(_ label: String = "seven", phase: Report.Recognition.Phase = .point) -> Report {
    .detection(
      Report.Recognition(
        source: "mic0", model: "digits", label: label, score: 0.9, startMicroseconds: 1, endMicroseconds: 2, id: "a",
        phase: phase))
  }

  private func lines(_ viewer: Viewer) -> [String] {
    String(decoding: viewer.take(), as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("data: ") }.map {
      String($0.dropFirst(6))
    }
  }

  @Test func whoComesLaterIsToldWhatThereIsAndWhatWasDetected() throws {
    let feed = PageFeed(most: 2)
    feed.setLayout(Array("{\"type\":\"layout\"}".utf8))
    #expect(!feed.isWatched)
    for number in 0..<150 { feed.take(report("\(number)"), sequence: Int64(number)) }
    feed.take(report(phase: .update), sequence: 150)
    feed.take(.health(.init(source: "mic0", state: .running)), sequence: 151)
    let viewer = try #require(feed.open())
    #expect(feed.isWatched)
    let first = lines(viewer)
    #expect(first.count == 1 + PageFeed.keptDetections && first[0] == "{\"type\":\"layout\"}")
    #expect(first[1].contains("\"label\":\"50\"") && first[100].contains("\"label\":\"149\""))
    feed.take(.health(.init(source: "mic0", state: .lost)), sequence: 152)
    #expect(lines(viewer) == [#"{"type":"health","seq":152,"source":"mic0","state":"lost"}"#])
    let second = feed.open()
    #expect(second != nil && feed.open() == nil)
    #expect(feed.counters == PageFeed.Counters(viewers: 2, accepted: 2, refused: 1, dropped: 0))
    feed.close(viewer)
    if let second { feed.close(second) }
    #expect(!feed.isWatched && feed.counters.viewers == 0)
  }

  /// Who does not read counts as nobody: nothing is made for them, and others see no difference.
  @Test func whoDoesNotReadIsNoViewer() throws {
    let feed = PageFeed(queue: ViewerQueue(messageLimit: 8, byteLimit: 10_000))
    let stopped = try #require(feed.open())
    for _ in 0..<20 { feed.publish([1], .steps) }
    #expect(!feed.isWatched)
    let reader = try #require(feed.open())
    #expect(feed.isWatched)
    for _ in 0..<20 {
      feed.publish([65], .steps)
      #expect(lines(reader).last == "A")
    }
    #expect(reader.dropped == 0 && stopped.dropped > 20)
    // It reads again.
    feed.close(reader)
    #expect(!feed.isWatched)
    #expect(!lines(stopped).isEmpty)
    feed.look()
    #expect(feed.isWatched)
  }
}
