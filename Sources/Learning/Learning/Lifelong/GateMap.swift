import Numerics
import SpikingNetworks

/// Where the context units of a network act, and which of its parameters a new task may write.
///
/// Context unit 0 speaks in every task, with weight −1 on every neuron; unit `1 + task` speaks in that task only. With
/// both at `strength`, a neuron whose weight from the task's unit is 1 gets no current from them, so it works as if there
/// were no context at all: it is *open*. One whose weight is −1 is held `2 · strength` below: it is *closed*. Without any
/// context all neurons are open.
///
/// A neuron that was closed in every earlier task is *free*. What an earlier task computes does not depend on
/// parameters of free neurons, nor on synapses that come from or go to them, since they are silent there: exactly these,
/// and those of outputs that no earlier task has, may be written. That is known from the weights of the context units
/// alone: nothing has to be stored with a task.
public struct GateMap: Sendable {
  /// Context units in front of one layer of hidden neurons.
  public struct Site: Sendable {
    public let contextLayer: Int
    public let neuronLayer: Int
    public let channels: Int
    /// Weights `[contexts, channels]` among the network's parameters.
    public let weights: Range<Int>

    /// Weights of one context unit.
    public func row(_ unit: Int) -> Range<Int> {
      weights.lowerBound + unit * channels..<weights.lowerBound + (unit + 1) * channels
    }
  }

  /// Current of a context unit that speaks: half of what a closed neuron is held below by.
  public static let strength: Float = 4

  public let sites: [Site]
  public let contextCount: Int

  public init(_ network: Network<Float>) {
    contextCount = network.contextCount
    sites = network.layers.indices.compactMap { index in
      let gate = network.layers[index]
      guard gate.contextCount > 0 else { return nil }
      let begin = network.parameterOffsets[index]
      return Site(
        contextLayer: index, neuronLayer: index + 1, channels: gate.parameterCount / gate.contextCount,
        weights: begin..<begin + gate.parameterCount)
    }
  }

  /// What the context units say in a task.
  public func context(ofTask task: Int) -> [Float] {
    var context = [Float](repeating: 0, count: contextCount)
    context[0] = Self.strength
    context[1 + task] = Self.strength
    return context
  }

  /// Of each site which neurons were closed in every task before.
  public func free(before task: Int, _ parameters: [Float]) -> [[Bool]] {
    sites.map { site in
      (0..<site.channels).map { channel in
        (0..<task).allSatisfy { parameters[site.row(1 + $0)][site.row(1 + $0).lowerBound + channel] <= 0 }
      }
    }
  }

  /// Of each site which neurons are open in a task.
  public func open(in task: Int, _ parameters: [Float]) -> [[Bool]] {
    sites.map { site in site.row(1 + task).map { parameters[$0] > 0 } }
  }

  /// Which parameters may be written without changing what earlier tasks compute.
  ///
  /// - Parameters:
  ///   - task: that is to be learnt.
  ///   - newOutputs: outputs that no earlier task has.
  public func writable(
    _ network: Network<Float>, task: Int, newOutputs: Range<Int>, protecting: Bool = true
  ) -> [Bool] {
    var writable = [Bool](repeating: false, count: network.parameters.count)
    let free = free(before: task, network.parameters)
    let rows = Set(sites.map { $0.row(1 + task) })
    /// The site whose neurons a layer hears, and the one it feeds; nil for input and output.
    var source: Int?
    for (index, layer) in network.layers.enumerated() {
      let target = sites.firstIndex { $0.neuronLayer >= index }
      let isLast = index == network.layers.count - 1
      var begin = network.parameterOffsets[index]
      for specification in layer.parameters {
        let range = begin..<begin + specification.count
        begin = range.upperBound
        let width = specification.shape.last ?? 1
        for place in range {
          let offset = place - range.lowerBound
          let to = offset % width
          if layer.role == .context {
            writable[place] = rows.contains { $0.contains(place) }
          } else if !protecting {
            writable[place] = true
          } else if isLast {
            // Outputs: a row for each, of synapses from the neurons before.
            let from = specification.shape.count > 1 ? offset / width % specification.shape[1] : nil
            writable[place] = newOutputs.contains(to) || isFree(from, at: source, in: free)
          } else if layer.role == .dense || specification.name == "recurrent" {
            let rank = specification.shape.count
            let from = rank > 1 ? offset / width % specification.shape[rank - 2] : nil
            let before = layer.role == .dense ? source : target
            writable[place] = isFree(to, at: target, in: free) || isFree(from, at: before, in: free)
          } else if let target, specification.shape == [sites[target].channels] {
            writable[place] = free[target][to]
          } else {
            // Shared by neurons that are not free, or of a layer that is not gated channel by channel.
            writable[place] = free.allSatisfy { $0.allSatisfy(\.self) }
          }
        }
      }
      if let site = sites.firstIndex(where: { $0.neuronLayer == index }) { source = site }
    }
    return writable
  }

  /// Closes every neuron for good in the tasks in which it is closed: its weight from their context units becomes so low
  /// that no input whatever can make it fire there, whatever later tasks made of its synapses.
  ///
  /// A neuron whose current is at most zero in every step never fires. The largest current that synapses and
  /// normalisation can give is a sum over their positive parts.
  ///
  /// - Parameters:
  ///   - tasks: those that have been learnt.
  ///   - largestInput: of a step of the network's input; inputs and spikes are never negative.
  /// - Returns: whether that could be done for every gated layer: synapses in front of them must be dense.
  public func seal(_ network: inout Network<Float>, tasks: Int, largestInput: Float) -> Bool {
    var isComplete = true
    for site in sites {
      guard let largest = largestCurrents(network, site, largestInput: largestInput) else {
        isComplete = false
        continue
      }
      for task in 0..<tasks {
        for (channel, index) in site.row(1 + task).enumerated() where network.parameters[index] <= 0 {
          // The unit that always speaks takes one `strength` more; half of it is room for rounding.
          network.parameters[index] = min(-1, -0.5 - max(0, largest[channel]) / Self.strength)
        }
      }
    }
    return isComplete
  }

  /// Of each channel of a site the largest current a step can bring without its context; nil where that is not known.
  private func largestCurrents(_ network: Network<Float>, _ site: Site, largestInput: Float) -> [Float]? {
    var index = site.contextLayer - 1
    var norm: BatchNorm<Float>?
    var normOffset = 0
    if index >= 0, let found = network.layers[index] as? BatchNorm<Float> {
      (norm, normOffset) = (found, network.parameterOffsets[index])
      index -= 1
    }
    guard index >= 0, network.layers[index].role == .dense, let weights = network.layers[index].parameters.first
    else { return nil }
    let units = weights.shape[2]
    let base = network.parameterOffsets[index]
    let unit = index == 0 ? largestInput : 1
    var highest = [Float](repeating: 0, count: units)
    var lowest = highest
    for place in 0..<weights.count {
      let weight = network.parameters[base + place] * unit
      if weight > 0 { highest[place % units] += weight } else { lowest[place % units] += weight }
    }
    if network.layers[index].parameters.count > 1 {
      for channel in 0..<units {
        highest[channel] += network.parameters[base + weights.count + channel]
        lowest[channel] += network.parameters[base + weights.count + channel]
      }
    }
    if let norm {
      for channel in 0..<units {
        let (scale, shift) = norm.affine(channel, parameters: network.parameters[normOffset...])
        let ends = (highest[channel] * scale + shift, lowest[channel] * scale + shift)
        (highest[channel], lowest[channel]) = (max(ends.0, ends.1), min(ends.0, ends.1))
      }
    }
    // Synapses among the neurons themselves.
    if let recurrent = network.layers[site.neuronLayer].parameters.last, recurrent.name == "recurrent" {
      let end = network.parameterOffsets[site.neuronLayer] + network.layers[site.neuronLayer].parameterCount
      for place in 0..<recurrent.count {
        highest[place % units] += max(0, network.parameters[end - recurrent.count + place])
      }
    }
    // Sums in another order differ in their last digits.
    return highest.map { $0 + 1e-3 * abs($0) }
  }

  private func isFree(_ channel: Int?, at site: Int?, in free: [[Bool]]) -> Bool {
    guard let channel, let site else { return false }
    // Maps that were made flat have their channels last.
    return free[site][channel % free[site].count]
  }
}
