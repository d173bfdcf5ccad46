import SpikingNetworks
import Tensors

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
      guard let gate = network.layers[index] as? ContextGate<Float> else { return nil }
      let begin = network.parameterOffsets[index]
      return Site(
        contextLayer: index, neuronLayer: index + 1, channels: gate.parameterCount / gate.contexts,
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
          if layer is ContextGate<Float> {
            writable[place] = rows.contains { $0.contains(place) }
          } else if !protecting {
            writable[place] = true
          } else if isLast {
            // Outputs: a row for each, of synapses from the neurons before.
            let from = specification.shape.count > 1 ? offset / width % specification.shape[1] : nil
            writable[place] = newOutputs.contains(to) || isFree(from, at: source, in: free)
          } else if layer.kind == "dense" || specification.name == "recurrent" {
            let rank = specification.shape.count
            let from = rank > 1 ? offset / width % specification.shape[rank - 2] : nil
            let before = layer.kind == "dense" ? source : target
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

  private func isFree(_ channel: Int?, at site: Int?, in free: [[Bool]]) -> Bool {
    guard let channel, let site else { return false }
    // Maps that were made flat have their channels last.
    return free[site][channel % free[site].count]
  }
}
