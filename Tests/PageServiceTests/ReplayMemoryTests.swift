import Audio
import Events
import Foundation
import StreamSources
import Testing

@testable import PageService

struct ReplayMemoryTests {
  private func block(_ number: Int, rate: Int = 1_000) -> SoundBlock {
    SoundBlock(
      samples: (0..<10).map { Float(number * 10 + $0) / 32_767 }, sampleRate: rate, startSample: Int64(number) * 10)
  }

  @Test func soundIsKeptForSoLongAndNoLonger() throws {
    var sound = KeptSound()
    for number in 0..<100 { sound.append(block(number), microseconds: 200_000) }
    // Ten milliseconds a block: the last twenty are there.
    let clip = try #require(sound.clip(0..<2_000_000))
    #expect(clip == WaveFile(samples: (800..<1_000).map { Int16($0) }, sampleRate: 1_000))
    #expect(sound.clip(905_000..<915_000)?.samples == (905..<915).map { Int16($0) })
    #expect(sound.clip(0..<799_000) == nil && sound.clip(1_000_000..<1_100_000) == nil)
    // What is missing is silent, in its place.
    sound.append(block(102), microseconds: 200_000)
    let gap = try #require(sound.clip(990_000..<1_030_000))
    let (before, after) = ((990..<1_000).map { Int16($0) }, (1_020..<1_030).map { Int16($0) })
    #expect(gap.samples == before + [Int16](repeating: 0, count: 20) + after)
    // Another rate is another stream.
    sound.append(block(300, rate: 2_000), microseconds: 200_000)
    #expect(sound.clip(0..<1_400_000) == nil)
  }

  @Test func eventsAreKeptForSoLongAndThinnedOut() throws {
    struct Clip: Decodable {
      var width: Int
      var height: Int
      var every: Int
      var times: [Int64]
      var x: [Int]
      var y: [Int]
      var p: [Int]

      enum CodingKeys: String, CodingKey {
        case width, height, every, x, y, p
        case times = "t_us"
      }
    }
    func block(_ start: Int64, _ count: Int) -> EventBlock {
      EventBlock(
        events: EventBatch(
          times: (0..<count).map { start + Int64($0) }, x: (0..<count).map { UInt16($0 % 20) },
          y: (0..<count).map { UInt16($0 % 10) }, polarities: (0..<count).map { UInt8($0 % 2) }),
        camera: SensorGeometry(width: 32, height: 16))
    }
    let memory = ReplayMemory(seconds: 1)
    for number in 0..<40 { memory.keep(block(Int64(number) * 100_000, 50)) }
    #expect(memory.response(0..<2_900_000) == nil)
    let answer = try #require(memory.response(3_500_010..<3_600_000))
    #expect(answer.contentType == "application/json")
    let clip = try JSONDecoder().decode(Clip.self, from: Data(answer.body))
    #expect((clip.width, clip.height, clip.every) == (32, 16, 1))
    #expect(clip.times == (3_500_010..<3_500_050).map { $0 } && clip.x[0] == 10 && clip.y[5] == 5 && clip.p[1] == 1)
    let busy = ReplayMemory(seconds: 1)
    for number in 0..<25 { busy.keep(block(Int64(number) * 10_000, 10_000)) }
    let thin = try JSONDecoder().decode(Clip.self, from: Data(try #require(busy.response(0..<1_000_000)).body))
    #expect(thin.every == 3 && thin.times.count == 83_333)
  }
}
