import SpikingNetworks
import Tensors

/// Takes channels out of a network and brings some back; see `ChannelOptions`.
///
/// A channel that is out has a gain and a shift of zero in its normalisation: its neurons get no current and stay silent,
/// while the gradient of the gain still tells what the channel could do.
struct ChannelLearner: StructureLearner {
  /// What decides about one channel: where its gain and its shift lie.
  struct Channel {
    let group: Int
    let number: Int
    let gain: Int
    let shift: Int
  }

  let options: ChannelOptions
  let groups: [ChannelGroup]
  private(set) var exists: [Bool]
  /// Sum over the batches since the last change of the absolute gradient of every channel's gain.
  private(set) var memory: [Float]
  private let channels: [Channel]
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
      for group in groups {
        if case .neurons(let neurons) = network.description.layers[group.neurons], neurons.surrogate == .triangle,
          neurons.surrogateWidth <= neurons.threshold
        {
          throw .silentSurrogate(layer: group.neurons)
        }
      }
    }
    channels = groups.enumerated().flatMap { index, group in
      let begin = network.parameterOffsets[group.normalisation]
      return (0..<group.channels).map {
        Channel(group: index, number: $0, gain: begin + $0, shift: begin + group.channels + $0)
      }
    }
    exists = [Bool](repeating: true, count: network.parameters.count)
    memory = [Float](repeating: 0, count: channels.count)
  }

  mutating func resume(exists: [Bool], memory: [Float]) throws(StructureError) {
    guard exists.count == self.exists.count, memory.count == self.memory.count else { throw .otherNetwork }
    self.exists = exists
    self.memory = memory
    moved = 0
  }

  var density: Double {
    Double(channels.count { exists[$0.gain] }) / Double(channels.count)
  }

  var isFinal: Bool { channels.count { exists[$0.gain] } <= wanted(options.keep) }

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
      memory[index] += abs(gradient[channel.gain])
      guard !exists[channel.gain] else { continue }
      gradient[channel.gain] = 0
      gradient[channel.shift] = 0
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
    for channel in channels where !exists[channel.gain] {
      runner.parameters.base[channel.gain] = 0
      runner.parameters.base[channel.shift] = 0
    }
  }

  /// Ranks all channels by their score beside their layer's mean and leaves as many as the schedule asks for.
  private mutating func change(
    afterEpoch epoch: Int, _ runner: BatchRunner<Float>, _ optimiser: inout Optimiser<Float>
  ) {
    let target = wanted(options.keep(afterEpoch: epoch, of: epochs))
    let lost = channels.indices.filter { !exists[channels[$0].gain] }
    let exchanged = min(Int(options.regrow(afterEpoch: epoch, of: epochs) * Double(target)), lost.count)
    let scores = scores(runner, epoch: epoch)
    var kept = groups.indices.map { group in channels.count { $0.group == group && exists[$0.gain] } }
    var count = kept.reduce(0, +)
    let ranked = channels.indices.filter { exists[channels[$0].gain] }.sorted { (scores[$0], $0) < (scores[$1], $1) }
    var gone = Set<Int>()
    for index in ranked where count > target - exchanged {
      let group = channels[index].group
      guard kept[group] > floor(groups[group]) else { continue }
      kept[group] -= 1
      count -= 1
      gone.insert(index)
    }
    let coming = lost.sorted { (-memory[$0], $0) < (-memory[$1], $1) }.prefix(max(0, min(exchanged, target - count)))
    for index in gone { exists[channels[index].gain] = false }
    for index in coming { exists[channels[index].gain] = true }
    for (index, channel) in channels.enumerated() {
      exists[channel.shift] = exists[channel.gain]
      guard gone.contains(index) || coming.contains(index) else { continue }
      for place in [channel.gain, channel.shift] {
        optimiser.first[place] = 0
        optimiser.second[place] = 0
      }
    }
    for index in coming {
      let gains = channels.filter { $0.group == channels[index].group && exists[$0.gain] }.map {
        abs(runner.parameters.base[$0.gain])
      }
      runner.parameters.base[channels[index].gain] = 0.1 * gains.reduce(0, +) / Float(max(gains.count, 1))
      runner.parameters.base[channels[index].shift] = 0
    }
    moved += gone.count + coming.count
    memory = [Float](repeating: 0, count: channels.count)
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
        guard let membrane = runner.membrane(ofLayer: group.neurons) else { continue }
        let spikes = runner.output(ofLayer: group.neurons)
        for place in 0..<runner.layout.rows * runner.layers[group.neurons].outputWidth {
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
    return channels.map { channel in
      let group = sums[channel.group]
      let mean = group.reduce(0, +) / Double(group.count)
      let score = mean > 0 ? group[channel.number] / mean : 0
      return options.score == .leastActive ? -score : score
    }
  }

  /// Of each group, named by its synapses' layer, the channels that are left.
  func kept(_ exists: [Bool]) -> [Int: [Int]] {
    var kept: [Int: [Int]] = [:]
    for channel in channels where exists[channel.gain] {
      kept[groups[channel.group].synapses, default: []].append(channel.number)
    }
    return kept
  }
}
