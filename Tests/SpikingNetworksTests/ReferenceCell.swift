import Foundation

@testable import SpikingNetworks

/// The spiking convolutional LSTM and its attention as their descriptions write them.
final class ReferenceCell: ReferenceLayer {
  let cell: ConvLSTMDescription
  let shape: [Int]
  let parameters: [Double]
  var hidden: [Double]
  var memory: [Double]
  var attention: ReferenceAttention?

  init(_ cell: ConvLSTMDescription, _ shape: [Int], _ parameters: [Double]) {
    (self.cell, self.shape, self.parameters) = (cell, shape, parameters)
    hidden = [Double](repeating: 0, count: shape[0] * shape[1] * cell.channels)
    memory = hidden
    guard cell.attention.kind != .none else { return }
    attention = ReferenceAttention(
      cell.attention, [shape[0], shape[1], cell.attention.placement == .input ? shape[2] : cell.channels],
      parameters[(weights(shape[2]) + weights(cell.channels) + 4 * cell.channels)...])
  }

  private func weights(_ inputs: Int) -> Int {
    cell.kernel.height * cell.kernel.width * inputs * 4 * cell.channels
  }

  private func attended(_ map: [Double], _ placement: AttentionDescription.Placement, _ meter: Meter) -> [Double] {
    guard let attention, cell.attention.placement == placement else { return map }
    return attention.step(map, meter)
  }

  func step(_ input: [Double], _ meter: Meter) -> [Double] {
    let (places, channels) = (shape[0] * shape[1], cell.channels)
    let fromHidden = weights(shape[2])
    let biases = fromHidden + weights(channels)
    var gates = (0..<places * 4 * channels).map { parameters[biases + $0 % (4 * channels)] }
    for (map, inputs, first) in [
      (attended(input, .input, meter), shape[2], 0), (attended(hidden, .hidden, meter), channels, fromHidden),
    ] {
      referenceConvolution(
        map, [shape[0], shape[1], inputs], weights: parameters[first...], channels: 4 * channels,
        kernel: (cell.kernel.height, cell.kernel.width), stride: (1, 1),
        padding: (cell.kernel.height / 2, cell.kernel.width / 2), groups: 1, meter: meter, into: &gates)
    }
    func gate(_ number: Int, _ unit: Int) -> Double {
      gates[unit / channels * 4 * channels + number * channels + unit % channels]
    }
    let forget = attended((0..<places * channels).map { meter.sigmoid(gate(1, $0)) }, .forgetGate, meter)
    for unit in memory.indices {
      let candidate = meter.multiply(meter.sigmoid(gate(0, unit)), meter.hyperbolicTangent(gate(3, unit)))
      memory[unit] = meter.multiply(forget[unit], memory[unit], plus: candidate)
      hidden[unit] = meter.multiply(meter.sigmoid(gate(2, unit)), meter.hyperbolicTangent(memory[unit]))
    }
    return cell.output == .hidden ? hidden : hidden.map { $0 >= cell.threshold ? 1 : 0 }
  }
}

/// Channel attention, then spatial attention.
final class ReferenceAttention {
  let attention: AttentionDescription
  let shape: [Int]
  let parameters: [Double]
  var channelKept: [Double]
  var placeKept: [Double]

  init(_ attention: AttentionDescription, _ shape: [Int], _ parameters: ArraySlice<Double>) {
    (self.attention, self.shape, self.parameters) = (attention, shape, Array(parameters))
    channelKept = [Double](repeating: 0, count: shape[2])
    placeKept = [Double](repeating: 0, count: shape[0] * shape[1])
  }

  /// A value of a map, from what drives it and what is kept of its membrane.
  private func unit(_ drive: Double, _ kept: inout Double, _ meter: Meter) -> Double {
    if attention.output == .soft { return meter.sigmoid(drive) }
    let membrane = attention.output == .lif ? meter.scaled(attention.decay, kept, plus: drive) : drive
    let spike = membrane >= 1
    kept = spike ? 0 : membrane
    return spike ? 1 : 0
  }

  /// A value that is let through, or weighted.
  private func gated(_ gate: Double, _ value: Double, _ meter: Meter) -> Double {
    attention.output == .soft ? meter.multiply(gate, value) : gate == 1 ? value : 0
  }

  func step(_ map: [Double], _ meter: Meter) -> [Double] {
    let (places, channels) = (shape[0] * shape[1], shape[2])
    let inner = max(1, channels / attention.reduction)
    var offset = 0
    func block(_ count: Int) -> ArraySlice<Double> {
      defer { offset += count }
      return parameters[offset..<offset + count]
    }
    var result = map
    if attention.kind != .spatial {
      let (first, firstBias) = (Array(block(channels * inner)), Array(block(inner)))
      let (second, secondBias) = (Array(block(inner * channels)), Array(block(channels)))
      func column(_ channel: Int) -> [Double] { (0..<places).map { map[$0 * channels + channel] } }
      func drives(_ statistic: [Double]) -> [Double] {
        var drives = firstBias
        for channel in 0..<channels {
          for unit in 0..<inner { meter.meet(first[channel * inner + unit], statistic[channel], into: &drives[unit]) }
        }
        return drives.map { attention.output == .soft ? max($0, 0) : $0 >= 0 ? 1 : 0 }
      }
      let means = (0..<channels).map { channel in
        let values = column(channel)
        return meter.multiply(values.dropFirst().reduce(values[0]) { meter.add($0, $1) }, 1 / Double(places))
      }
      let maxima = (0..<channels).map { column($0).max() ?? 0 }
      let (fromMeans, fromMaxima) = (drives(means), drives(maxima))
      var gates = secondBias
      for unit in 0..<inner {
        let active = meter.add(fromMeans[unit], fromMaxima[unit])
        for channel in 0..<channels { meter.meet(second[unit * channels + channel], active, into: &gates[channel]) }
      }
      for channel in 0..<channels { gates[channel] = unit(gates[channel], &channelKept[channel], meter) }
      // The kernel weighs the map for the spatial attention and once more for what it hands on.
      if attention.kind == .both, attention.output == .soft { meter.units.multiplications += Double(map.count) }
      result = map.indices.map { gated(gates[$0 % channels], map[$0], meter) }
    }
    guard attention.kind != .channel else { return result }
    let (weights, bias) = (Array(block(2 * attention.kernel * attention.kernel)), Array(block(1))[0])
    let statistics = (0..<places).map { place -> [Double] in
      let values = Array(result[place * channels..<(place + 1) * channels])
      let mean = meter.multiply(values.dropFirst().reduce(values[0]) { meter.add($0, $1) }, 1 / Double(channels))
      return [mean, values.max() ?? 0]
    }
    var gates = [Double](repeating: bias, count: places)
    referenceConvolution(
      statistics.flatMap { $0 }, [shape[0], shape[1], 2], weights: weights[...], channels: 1,
      kernel: (attention.kernel, attention.kernel), stride: (1, 1),
      padding: (attention.kernel / 2, attention.kernel / 2), groups: 1, meter: meter, into: &gates)
    for place in 0..<places { gates[place] = unit(gates[place], &placeKept[place], meter) }
    return result.indices.map { gated(gates[$0 / channels], result[$0], meter) }
  }
}
