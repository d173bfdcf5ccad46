import TestSupport
import Testing

struct BenchmarkRunTests {
  @Test func everyRunAndTheMedianHaveFourFigures() throws {
    let bench = try Bench()
    let outcome = try bench.shell("ganglion benchmark run -m sound.safetensors --repetitions 2 tones.wav")
    #expect(outcome.code == 0)
    #expect(outcome.lines.first == "recording  tones.wav, 1.9 s of stream time")
    let rows = outcome.lines.dropFirst(2).map { $0.split(separator: " ").map(String.init) }
    #expect(rows.map(\.first) == ["1", "2", "median"])
    for row in rows {
      let figures = row.dropFirst().compactMap(Double.init)
      #expect(figures.count == 4)
      #expect(figures.allSatisfy { $0 > 0 })
    }
  }

  @Test func failureOfTheRunIsToldAndNotMeasured() throws {
    let bench = try Bench()
    try bench.put("cut.wav", Array(bench.bytes("tones.wav").dropLast(100)))
    let outcome = try bench.shell("ganglion benchmark run -m sound.safetensors cut.wav")
    #expect(outcome.code == 65)
    #expect(outcome.output.isEmpty)
  }
}
