import CKernels
import Numerics
import SpikingNetworks

/// The weights that the spikes of a recording touch, step by step, and reading them without doing anything else: what
/// memory allows at most. For networks of dense layers and recurrent neurons.
struct WeightReads {
  /// Weights of one layer in one step: where its rows begin among the parameters, and how wide they are.
  private struct Rows {
    var width: Int
    var begins: [UInt32]
  }

  private let steps: [[Rows]]
  private let parameters: [Float]

  /// Follows the stream of `rounds` times the recording through the network.
  init(_ network: Network<Float>, recording: SpikeSequence, rounds: Int) {
    var stream = SpikeSequence(shape: recording.shape)
    for _ in 0..<rounds {
      for step in 0..<recording.steps {
        let range = recording.range(ofStep: step)
        stream.append(channels: Array(recording.channels[range]), values: Array(recording.values[range]))
      }
    }
    let runner = BatchRunner(network, lanes: Lanes(count: 1, threads: 1))
    runner.forward([stream], training: false)
    var steps = [[Rows]](repeating: [], count: stream.steps)
    for block in network.named where block.specification.role == .weight {
      guard let index = network.layers.indices.first(where: { block.name.hasPrefix("layers.\($0).") }) else { continue }
      let layer = network.layers[index]
      // Recurrent weights take the layer's own spikes of the step before.
      let isRecurrent = layer.role == .neurons
      for step in (isRecurrent ? 1 : 0)..<stream.steps {
        var active: [Int]
        if index == 0 {
          active = stream.channels[stream.range(ofStep: step)].map(Int.init)
        } else {
          let spikes = runner.output(ofLayer: isRecurrent ? index : index - 1).base
          let first = (isRecurrent ? step - 1 : step) * layer.inputWidth
          active = (0..<layer.inputWidth).filter { spikes[first + $0] != 0 }
        }
        let begins = active.map { UInt32(block.range.lowerBound + $0 * layer.outputWidth) }
        steps[step].append(Rows(width: layer.outputWidth, begins: begins))
      }
    }
    self.steps = steps
    parameters = network.parameters
  }

  /// Mean number of bytes a step reads.
  var bytes: Double {
    let count = steps.reduce(0) { $0 + $1.reduce(0) { $0 + $1.begins.count * $1.width } }
    return Double(count * MemoryLayout<Float>.size) / Double(max(steps.count, 1))
  }

  var count: Int { steps.count }

  /// Reads every row of every step; the sum is returned so that nothing can be left out.
  func read() -> Float {
    parameters.withUnsafeBufferPointer { parameters in
      steps.reduce(0) { sum, step in
        step.reduce(sum) { sum, rows in
          rows.begins.withUnsafeBufferPointer { begins in
            sum + ganglion_read_rows(parameters.baseAddress, begins.baseAddress, Int64(begins.count), Int64(rows.width))
          }
        }
      }
    }
  }
}
