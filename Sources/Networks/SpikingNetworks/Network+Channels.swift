import Numerics

/// Channels of a network that only come and go together: those of one layer of synapses, or of all that a way around
/// residual layers adds up.
public struct ChannelGroup: Sendable, Equatable {
  /// Layers that make the channels: an index, and inside residual layers the index in each.
  public let makers: [[Int]]
  /// Layers of neurons, or of cells, whose units belong to the channels, named in the same way.
  public let neurons: [[Int]]
  public let channels: Int
  /// For each channel the places of the parameters that are zero where it is silent: gain and shift of every
  /// normalisation, synapses from other neurons and from context units, and what drives the memory of a cell. Without them
  /// nothing reaches its units, and what they hand on is zero in every step.
  public let silenced: [[Int]]
  /// Of these the gains, or the bias of a cell's candidate, whose gradient tells what a silent channel could do.
  public let gains: [[Int]]
}

extension Network {
  /// The groups of channels that can be taken out, in the order of the layers that make them.
  ///
  /// A group's channels are made by dense synapses or convolutions with a normalisation behind them, or by a convolutional
  /// LSTM whose attention looks at something else; pass through neurons; and go on to nothing but other synapses, which
  /// tell them apart.
  public var channelGroups: [ChannelGroup] { ChannelTrace(self).groups.map(\.group) }
}

/// Which channels every axis of a network's parameters belongs to.
struct ChannelTrace<Scalar: Real> {
  /// Parameters of one name, and the channels along those of their axes that can become shorter.
  struct Block {
    let range: Range<Int>
    let shape: [Int]
    let axes: [Int: Int]
  }

  /// Channels of a signal, by the number under which they were first met.
  private struct Channels {
    var count: Int
    /// The same channels under an earlier number.
    var same: Int?
    /// Whether something needs all of them.
    var isFixed = false
    var makers: [[Int]] = []
    var neurons: [[Int]] = []
    var silenced: [[Int]]
    var gains: [[Int]]
  }

  private(set) var blocks: [Block] = []
  private var all: [Channels] = []
  /// The place of the next parameter.
  private var place = 0

  init(_ network: Network<Scalar>) {
    let input = make(network.inputShape.last ?? 1, isFixed: true)
    let output = follow(network.layers, path: [], signal: input)
    all[root(output)].isFixed = true
  }

  /// The groups, each with the number of its channels.
  var groups: [(number: Int, group: ChannelGroup)] {
    all.indices.compactMap { number in
      let channels = all[number]
      guard channels.same == nil, !channels.isFixed, !channels.neurons.isEmpty else { return nil }
      return (
        number,
        ChannelGroup(
          makers: channels.makers, neurons: channels.neurons, channels: channels.count, silenced: channels.silenced,
          gains: channels.gains)
      )
    }
  }

  /// The number under which channels are kept.
  func root(_ number: Int) -> Int {
    var number = number
    while let same = all[number].same { number = same }
    return number
  }

  func count(_ number: Int) -> Int { all[number].count }

  private mutating func make(_ count: Int, isFixed: Bool = false) -> Int {
    let none = [[Int]](repeating: [], count: count)
    all.append(Channels(count: count, isFixed: isFixed, silenced: none, gains: none))
    return all.count - 1
  }

  private mutating func fix(_ number: Int) { all[root(number)].isFixed = true }

  /// What is added up has the same channels.
  private mutating func join(_ left: Int, _ right: Int) {
    let (first, second) = (min(root(left), root(right)), max(root(left), root(right)))
    guard first != second else { return }
    let other = all[second]
    guard all[first].count == other.count else {
      fix(first)
      fix(second)
      return
    }
    all[first].isFixed = all[first].isFixed || other.isFixed
    all[first].makers += other.makers
    all[first].neurons += other.neurons
    for channel in 0..<other.count {
      all[first].silenced[channel] += other.silenced[channel]
      all[first].gains[channel] += other.gains[channel]
    }
    all[second].same = first
  }

  /// Takes the next parameters of a layer.
  private mutating func take(_ specification: ParameterSpecification, axes: [Int: Int]) {
    blocks.append(
      Block(range: place..<place + specification.count, shape: specification.shape, axes: axes))
    place += specification.count
  }

  /// Parameters of the last block taken that are zero where their channel along an axis is silent.
  private mutating func silence(
    axis: Int, of number: Int, isGain: Bool = false, where isMeant: (Int) -> Bool = { _ in true }
  ) {
    guard let block = blocks.last else { return }
    let inner = block.shape[(axis + 1)...].reduce(1, *)
    let number = root(number)
    for index in 0..<block.range.count {
      let along = index / inner % block.shape[axis]
      guard isMeant(along) else { continue }
      let channel = along % all[number].count
      all[number].silenced[channel].append(block.range.lowerBound + index)
      if isGain { all[number].gains[channel].append(block.range.lowerBound + index) }
    }
  }

  /// Takes layers one after another; returns the channels of what they hand on.
  ///
  /// - Parameter offset: number of the first in its path.
  private mutating func follow(
    _ layers: [any Layer<Scalar>], path: [Int], signal first: Int, numbered offset: Int = 0
  ) -> Int {
    var signal = first
    for (index, layer) in layers.enumerated() {
      let own = path + [offset + index]
      let isNormalised = index + 1 < layers.count && layers[index + 1].role == .normalisation
      switch layer {
      case is Dense<Scalar>:
        signal = synapses(layer, own, from: signal, isNormalised: isNormalised)
      case let conv as Conv<Scalar>:
        // In groups a convolution cannot lose a channel alone; along a row without channels its input has none.
        if conv.convolution.groups > 1 || layer.inputShape.count == 1 { fix(signal) }
        signal = synapses(
          layer, own, from: signal, isNormalised: isNormalised && conv.convolution.groups == 1)
      case is BatchNorm<Scalar>:
        for specification in layer.parameters {
          take(specification, axes: [0: signal])
          if specification.role == .gain {
            silence(axis: 0, of: signal, isGain: specification.name == "gain")
          }
        }
      case is ContextGate<Scalar>:
        for specification in layer.parameters {
          take(specification, axes: [1: signal])
          silence(axis: 1, of: signal)
        }
      case let neurons as Neurons<Scalar>:
        for specification in layer.parameters {
          let isRecurrent = specification.name == "recurrent"
          take(
            specification, axes: isRecurrent ? [0: signal, 1: signal] : specification.count == 1 ? [:] : [0: signal])
          if isRecurrent { silence(axis: 1, of: signal) }
        }
        if layer.emitsSpikes { all[root(signal)].neurons.append(own) }
        // An integrator that does not begin at rest is not silent.
        if !layer.emitsSpikes, neurons.initialPotential != 0 { fix(signal) }
      case is Delay<Scalar>:
        for specification in layer.parameters { take(specification, axes: [0: signal]) }
      case is Pool<Scalar> where layer.inputShape.count > 1: break
      case is Flatten<Scalar>, is Dropout<Scalar>, is Rectifier<Scalar>: break
      case let cell as ConvLSTM<Scalar>:
        signal = self.cell(cell, own, from: signal)
      case is Frames<Scalar> where layer.outputShape.last == layer.inputShape.last: break
      case let residual as Residual<Scalar>:
        let main = follow(residual.layers, path: own, signal: signal)
        let around = follow(
          residual.shortcutLayers, path: own, signal: signal, numbered: residual.layers.count)
        join(around, main)
        signal = around
      default:
        fix(signal)
        for specification in layer.parameters { take(specification, axes: [:]) }
        signal = make(layer.outputShape.last ?? 1, isFixed: true)
      }
    }
    return signal
  }

  /// Weights, whose last two axes lead from the signal's channels to new ones, and perhaps a bias.
  private mutating func synapses(
    _ layer: any Layer<Scalar>, _ path: [Int], from signal: Int, isNormalised: Bool
  ) -> Int {
    let made = make(layer.outputShape.last ?? 1, isFixed: !isNormalised)
    all[made].makers = [path]
    for specification in layer.parameters {
      let rank = specification.shape.count
      take(specification, axes: specification.role == .weight ? [rank - 2: signal, rank - 1: made] : [0: made])
    }
    return made
  }

  private mutating func cell(_ cell: ConvLSTM<Scalar>, _ path: [Int], from signal: Int) -> Int {
    if cell.attends(.input) { fix(signal) }
    // Attention compares the channels of what it looks at. A threshold that rest reaches leaves no unit silent.
    let needsAll =
      cell.attends(.forgetGate) || cell.attends(.hidden)
      || cell.emitsSpikes && cell.description.threshold <= 0
    let made = make(cell.channels, isFixed: needsAll)
    all[made].makers = [path]
    all[made].neurons = [path]
    // The candidate is the last of four gates: where it is zero, so is all that follows from it.
    let isCandidate = { $0 >= 3 * cell.channels }
    for specification in cell.parameters {
      switch specification.name {
      case "inputWeight":
        take(specification, axes: [2: signal, 3: made])
        silence(axis: 3, of: made, where: isCandidate)
      case "hiddenWeight":
        take(specification, axes: [2: made, 3: made])
        silence(axis: 3, of: made, where: isCandidate)
      case "candidateBias":
        take(specification, axes: [0: made])
        silence(axis: 0, of: made, isGain: true)
      case let name where name.hasSuffix("Bias") && !name.hasPrefix("attention"):
        take(specification, axes: [0: made])
      default: take(specification, axes: [:])
      }
    }
    return made
  }
}
