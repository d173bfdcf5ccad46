import Testing

@testable import Audio

/// Gives out given samples in pieces of given sizes, then perhaps fails.
private final class ScriptedSource: SampleSource {
  let name = "script"
  let sampleRate: Int
  private var samples: ArraySlice<Float>
  private var sizes: [Int]
  private let failure: AudioError?

  init(sampleRate: Int, samples: [Float], sizes: [Int], failure: AudioError? = nil) {
    (self.sampleRate, self.samples, self.sizes, self.failure) = (sampleRate, samples[...], sizes, failure)
  }

  func read(count: Int) throws(AudioError) -> [Float] {
    if samples.isEmpty, let failure { throw failure }
    let size = min(count, sizes.isEmpty ? count : sizes.removeFirst())
    defer { samples = samples.dropFirst(size) }
    return Array(samples.prefix(size))
  }
}

struct SoundStreamTests {
  @Test func piecesOfTheSourceDoNotShowInTheOutput() throws {
    let samples = ResamplerTests.noise(9_001)
    func all(_ sizes: [Int]) throws -> [Float] {
      let stream = try SoundStream(
        ScriptedSource(sampleRate: 44_100, samples: samples, sizes: sizes), sampleRate: 8_000)
      var result: [Float] = []
      while let next = try stream.next() { result += next }
      return result
    }
    let even = try all([])
    #expect(even.count == 1_633)
    #expect(try all([1, 1, 3, 400, 2, 441, 17]) == even)
  }

  @Test func everythingBeforeAFaultComesOutBeforeIt() throws {
    let fault = AudioError(source: "script", reason: .decoding("lost"), frame: 1_000)
    let source = ScriptedSource(
      sampleRate: 8_000, samples: ResamplerTests.noise(1_000), sizes: [], failure: fault)
    let stream = try SoundStream(source, sampleRate: 16_000)
    var count = 0
    #expect(throws: fault) {
      while let next = try stream.next() { count += next.count }
      _ = try stream.nextStretch()
    }
    #expect(count == 2_000)
  }
}
