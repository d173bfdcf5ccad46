import Numerics
import SpikingNetworks

/// Takes channels out of a network and brings some back; see `ChannelOptions`.
///
/// A channel that is out has a gain and a shift of zero in its normalisations, and no synapse from other neurons or from
/// context units reaches its own: they get no current and stay silent, while the gradient of the gain still tells what the
/// channel could do.
struct ChannelLearner: StructureLearner {
  /// What decides about one channel: the parameters that are zero while it is out, and its gains among them.
  struct Channel {
    let group: Int
    let number: Int
    let silenced: [Int]
    let gains: [Int]
    /// Whether it is in the network.
    var isIn = true
  }

  let options: ChannelOptions
  let groups: [ChannelGroup]
  private(set) var exists: [Bool]
  /// Sum over the batches since the last change of the absolute gradient of every channel's gains.
  private(set) var memory: [Float]
  private var channels: [Channel]
  private let sample: [SpikeSequence]
  private let batchesInEpoch: Int
  private let epochs: Int
  private let seed: UInt64
  private var moved = 0

  init(
    _ network: Network<Float>, _ options: ChannelOptions, sample: [SpikeSequence], batchesInEpoch: Int, epochs: Int,
    seed: UInt64
  ) throws(StructureError) {
    self.options = options
    self.sample = Array(sample.prefix(options.recordings))
    self.batchesInEpoch = batchesInEpoch
    self.epochs = epochs
    self.seed = seed
    groups = network.channelGroups
    guard !groups.isEmpty else { throw .noChannels }
    if options.regrow > 0 {
      for path in groups.flatMap(\.neurons) {
        if case .neurons(let neurons) = network.description.layer(at: path), neurons.surrogate == .triangle,
          neurons.surrogateWidth <= neurons.threshold
        {
          throw .silentSurrogate(layer: path[0])
        }
      }
    }
    channels = groups.enumerated().flatMap { index, group in
      (0..<group.channels).map {
        Channel(group: index, number: $0, silenced: group.silenced[$0], gains: group.gains[$0])
      }
    }
    exists = [Bool](repeating: true, count: network.parameters.count)
    memory = [Float](repeating: 0, count: channels.count)
  }

  mutating func resume(exists: [Bool], memory: [Float]) throws(StructureError) {
    guard exists.count == self.exists.count, memory.count == self.memory.count else { throw .otherNetwork }
    for index in channels.indices { channels[index].isIn = exists[channels[index].gains[0]] }
    tellWhatExists()
    self.memory = memory
    moved = 0
  }

  private mutating func tellWhatExists() {
    for channel in channels {
      for place in channel.silenced { exists[place] = channel.isIn }
    }
  }

  private var count: Int { channels.count { $0.isIn } }

  var density: Double { Double(count) / Double(channels.count) }

  var isFinal: Bool { count <= wanted(options.keep) }

  /// Channels that a share of all leaves, no fewer than every layer has to keep.
  private func wanted(_ share: Double) -> Int {
    max(Int((share * Double(channels.count)).rounded()), groups.reduce(0) { $0 + floor($1) })
  }

  /// Channels a layer keeps whatever its score.
  private func floor(_ group: ChannelGroup) -> Int { min(group.channels, max(2, group.channels / 10)) }

  mutating func takeTurnover() -> Double {
    defer { moved = 0 }
    return Double(moved) / Double(channels.count)
  }

  mutating func willStep(_ runner: BatchRunner<Float>, step: Int, of total: Int) {
    let gradient = runner.gradient.base
    for (index, channel) in channels.enumerated() {
      for gain in channel.gains { memory[index] += abs(gradient[gain]) }
      guard !channel.isIn else { continue }
      for place in channel.silenced { gradient[place] = 0 }
    }
  }

  mutating func didStep(
    _ runner: BatchRunner<Float>, _ optimiser: inout Optimiser<Float>, step: Int, of total: Int
  ) {
    let done = step + 1
    let epoch = done / batchesInEpoch
    if done % batchesInEpoch == 0, epoch % options.interval == 0,
      !isFinal || options.regrow(afterEpoch: epoch, of: epochs) > 0
    {
      change(afterEpoch: epoch, runner, &optimiser)
    }
    for channel in channels where !channel.isIn {
      for place in channel.silenced { runner.parameters.base[place] = 0 }
    }
  }

  /// Ranks all channels by their score beside their layer's mean and leaves as many as the schedule asks for.
  private mutating func change(
    afterEpoch epoch: Int, _ runner: BatchRunner<Float>, _ optimiser: inout Optimiser<Float>
  ) {
    let target = wanted(options.keep(afterEpoch: epoch, of: epochs))
    let lost = channels.indices.filter { !channels[$0].isIn }
    let exchanged = min(Int(options.regrow(afterEpoch: epoch, of: epochs) * Double(target)), lost.count)
    let scores = scores(runner, epoch: epoch)
    var kept = groups.indices.map { group in channels.count { $0.group == group && $0.isIn } }
    var count = kept.reduce(0, +)
    let ranked = channels.indices.filter { channels[$0].isIn }.sorted { (scores[$0], $0) < (scores[$1], $1) }
    var gone = Set<Int>()
    for index in ranked where count > target - exchanged {
      let group = channels[index].group
      guard kept[group] > floor(groups[group]) else { continue }
      kept[group] -= 1
      count -= 1
      gone.insert(index)
    }
    let coming = lost.sorted { (-memory[$0], $0) < (-memory[$1], $1) }.prefix(max(0, min(exchanged, target - count)))
    for index in gone { channels[index].isIn = false }
    for index in coming { channels[index].isIn = true }
    tellWhatExists()
    for index in gone.union(coming) {
      for place in channels[index].silenced {
        optimiser.first[place] = 0
        optimiser.second[place] = 0
      }
    }
    for index in coming { bringBack(index, runner) }
    moved += gone.count + coming.count
    memory = [Float](repeating: 0, count: channels.count)
  }

  /// A channel returns with a tenth of the others' mean gain, and with no more than that.
  private func bringBack(_ index: Int, _ runner: BatchRunner<Float>) {
    let others = channels.filter { $0.group == channels[index].group && $0.isIn }
    for place in channels[index].silenced { runner.parameters.base[place] = 0 }
    for (place, gain) in channels[index].gains.enumerated() {
      let gains = others.map { abs(runner.parameters.base[$0.gains[place]]) }
      runner.parameters.base[gain] = 0.1 * gains.reduce(0, +) / Float(max(gains.count, 1))
    }
  }

  /// Each channel's activity, divided by the mean of those of its layer.
  private func scores(_ runner: BatchRunner<Float>, epoch: Int) -> [Double] {
    if options.score == .random {
      var random = RandomStream(seed: seed, purpose: "channels", index: epoch)
      return channels.map { _ in random.uniform(in: 0...1) }
    }
    var sums = groups.map { [Double](repeating: 0, count: $0.channels) }
    for start in stride(from: 0, to: sample.count, by: 32) {
      runner.forward(Array(sample[start..<min(start + 32, sample.count)]), training: false)
      for (index, group) in groups.enumerated() {
        for path in group.neurons {
          let spikes = runner.output(at: path)
          guard let membrane = runner.membrane(at: path) else { continue }
          for place in 0..<spikes.count {
            let value: Float =
              switch options.score {
              case .membrane: abs(membrane.base[place])
              case .excitation: max(membrane.base[place], 0)
              case .rate, .leastActive, .random: spikes.base[place]
              }
            sums[index][place % group.channels] += Double(value)
          }
        }
      }
    }
    return channels.map { channel in
      let group = sums[channel.group]
      let mean = group.reduce(0, +) / Double(group.count)
      let score = mean > 0 ? group[channel.number] / mean : 0
      return options.score == .leastActive ? -score : score
    }
  }

  func finished(_ network: Network<Float>, exists: [Bool]) throws(NetworkError) -> Network<Float> {
    try network.sliced(kept(exists))
  }

  /// Of each group, by its place in the network's groups, the channels that are left.
  private func kept(_ exists: [Bool]) -> [Int: [Int]] {
    var kept: [Int: [Int]] = [:]
    for channel in channels where exists[channel.gains[0]] { kept[channel.group, default: []].append(channel.number) }
    return kept
  }
}
