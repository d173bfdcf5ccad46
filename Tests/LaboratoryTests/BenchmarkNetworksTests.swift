import Foundation
import TestSupport
import Testing

@Suite("Benchmark of networks")
struct BenchmarkNetworksTests {
  private static let figures = """
    {"peer": "slow", "net": "r64", "what": "infer_step", "threads": 1, "wall_med": 1000.0, "user_med": 1}
    {"peer": "quick", "net": "r64", "what": "infer_step", "threads": 1, "wall_med": 7.0}
    {"peer": "quick", "net": "r64", "what": "infer_step", "threads": 1, "wall_med": 0.5}

    {"peer": "quick", "net": "r64", "what": "infer_step", "threads": 2, "wall_med": 0.5}
    {"peer": "quick", "net": "r700", "what": "infer_step", "threads": 1, "wall_med": 0.5}
    """

  private func compare(_ text: String) throws -> Program.Outcome {
    let file = try TemporaryFile(Array(text.utf8), extension: "jsonl")
    return try Program.shell("ganglion-lab benchmark networks r64 --mode steps --beside \(file.path)")
  }

  @Test("the ratio to each peer of the same network, threads and kind is printed, the fastest peer first")
  func ratios() throws {
    let outcome = try compare(Self.figures)
    #expect(outcome.code == 0)
    #expect(outcome.lines.count == 4)
    // A network of dense layers is also held against reading its weights.
    #expect(outcome.lines[1].contains("x reading the "))
    let ratios = try outcome.lines.dropFirst(2).map { line -> (Double, String) in
      let words = line.split(separator: " ").map(String.init)
      #expect(words.count == 3 && words[1] == "x")
      return (try #require(Double(words[0])), words[2])
    }
    #expect(ratios.map(\.1) == ["quick", "slow"])
    // A thousand seconds against half a second, whatever this machine takes.
    #expect(abs(ratios[1].0 / ratios[0].0 - 2000) < 1)
  }

  @Test("a damaged line is named")
  func damaged() throws {
    let outcome = try compare(Self.figures + "\nr64 infer_step 0.5\n")
    #expect(outcome.code == 65)
    #expect(outcome.errors.contains("line 7"))
  }
}
