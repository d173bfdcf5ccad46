import Foundation
import SocketProtocol
import Testing

@testable import MQTTPublishing

struct StateBoardTests {
  private func states(_ board: inout StateBoard, lost: Int = 0) throws -> [String: [String: Any]] {
    Dictionary(try board.news(lost: lost).map { ($0.topic, try object($0.payload)) }) { $1 }
  }

  @Test func whatIsNoNewsIsNotTold() throws {
    var board = StateBoard(layout, topics: topics)
    #expect(
      Set(try states(&board).keys) == [
        "ganglion/den/state", "ganglion/den/mic/state", "ganglion/den/eye.1/state", "ganglion/den/models/digits/state",
        "ganglion/den/models/two tasks/state", "ganglion/den/models/pixels/state",
      ])
    #expect(try states(&board).isEmpty)
    board.take(Report.Health(source: "mic", state: .running))
    let news = try states(&board)
    // One more source runs, so the daemon has news, too.
    #expect(Set(news.keys) == ["ganglion/den/state", "ganglion/den/mic/state"])
    #expect(news["ganglion/den/mic/state"]?["hearing"] as? String == "ON")
    #expect(news["ganglion/den/state"]?["running"] as? Int == 1)
    board.tellAll()
    #expect(try states(&board).count == 6)
    #expect(Set(try states(&board, lost: 3).keys) == ["ganglion/den/state"])
  }

  @Test(arguments: [
    (Report.Health.State.running, nil as String?, "ON", "OFF"), (.silent, "zeros", "OFF", "ON"),
    (.lost, "gone", "OFF", "ON"), (.failed, "bad", "OFF", "ON"), (.waiting, nil, "OFF", "OFF"),
    (.waiting, "is not there", "OFF", "ON"), (.muted, nil, "OFF", "OFF"), (.ended, nil, "OFF", "OFF"),
    (.starting, nil, "OFF", "OFF"),
  ]) func aStateIsHearingOrAProblemOrNeither(
    state: Report.Health.State, detail: String?, hearing: String, problem: String
  ) throws {
    var board = StateBoard(layout, topics: topics)
    board.take(Report.Health(source: "mic", state: state, detail: detail))
    let all = try states(&board)
    #expect(all["ganglion/den/mic/state"]?["hearing"] as? String == hearing)
    #expect(all["ganglion/den/mic/state"]?["problem"] as? String == problem)
    #expect(all["ganglion/den/state"]?["problem"] as? String == problem)
    #expect(all["ganglion/den/mic/state"]?["detail"] as? String == detail)
  }

  @Test func figuresStandUnderTheirNames() throws {
    var board = StateBoard(layout, topics: topics)
    var figures = HomeFigures()
    var mic = HomeFigures.Source()
    (mic.isMuted, mic.level, mic.lostSeconds, mic.tasks) = (true, -43.26, 0.0214, ["two tasks": "y"])
    var eye = HomeFigures.Source()
    eye.rate = 1_234.5
    var digits = HomeFigures.Model()
    (digits.sha256, digits.detections, digits.spikes) = (String(repeating: "ab", count: 32), 7, 812.4)
    (figures.sources, figures.models) = (["mic": mic, "eye.1": eye], ["digits": digits])
    (figures.subscribers, figures.reloadFailure) = (2, "line 3")
    board.take(figures)
    board.take(Report.Health(source: "mic", state: .running))
    let texts = Dictionary(board.news(lost: 5).map { ($0.topic, String(decoding: $0.payload, as: UTF8.self)) }) { $1 }
    #expect(
      texts["ganglion/den/mic/state"]
        == #"{"state":"running","hearing":"OFF","problem":"OFF","muted":"ON","level":-43.3,"lost":0.021,"tasks":{"two_20tasks":"y"}}"#
    )
    #expect(texts["ganglion/den/eye.1/state"]?.contains(#""rate":1235,"#) == true)
    #expect(texts["ganglion/den/models/digits/state"] == #"{"sha256":"abababababab","detections":7,"spikes":812}"#)
    #expect(
      texts["ganglion/den/state"]
        == #"{"problem":"ON","running":1,"sources":2,"models":3,"subscribers":2,"lost":5,"reload_failure":"line 3"}"#)
  }

  @Test func aSourceThatHasGoneIsForgotten() throws {
    var board = StateBoard(layout, topics: topics)
    board.take(Report.Health(source: "mic", state: .failed))
    var smaller = layout
    smaller.sources.removeFirst()
    board.take(smaller)
    let all = try states(&board)
    #expect(all["ganglion/den/mic/state"] == nil)
    #expect(all["ganglion/den/state"]?["problem"] as? String == "OFF")
  }
}
