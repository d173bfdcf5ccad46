import Foundation
import Numerics

@testable import SpikingNetworks

/// Counts what a reference step calculates while it calculates it.
final class Meter {
  var synapses = Arithmetic()
  var units = Arithmetic()

  /// Whether inputs are numbers of spikes, each of which is added.
  var isOfCounts = false

  /// A weight times an input, taken up into a sum.
  func meet(_ weight: Double, _ input: Double, into sum: inout Double) {
    guard weight != 0, input != 0 else { return }
    if isOfCounts {
      for _ in 0..<Int(input) { synapses.additions += 1 }
    } else if input == 1 {
      synapses.additions += 1
    } else {
      synapses.multiplications += 1
    }
    sum += weight * input
  }

  /// A sum of something and a constant of the layer times something else.
  func scaled(_ constant: Double, _ value: Double, plus rest: Double) -> Double {
    if constant == 0 { return rest }
    if constant == 1 { return add(value, rest) }
    return multiply(constant, value, plus: rest)
  }

  func add(_ left: Double, _ right: Double) -> Double {
    units.additions += 1
    return left + right
  }

  func multiply(_ left: Double, _ right: Double, plus rest: Double = 0) -> Double {
    units.multiplications += 1
    return left * right + rest
  }

  func sigmoid(_ x: Double) -> Double {
    units.functions += 1
    return 1 / (1 + exp(-x))
  }

  func hyperbolicTangent(_ x: Double) -> Double {
    units.functions += 1
    return tanh(x)
  }
}

/// One layer, written out as its equations stand in its description: slow, plain and with state of its own. A step without
/// an output gives no numbers.
protocol ReferenceLayer: AnyObject {
  func step(_ input: [Double], _ meter: Meter) -> [Double]
}

/// The reference of a layer with some of a network's parameters.
func reference(_ layer: any Layer<Double>, _ description: LayerDescription, _ parameters: [Double]) -> ReferenceLayer {
  switch description {
  case .dense(let dense):
    layer is SparseDense<Double>
      ? ReferenceSparse(dense, layer.inputWidth, parameters) : ReferenceDense(dense, layer.inputWidth, parameters)
  case .conv(let conv), .conv1d(let conv): ReferenceConv(conv, layer, parameters)
  case .batchNorm(let norm): ReferenceNorm(norm, layer.inputShape.last ?? 1, parameters)
  case .neurons(let neurons): ReferenceNeurons(neurons, layer.inputWidth, parameters)
  case .pool(let pool): ReferencePool(pool, layer.inputShape, layer.outputShape)
  case .delay(let delay): ReferenceDelay(delay, layer.inputWidth, parameters)
  case .context(let context): ReferenceContext(context, layer.inputShape.last ?? 1, parameters)
  case .frames(let frames):
    ReferenceFrames(frames, layer.inputWidth, channels: layer.inputShape[layer.inputShape.count - 1])
  case .residual(let residual): ReferenceResidual(residual, layer, parameters)
  case .convLSTM(let cell): ReferenceCell(cell, layer.inputShape, parameters)
  case .relu: ReferenceMap { max($0, 0) }
  case .union(let union): ReferenceUnion(union)
  case .flatten, .dropout: ReferenceMap { $0 }
  case .channelsLast: ReferenceChannelsLast(layer.inputShape)
  }
}

final class ReferenceMap: ReferenceLayer {
  let change: (Double) -> Double
  init(_ change: @escaping (Double) -> Double) { self.change = change }
  func step(_ input: [Double], _ meter: Meter) -> [Double] { input.map(change) }
}

final class ReferenceUnion: ReferenceLayer {
  let union: UnionDescription
  init(_ union: UnionDescription) { self.union = union }
  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    var first = 0
    return union.sizes.map { size in
      let parts = input[first..<first + size]
      first += size
      guard size > 1 else { return parts.reduce(0, +) }
      meter.units.functions += Double(size + 1)
      meter.units.additions += Double(size)
      return log(parts.reduce(0) { $0 + exp($1) })
    }
  }
}

final class ReferenceChannelsLast: ReferenceLayer {
  let shape: [Int]
  init(_ shape: [Int]) { self.shape = shape }
  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    let places = shape[1] * shape[2]
    return input.indices.map { input[$0 % shape[0] * places + $0 / shape[0]] }
  }
}

final class ReferenceDense: ReferenceLayer {
  let dense: DenseDescription
  let inputs: Int
  let parameters: [Double]
  var past: [[Double]] = []

  init(_ dense: DenseDescription, _ inputs: Int, _ parameters: [Double]) {
    (self.dense, self.inputs, self.parameters) = (dense, inputs, parameters)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    past.append(input)
    var output = dense.bias ? Array(parameters.suffix(dense.units)) : [Double](repeating: 0, count: dense.units)
    for tap in 0..<dense.taps where past.count > tap * dense.dilation {
      let row = past[past.count - 1 - tap * dense.dilation]
      for from in 0..<inputs {
        for unit in 0..<dense.units {
          meter.meet(parameters[(tap * inputs + from) * dense.units + unit], row[from], into: &output[unit])
        }
      }
    }
    return output
  }
}

/// Sends an input to all the steps it will reach as soon as it comes.
final class ReferenceSparse: ReferenceLayer {
  let dense: DenseDescription
  let inputs: Int
  let parameters: [Double]
  var ahead: [[Double]] = []

  init(_ dense: DenseDescription, _ inputs: Int, _ parameters: [Double]) {
    (self.dense, self.inputs, self.parameters) = (dense, inputs, parameters)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    let reach = (dense.taps - 1) * dense.dilation + 1
    while ahead.count < reach { ahead.append([Double](repeating: 0, count: dense.units)) }
    for tap in 0..<dense.taps {
      for from in 0..<inputs {
        for unit in 0..<dense.units {
          meter.meet(
            parameters[(tap * inputs + from) * dense.units + unit], input[from],
            into: &ahead[tap * dense.dilation][unit])
        }
      }
    }
    let own = ahead.removeFirst()
    let bias = dense.bias ? Array(parameters.suffix(dense.units)) : [Double](repeating: 0, count: dense.units)
    return zip(own, bias).map { reach > 1 ? meter.add($0, $1) : $0 + $1 }
  }
}

/// Multiplies a map with a kernel, everything that lies outside the map left out.
func referenceConvolution(
  _ input: [Double], _ shape: [Int], weights: ArraySlice<Double>, channels: Int, kernel: (Int, Int), stride: (Int, Int),
  padding: (Int, Int), groups: Int, meter: Meter, into output: inout [Double]
) {
  let (height, width, inner) = (shape[0], shape[1], shape[2] / groups)
  let outer = channels / groups
  let outHeight = (height + 2 * padding.0 - kernel.0) / stride.0 + 1
  let outWidth = (width + 2 * padding.1 - kernel.1) / stride.1 + 1
  for y in 0..<outHeight {
    for x in 0..<outWidth {
      for ky in 0..<kernel.0 {
        for kx in 0..<kernel.1 {
          let (row, column) = (y * stride.0 + ky - padding.0, x * stride.1 + kx - padding.1)
          guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
          for group in 0..<groups {
            for from in 0..<inner {
              for to in 0..<outer {
                let at = (((group * kernel.0 + ky) * kernel.1 + kx) * inner + from) * outer + to
                meter.meet(
                  weights[weights.startIndex + at], input[(row * width + column) * shape[2] + group * inner + from],
                  into: &output[(y * outWidth + x) * channels + group * outer + to])
              }
            }
          }
        }
      }
    }
  }
}

final class ReferenceConv: ReferenceLayer {
  let conv: ConvDescription
  let shape: [Int]
  let outputs: Int
  let isRow: Bool
  let parameters: [Double]

  init(_ conv: ConvDescription, _ layer: any Layer<Double>, _ parameters: [Double]) {
    (self.conv, self.parameters) = (conv, parameters)
    isRow = layer.inputShape.count < 3
    shape = isRow ? [1, layer.inputShape[0], layer.inputShape.count == 2 ? layer.inputShape[1] : 1] : layer.inputShape
    outputs = layer.outputWidth
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    let bias = parameters.suffix(conv.channels)
    var output = (0..<outputs).map { conv.bias ? bias[bias.startIndex + $0 % conv.channels] : 0 }
    referenceConvolution(
      input, shape, weights: parameters[...], channels: conv.channels,
      kernel: (isRow ? 1 : conv.kernel.height, conv.kernel.width),
      stride: (isRow ? 1 : conv.stride.height, conv.stride.width),
      padding: (isRow ? 0 : conv.padding.height, conv.padding.width),
      groups: conv.groups, meter: meter, into: &output)
    return output
  }
}

final class ReferenceNorm: ReferenceLayer {
  let norm: BatchNormDescription
  let channels: Int
  let parameters: [Double]

  init(_ norm: BatchNormDescription, _ channels: Int, _ parameters: [Double]) {
    (self.norm, self.channels, self.parameters) = (norm, channels, parameters)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    input.indices.map { place in
      let channel = place % channels
      let scale = parameters[channel] / (parameters[3 * channels + channel] + norm.epsilon).squareRoot()
      let shift = parameters[channels + channel] - parameters[2 * channels + channel] * scale
      return meter.multiply(scale, input[place], plus: shift)
    }
  }
}

final class ReferenceNeurons: ReferenceLayer {
  let neurons: NeuronDescription
  let parameters: [Double]
  var potential: [Double]
  var last: [Double]
  var adaptation: [Double]
  var synaptic: [Double]
  var refractory: [Int]

  init(_ neurons: NeuronDescription, _ units: Int, _ parameters: [Double]) {
    (self.neurons, self.parameters) = (neurons, parameters)
    potential = [Double](repeating: neurons.initialPotential, count: units)
    last = [Double](repeating: 0, count: units)
    (adaptation, synaptic) = (last, last)
    refractory = [Int](repeating: 0, count: units)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    let units = input.count
    var current = input
    if neurons.recurrent {
      meter.isOfCounts = neurons.maximumSpikes > 1
      let weights = parameters.suffix(units * units)
      for from in 0..<units {
        for to in 0..<units {
          meter.meet(weights[weights.startIndex + from * units + to], last[from], into: &current[to])
        }
      }
    }
    let earlier = last
    return (0..<units).map { unit in
      let learned = neurons.learnedDecay != .none
      let logit = learned ? parameters[neurons.learnedDecay == .layer ? 0 : unit] : 0
      let decay = learned ? 1 / (1 + exp(-logit)) : neurons.decay
      synaptic[unit] = meter.scaled(neurons.synapticDecay, synaptic[unit], plus: current[unit])
      let logarithms = parameters.dropFirst(neurons.learnedDecay == .none ? 0 : learnedDecays)
      let threshold =
        neurons.learnedThreshold == .none
        ? neurons.threshold
        : exp(logarithms[logarithms.startIndex + (neurons.learnedThreshold == .layer ? 0 : unit)])
      var level = threshold
      let isCurrent = neurons.subthresholdStrength != 0
      if !isCurrent, neurons.adaptationStrength != 0 {
        adaptation[unit] = meter.scaled(neurons.adaptationDecay, adaptation[unit], plus: earlier[unit])
        level = meter.scaled(neurons.adaptationStrength, adaptation[unit], plus: level)
      }
      var drive = synaptic[unit]
      if isCurrent { drive = meter.add(drive, -adaptation[unit]) }
      if neurons.inputScale == .leaky {
        drive = decay == 0 ? drive : decay == 1 ? 0 : meter.multiply(1 - decay, drive)
      }
      var membrane = meter.scaled(decay, potential[unit], plus: drive)
      if neurons.reset == .softLate, earlier[unit] == 1 { membrane = meter.add(membrane, -threshold) }
      if neurons.maximumSpikes > 1 {
        // The finer steps: each that finds the threshold reached takes it away.
        var count = 0.0
        var rest = membrane
        while count < Double(neurons.maximumSpikes), rest >= level {
          rest = meter.add(rest, -level)
          count += 1
        }
        if isCurrent { adapt(unit, membrane, count, meter) }
        (last[unit], potential[unit]) = (count, rest)
        return count
      }
      var spike = membrane >= level
      if neurons.refractorySteps > 0 {
        if refractory[unit] > 0 {
          spike = false
          refractory[unit] -= 1
        } else if spike {
          refractory[unit] = neurons.refractorySteps
        }
      }
      last[unit] = spike ? 1 : 0
      potential[unit] = membrane
      if spike, neurons.reset == .hard { potential[unit] = 0 }
      if spike, neurons.reset == .soft { potential[unit] = meter.add(membrane, -threshold) }
      if isCurrent { adapt(unit, membrane, last[unit], meter) }
      return neurons.output == .membrane ? membrane : last[unit]
    }
  }

  private var learnedDecays: Int { neurons.learnedDecay == .layer ? 1 : potential.count }

  private func adapt(_ unit: Int, _ membrane: Double, _ spikes: Double, _ meter: Meter) {
    let kept = meter.scaled(neurons.adaptationDecay, adaptation[unit], plus: 0)
    let driven = meter.scaled(neurons.subthresholdStrength, membrane, plus: kept)
    adaptation[unit] = meter.scaled(neurons.adaptationStrength, spikes, plus: driven)
  }
}

final class ReferencePool: ReferenceLayer {
  let pool: PoolDescription
  let input: [Int]
  let output: [Int]

  init(_ pool: PoolDescription, _ input: [Int], _ output: [Int]) {
    self.pool = pool
    func map(_ shape: [Int]) -> [Int] {
      shape.count == 1 ? [1, shape[0], 1] : shape.count == 2 ? [1, shape[0], shape[1]] : shape
    }
    (self.input, self.output) = (map(input), map(output))
    isRow = input.count < 3
  }
  let isRow: Bool

  func step(_ values: [Double], _ meter: Meter) -> [Double] {
    let (sizeY, strideY) = isRow ? (1, 1) : (pool.size.height, pool.stride.height)
    return (0..<output.reduce(1, *)).map { place in
      let (channel, x, y) = (place % output[2], place / output[2] % output[1], place / output[2] / output[1])
      var found: [Double] = []
      for dy in 0..<sizeY {
        for dx in 0..<pool.size.width {
          found.append(values[((y * strideY + dy) * input[1] + x * pool.stride.width + dx) * input[2] + channel])
        }
      }
      if pool.kind == .max { return found.max() ?? 0 }
      let sum = found.dropFirst().reduce(found[0]) { meter.add($0, $1) }
      return pool.kind == .average ? meter.multiply(sum, 1 / Double(found.count)) : sum
    }
  }
}

final class ReferenceDelay: ReferenceLayer {
  let delay: DelayDescription
  let parameters: [Double]
  var past: [[Double]] = []

  init(_ delay: DelayDescription, _ units: Int, _ parameters: [Double]) {
    (self.delay, self.parameters) = (delay, parameters)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    past.append(input)
    return input.indices.map { unit in
      let steps = Double(delay.maximum) / (1 + exp(-parameters[unit]))
      func earlier(_ steps: Int) -> Double { steps < past.count ? past[past.count - 1 - steps][unit] : 0 }
      let part = steps - steps.rounded(.down)
      let near = meter.multiply(1 - part, earlier(Int(steps)))
      return meter.multiply(part, earlier(Int(steps) + 1), plus: near)
    }
  }
}

final class ReferenceContext: ReferenceLayer {
  let context: ContextDescription
  let channels: Int
  let parameters: [Double]
  /// What every stream is told here.
  static let told = [1.0, 0, 0.5]

  init(_ context: ContextDescription, _ channels: Int, _ parameters: [Double]) {
    (self.context, self.channels, self.parameters) = (context, channels, parameters)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    var drive = [Double](repeating: 0, count: channels)
    for unit in 0..<context.units {
      for channel in 0..<channels {
        meter.meet(parameters[unit * channels + channel], Self.told[unit], into: &drive[channel])
      }
    }
    return input.indices.map { meter.add(input[$0], drive[$0 % channels]) }
  }
}

final class ReferenceFrames: ReferenceLayer {
  let frames: FramesDescription
  let channels: Int
  var past: [[Double]]
  var steps = 0

  init(_ frames: FramesDescription, _ width: Int, channels: Int) {
    self.frames = frames
    self.channels = channels
    past = [[Double]](repeating: [Double](repeating: 0, count: width), count: frames.steps)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    past = past.dropFirst() + [input]
    steps += 1
    guard steps % frames.stride == 0 else { return [] }
    guard frames.channels else { return Array(past.joined()) }
    // At every place the channels of all frames, one frame after another.
    return stride(from: 0, to: past[0].count, by: channels).flatMap { place in
      past.flatMap { $0[place..<place + channels] }
    }
  }
}

final class ReferenceResidual: ReferenceLayer {
  let inner: [ReferenceLayer]
  let around: [ReferenceLayer]
  let layers: [any Layer<Double>]

  init(_ residual: ResidualDescription, _ layer: any Layer<Double>, _ parameters: [Double]) {
    layers = (layer as? Residual<Double>)?.inner ?? []
    var offset = 0
    let all = zip(layers, residual.inner).map { layer, description in
      let own = Array(parameters[offset..<offset + layer.parameterCount])
      offset += layer.parameterCount
      return reference(layer, description, own)
    }
    inner = Array(all.prefix(residual.layers.count))
    around = Array(all.dropFirst(residual.layers.count))
  }

  private func run(_ layers: [ReferenceLayer], _ first: Int, _ input: [Double], _ meter: Meter) -> [Double] {
    var values = input
    var areCounts = meter.isOfCounts
    for (index, layer) in layers.enumerated() where !values.isEmpty {
      meter.isOfCounts = areCounts && self.layers[first + index].kind != "neurons"
      values = layer.step(values, meter)
      areCounts = self.layers[first + index].emitsCounts(from: areCounts)
    }
    return values
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    let isOfCounts = meter.isOfCounts
    let main = run(inner, 0, input, meter)
    meter.isOfCounts = isOfCounts
    let shortcut = run(around, inner.count, input, meter)
    meter.isOfCounts = isOfCounts
    return zip(main, shortcut).map { meter.add($0, $1) }
  }
}
