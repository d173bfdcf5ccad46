import Glibc
import Spiketrum

/// What streaming costs: CPU time of this thread for each second of sound, in blocks of 10 ms.
struct SpiketrumSpeed {
  let sampleRate: Int
  let lowest: Double
  let highest: Double
  let sound: [Float]

  struct Result {
    /// Milliseconds of CPU for a second of sound: median, least and most of the repeats.
    var median: Double
    var least: Double
    var most: Double
    var spikesPerSecond: Double
    var timesRealTime: Double { 1000 / median }
  }

  func measure(channels: Int, spikesPerSecond: Double, threshold: Float = 1e-4, repeats: Int = 5) throws -> Result {
    let dictionary = try GammatoneDictionary(
      .init(sampleRate: sampleRate, channelCount: channels, lowestFrequency: lowest, highestFrequency: highest))
    let pursuit = try MatchingPursuit(
      dictionary: dictionary,
      settings: .init(
        budget: .spikesPerSecond(spikesPerSecond), threshold: threshold, lookAhead: dictionary.longest))
    let seconds = Double(sound.count) / Double(sampleRate)
    let block = sampleRate / 100
    var spikes = 0
    var costs: [Double] = []
    for _ in 0..<repeats {
      var pursuit = pursuit
      spikes = 0
      let start = cpuSeconds()
      for first in stride(from: 0, to: sound.count, by: block) {
        pursuit.push(sound.span.extracting(first..<min(first + block, sound.count))) { _ in spikes += 1 }
      }
      pursuit.finish { _ in spikes += 1 }
      costs.append((cpuSeconds() - start) / seconds * 1000)
    }
    costs.sort()
    return Result(
      median: costs[costs.count / 2], least: costs[0], most: costs[costs.count - 1],
      spikesPerSecond: Double(spikes) / seconds)
  }

  private func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
