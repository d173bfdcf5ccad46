import ClassifierStreams
import ModelFiles
import Recognition
import ResultLines
import TestSupport
import Testing

struct ResultLineTests {
  private func decision(_ kind: Decision.Kind, score: Double) -> Decision {
    Decision(
      kind: kind, label: "mid", labelIndex: 1, score: score, threshold: 0.4, startMicroseconds: 120_000,
      endMicroseconds: 530_000, scores: [0, score, 0])
  }

  @Test func detectionAndRejectionHaveTheirFieldsInOrder() throws {
    let lines = ResultLine(source: "a \"b\"\n.wav", manifest: try TestModels.sound().manifest)
    #expect(
      lines.text(decision(.detection, score: 0.98766))
        == #"{"type":"detection","source":"a \"b\"\n.wav","model":"sounds","label":"mid","score":0.9877,"#
        + #""t_start_us":120000,"t_us":530000}"#)
    #expect(
      lines.text(decision(.rejection, score: 0.04))
        == #"{"type":"rejection","source":"a \"b\"\n.wav","model":"sounds","label":"mid","score":0.0400,"#
        + #""threshold":0.4000,"t_start_us":120000,"t_us":530000}"#)
  }

  @Test func scoresAreNamed() throws {
    let lines = ResultLine(source: "x", manifest: try TestModels.sound().manifest)
    #expect(
      lines.text(StreamClassifier.Scores(endMicroseconds: 10, values: [1, 0, 0.00006]))
        == #"{"type":"score","source":"x","model":"sounds","t_us":10,"#
        + #""scores":{"low":1.0000,"mid":0.0000,"high":0.0001}}"#)
  }

  @Test func controlCharactersAreEscaped() throws {
    let lines = ResultLine(source: "\u{1}\t\\é", manifest: try TestModels.sound().manifest)
    #expect(lines.text(decision(.detection, score: 1)).contains(#""source":"\u0001\t\\é""#))
  }
}
