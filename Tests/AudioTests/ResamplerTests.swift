import Foundation
import Testing

@testable import Audio

struct ResamplerTests {
  static func noise(_ count: Int) -> [Float] {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
  }

  static func resample(_ samples: [Float], from input: Int, to output: Int, chunk: Int) throws -> [Float] {
    let resampler = try Resampler(inputRate: input, outputRate: output, source: "test")
    var result: [Float] = []
    var begin = 0
    while begin < samples.count {
      let end = min(samples.count, begin + chunk)
      result += try resampler.push(Array(samples[begin..<end]))
      begin = end
    }
    return try result + resampler.finish()
  }

  @Test(arguments: [(44_100, 16_000), (8_000, 16_000), (48_000, 8_000), (11_025, 16_000)])
  func chunkSizeChangesNoBit(rates: (Int, Int)) throws {
    let samples = Self.noise(20_011)
    let whole = try Self.resample(samples, from: rates.0, to: rates.1, chunk: samples.count)
    for chunk in [1, 7, 160, 4096] {
      let pieces = try Self.resample(samples, from: rates.0, to: rates.1, chunk: chunk)
      #expect(pieces.map(\.bitPattern) == whole.map(\.bitPattern), "chunk \(chunk)")
    }
  }

  @Test(arguments: [(44_100, 16_000), (8_000, 16_000), (48_000, 16_000)])
  func sineKeepsItsPhaseAndLength(rates: (Int, Int)) throws {
    func sine(_ rate: Int) -> [Float] { (0..<rate).map { Float(sin(2 * .pi * 440 * Double($0) / Double(rate))) } }
    let result = try Self.resample(sine(rates.0), from: rates.0, to: rates.1, chunk: 333)
    let wanted = sine(rates.1)
    #expect(result.count == wanted.count)
    let middle = rates.1 / 4..<rates.1 * 3 / 4
    let error = middle.map { abs(result[$0] - wanted[$0]) }.max() ?? .infinity
    #expect(error < 1e-4)
  }

  @Test func equalRatesPassSamplesThroughUntouched() throws {
    let samples = Self.noise(100)
    #expect(try Self.resample(samples, from: 16_000, to: 16_000, chunk: 7) == samples)
  }

  @Test func absurdRateIsRefusedWithItsBound() {
    #expect(
      throws: AudioError(source: "x", reason: .sampleRate(4, allowed: AudioLimits.sampleRates))
    ) { _ = try Resampler(inputRate: 4, outputRate: 16_000, source: "x") }
  }

  @Test(arguments: [(44_100, 16_000), (8_000, 16_000), (16_000, 8_000)])
  func anOffsetHasNoBeginningAndNoEnd(rates: (Int, Int)) throws {
    let resampler = try Resampler(inputRate: rates.0, outputRate: rates.1, source: "offset")
    let samples = [Float](repeating: 0.1, count: rates.0 / 5)
    let output = try resampler.push(samples) + resampler.finish()
    #expect(output.count == rates.1 / 5)
    #expect(output.allSatisfy { abs($0 - 0.1) < 1e-5 })
  }

  @Test func nothingInGivesNothingOut() throws {
    #expect(try Self.resample([], from: 44_100, to: 16_000, chunk: 1).isEmpty)
  }
}
