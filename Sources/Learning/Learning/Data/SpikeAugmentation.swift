import Numerics
import Settings

/// Changes to spikes that leave the class as it is, drawn anew for every sample of every epoch.
public struct SpikeAugmentation: Codable, Sendable, Equatable {
  /// Sound: moves all spikes by up to so many frequency channels, which stands for a longer or shorter vocal tract.
  public var channelShift: Int
  /// Sound: removes up to so many neighbouring frequency channels.
  public var channelMask: Int
  /// Removes up to so many steps in a row.
  public var timeMask: Int
  /// Largest chance of each spike to be lost; drawn uniformly for each sample.
  public var loss: Double
  /// Largest relative change of the duration.
  public var stretch: Double
  /// Moves everything by up to so many steps back or forth; what leaves the recording is lost.
  public var shift: Int
  /// Events: moves the picture by up to so many pixels each way; what leaves it is lost.
  public var pixelShift: Int
  /// Events: mirrors left and right with even chance.
  public var flip: Bool
  /// Events: exchanges the polarities with even chance, as if light and dark had changed places.
  public var polarityFlip: Bool
  /// Events: largest share of the height and of the width that is cut away, at random on either side, `0 ..< 1`.
  public var crop: Double
  /// Moves each spike by up to so many steps back or forth; spikes of one input that meet add up.
  public var timeJitter: Int

  public init() {
    channelShift = 0
    channelMask = 0
    timeMask = 0
    loss = 0
    stretch = 0
    shift = 0
    pixelShift = 0
    flip = false
    polarityFlip = false
    crop = 0
    timeJitter = 0
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case channelShift, channelMask, timeMask, loss, stretch, shift, pixelShift, flip, polarityFlip, crop, timeJitter
  }

  /// Augmentation that is off is left out, so that a recipe's digest does not depend on what could have been asked for.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(channelShift, forKey: .channelShift)
    try container.encode(channelMask, forKey: .channelMask)
    try container.encode(timeMask, forKey: .timeMask)
    try container.encode(loss, forKey: .loss)
    try container.encode(stretch, forKey: .stretch)
    try container.encode(pixelShift, forKey: .pixelShift)
    try container.encode(flip, forKey: .flip)
    if shift > 0 { try container.encode(shift, forKey: .shift) }
    if polarityFlip { try container.encode(polarityFlip, forKey: .polarityFlip) }
    if crop > 0 { try container.encode(crop, forKey: .crop) }
    if timeJitter > 0 { try container.encode(timeJitter, forKey: .timeJitter) }
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    let steps = Bounds.from(0, to: 100_000)
    let share = Bounds.from(0.0, under: 1)
    self.init()
    channelShift = try values.number(.channelShift, .from(0, to: 1_023), or: 0)
    channelMask = try values.number(.channelMask, .from(0, to: 1_023), or: 0)
    timeMask = try values.number(.timeMask, steps, or: 0)
    loss = try values.number(.loss, share, or: 0)
    stretch = try values.number(.stretch, share, or: 0)
    shift = try values.number(.shift, steps, or: 0)
    pixelShift = try values.number(.pixelShift, .from(0, to: 65_535), or: 0)
    flip = try values.flag(.flip, or: false)
    polarityFlip = try values.flag(.polarityFlip, or: false)
    crop = try values.number(.crop, share, or: 0)
    timeJitter = try values.number(.timeJitter, steps, or: 0)
  }

  /// A changed copy. `levels` is the number of inputs of one frequency channel of sound (1 for events).
  public func apply(_ sequence: SpikeSequence, levels: Int, random: inout RandomStream) -> SpikeSequence {
    let isPicture = sequence.shape.count == 3
    let rows = isPicture ? sequence.shape[1] : 1
    let columns = isPicture ? sequence.shape[2] : sequence.width / levels
    let moveX = isPicture ? symmetric(pixelShift, &random) : symmetric(channelShift, &random)
    let moveY = isPicture ? symmetric(pixelShift, &random) : 0
    let mirrored = isPicture && flip && random.integer(below: 2) == 1
    let masked = channelMask > 0 && !isPicture ? random.integer(below: channelMask + 1) : 0
    let maskStart = random.integer(below: max(columns - masked + 1, 1))
    let hidden = timeMask > 0 ? random.integer(below: timeMask + 1) : 0
    let hiddenStart = random.integer(below: max(sequence.steps - hidden + 1, 1))
    let lost = loss * random.uniform()
    let factor = stretch > 0 ? 1 + random.uniform(in: -stretch...stretch) : 1
    let steps = max(1, Int((Double(sequence.steps) * factor).rounded()))
    // Drawn only where asked for, so that recipes without them train as they did before there were these.
    let swapsPolarities = isPicture && polarityFlip && random.integer(below: 2) == 1
    let keptX = isPicture && crop > 0 ? kept(of: columns, &random) : 0..<columns
    let keptY = isPicture && crop > 0 ? kept(of: rows, &random) : 0..<rows

    // Half as far at most as the recording is long, so that something of it is left.
    let moved = shift > 0 ? symmetric(min(shift, steps / 2), &random) : 0

    var changed = SpikeSequence(shape: sequence.shape)
    var channels: [UInt32] = []
    var values: [Float] = []
    for step in max(0, -moved)..<steps - max(0, moved) {
      let source = min(sequence.steps - 1, Int(Double(step) / factor))
      channels.removeAll(keepingCapacity: true)
      values.removeAll(keepingCapacity: true)
      if source < hiddenStart || source >= hiddenStart + hidden {
        for place in sequence.range(ofStep: source) {
          let index = Int(sequence.channels[place])
          if lost > 0, random.uniform() < lost { continue }
          let target: Int
          if isPicture {
            let x = index % columns
            let y = index / columns % rows
            guard keptX.contains(x), keptY.contains(y) else { continue }
            let polarity = index / (columns * rows)
            let newX = (mirrored ? columns - 1 - x : x) + moveX
            let newY = y + moveY
            guard (0..<columns).contains(newX), (0..<rows).contains(newY) else { continue }
            let plane = swapsPolarities ? sequence.shape[0] - 1 - polarity : polarity
            target = (plane * rows + newY) * columns + newX
          } else {
            let channel = index / levels + moveX
            guard (0..<columns).contains(channel), !(maskStart..<maskStart + masked).contains(channel) else { continue }
            target = channel * levels + index % levels
          }
          channels.append(UInt32(target))
          values.append(sequence.values[place])
        }
      }
      if mirrored || swapsPolarities {
        let order = channels.indices.sorted { channels[$0] < channels[$1] }
        changed.append(channels: order.map { channels[$0] }, values: order.map { values[$0] })
      } else {
        changed.append(channels: channels, values: values)
      }
    }
    return timeJitter > 0 ? jittered(changed, &random) : changed
  }

  /// What is kept of an extent: at least one place.
  private func kept(of extent: Int, _ random: inout RandomStream) -> Range<Int> {
    let cut = min(extent - 1, random.integer(below: Int(crop * Double(extent)) + 1))
    let first = random.integer(below: cut + 1)
    return first..<first + extent - cut
  }

  private func jittered(_ sequence: SpikeSequence, _ random: inout RandomStream) -> SpikeSequence {
    var steps = [[UInt32: Float]](repeating: [:], count: sequence.steps)
    for step in 0..<sequence.steps {
      for place in sequence.range(ofStep: step) {
        let moved = min(max(step + symmetric(timeJitter, &random), 0), sequence.steps - 1)
        steps[moved][sequence.channels[place], default: 0] += sequence.values[place]
      }
    }
    var changed = SpikeSequence(shape: sequence.shape)
    for spikes in steps {
      let channels = spikes.keys.sorted()
      changed.append(channels: channels, values: channels.map { spikes[$0, default: 0] })
    }
    return changed
  }

  private func symmetric(_ bound: Int, _ random: inout RandomStream) -> Int {
    bound > 0 ? random.integer(below: 2 * bound + 1) - bound : 0
  }
}
