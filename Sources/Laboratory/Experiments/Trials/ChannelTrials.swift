import Learning
import Numerics
import SpikingNetworks

/// Arms of the experiment on taking channels out.
public enum ChannelTrials {
  public static let experiment = "channels"
  public static let shares = [50, 30, 20]

  /// Three convolutions with normalisation; over frequency for sound, over the picture for events.
  static func network(_ task: TrialTask, widths: [Int]) -> NetworkDescription {
    // The surrogate reaches a neuron at rest, so that a channel that is out can come back.
    let neurons = NeuronDescription(decay: 0.5, surrogate: .arctan, surrogateWidth: 2)
    let isSound = task.input.count == 1
    var layers: [LayerDescription] = isSound ? [] : [.channelsLast]
    for (index, channels) in widths.enumerated() {
      let conv = ConvDescription(channels: channels, kernel: isSound ? 5 : 3)
      layers += [isSound ? .conv1d(conv) : .conv(conv), .batchNorm(.init()), .neurons(neurons)]
      if index < 2 { layers.append(.pool(.init(kind: .sum, size: 2))) }
    }
    layers += [.flatten, .dense(.init(units: task.classes, bias: true))]
    return NetworkDescription(input: isSound ? [task.input[0] / 3, 3] : task.input, layers: layers)
  }

  static let widths = [16, 32, 32]
  /// What the names of arms on networks with twice the channels have behind their first word.
  public static let wide = ", twice as wide"

  public static func arms(_ task: TrialTask, epochs: Int) -> [TrialArm] {
    let whole = TrialArm(
      name: "whole", network: network(task, widths: widths), options: TrialArm.oneCycle(epochs: epochs),
      rates: [0.005, 0.01, 0.02])
    var arms = [whole]
    for percent in shares {
      let keep = Double(percent) / 100
      func pruned(_ name: String, _ options: ChannelOptions) -> TrialArm {
        whole.named("\(name) \(percent) %") { $0.options.channels = options }
      }
      arms += [
        pruned("membrane", ChannelOptions(keep: keep)),
        pruned("membrane, nothing regrown", ChannelOptions(keep: keep, regrow: 0)),
        pruned("excitation", ChannelOptions(keep: keep, score: .excitation)),
        pruned("rate", ChannelOptions(keep: keep, score: .rate)),
        pruned("random", ChannelOptions(keep: keep, score: .random)),
        pruned("busiest out", ChannelOptions(keep: keep, score: .leastActive)),
        pruned("membrane, taught", ChannelOptions(keep: keep)).named("membrane, taught \(percent) %") { arm in
          arm.options.distillation = DistillationOptions(weight: 0.5, temperature: 2)
          arm.teacher = "whole"
        },
        whole.named("small from the start \(percent) %") { arm in
          arm.network = network(task, widths: widths.map { max(2, Int((Double($0) * keep).rounded())) })
        },
      ]
    }
    // The same share of more channels.
    let doubled = whole.named("whole\(wide)") { $0.network = network(task, widths: widths.map { 2 * $0 }) }
    arms += [
      doubled,
      doubled.named("membrane\(wide) 20 %") { $0.options.channels = ChannelOptions(keep: 0.2) },
      doubled.named("membrane, taught\(wide) 20 %") { arm in
        arm.options.channels = ChannelOptions(keep: 0.2)
        arm.options.distillation = DistillationOptions(weight: 0.5, temperature: 2)
        arm.teacher = "whole\(wide)"
      },
      doubled.named("random\(wide) 20 %") { $0.options.channels = ChannelOptions(keep: 0.2, score: .random) },
      doubled.named("small from the start\(wide) 20 %") { arm in
        arm.network = network(task, widths: widths.map { Int((0.4 * Double($0)).rounded()) })
      },
    ]
    return arms
  }

  /// Channels and parameters that are left, and multiply-accumulates of a step with every input active.
  public static func figures(_ network: Network<Float>, _ task: TrialTask) throws -> [String: Double] {
    let channels = network.channelGroups.reduce(0) { $0 + $1.channels }
    return [
      "channels": Double(channels), "parameters": Double(network.parameters.count),
      "multiplyAccumulates": network.summary().multiplyAccumulates,
      "stepMicroseconds": task.stepMicroseconds(network),
    ]
  }
}
