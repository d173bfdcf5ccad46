import Numerics
import Testing

@testable import SpikingNetworks

@Suite("Convolution")
struct ConvolutionTests {
  private func numbers(_ count: Int, seed: UInt64, density: Double = 1) -> [Float] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in random.uniform() < density ? Float(random.uniform(in: -2...2)) : 0 }
  }

  static let shapes: [Convolution<Float>] = [
    .init(
      height: 9, width: 7, inputChannels: 3, channels: 8, kernel: (3, 3), stride: (1, 1), padding: (1, 1), groups: 1),
    .init(
      height: 8, width: 11, inputChannels: 4, channels: 20, kernel: (5, 3), stride: (2, 3), padding: (2, 0), groups: 2),
    .init(
      height: 1, width: 30, inputChannels: 6, channels: 6, kernel: (1, 4), stride: (1, 2), padding: (0, 2), groups: 6),
    .init(
      height: 8, width: 9, inputChannels: 12, channels: 40, kernel: (3, 3), stride: (1, 1), padding: (1, 1), groups: 1),
    .init(
      height: 9, width: 10, inputChannels: 16, channels: 200, kernel: (3, 4), stride: (2, 3), padding: (2, 1),
      groups: 1),
    .init(
      height: 6, width: 6, inputChannels: 5, channels: 17, kernel: (2, 2), stride: (2, 2), padding: (0, 0), groups: 1),
    .init(
      height: 40, width: 70, inputChannels: 6, channels: 42, kernel: (5, 4), stride: (1, 1), padding: (2, 1), groups: 2),
    .init(
      height: 1, width: 50, inputChannels: 9, channels: 72, kernel: (1, 7), stride: (1, 1), padding: (0, 3), groups: 1),
    .init(
      height: 17, width: 9, inputChannels: 2, channels: 3, kernel: (3, 3), stride: (1, 1), padding: (1, 1), groups: 1),
    .init(
      height: 6, width: 13, inputChannels: 3, channels: 4, kernel: (3, 3), stride: (1, 1), padding: (0, 0), groups: 1),
    .init(
      height: 1, width: 40, inputChannels: 3, channels: 9, kernel: (1, 5), stride: (1, 1), padding: (0, 4), groups: 1),
    .init(
      height: 30, width: 11, inputChannels: 1, channels: 1, kernel: (2, 5), stride: (1, 1), padding: (1, 3), groups: 1),
  ]

  @Test("Scattered and whole maps agree to the last bit", arguments: shapes.indices)
  func scatteredEqualsWhole(index: Int) {
    let convolution = Self.shapes[index]
    let weights = numbers(convolution.weightCount, seed: 1)
    for density in [0.0, 0.05, 0.2] {
      let input = numbers(convolution.inputs, seed: 2, density: density)
      var active = [UInt32](repeating: 0, count: convolution.inputs)
      let count = Float.listActive(input, width: convolution.inputs, into: &active)
      var workspace = [Float](repeating: 0, count: convolution.stepRoom)
      var scattered = numbers(convolution.outputs, seed: 3)
      var whole = scattered
      convolution.add(
        input, active: active, activeCount: count, weights: weights, to: &scattered, workspace: &workspace)
      convolution.add(input, active: active, activeCount: nil, weights: weights, to: &whole, workspace: &workspace)
      #expect(scattered.map(\.bitPattern) == whole.map(\.bitPattern))
    }
  }

  @Test("A convolution is the sum it stands for", arguments: shapes.indices)
  func convolutionIsTheSum(index: Int) {
    let convolution = Self.shapes[index]
    let shape = convolution.shape
    let weights = numbers(convolution.weightCount, seed: 1)
    let input = numbers(convolution.inputs, seed: 2)
    var workspace = [Float](repeating: 0, count: convolution.stepRoom)
    var output = [Float](repeating: 0, count: convolution.outputs)
    convolution.add(input, active: [], activeCount: nil, weights: weights, to: &output, workspace: &workspace)
    let inner = Int(shape.in_channels) / convolution.groups
    for place in 0..<convolution.places {
      for channel in 0..<convolution.channels {
        let group = channel / convolution.groupChannels
        var sum = 0.0
        for ky in 0..<Int(shape.kernel_height) {
          for kx in 0..<Int(shape.kernel_width) {
            let y = place / Int(shape.out_width) * Int(shape.stride_y) + ky - Int(shape.padding_y)
            let x = place % Int(shape.out_width) * Int(shape.stride_x) + kx - Int(shape.padding_x)
            guard (0..<Int(shape.in_height)).contains(y), (0..<Int(shape.in_width)).contains(x) else { continue }
            for c in 0..<inner {
              let value = input[(y * Int(shape.in_width) + x) * Int(shape.in_channels) + group * inner + c]
              let block = group * Int(shape.kernel_height) * Int(shape.kernel_width) + ky * Int(shape.kernel_width) + kx
              let weight = weights[
                (block * inner + c) * convolution.groupChannels + channel % convolution.groupChannels]
              sum += Double(value) * Double(weight)
            }
          }
        }
        #expect(abs(Double(output[place * convolution.channels + channel]) - sum) < 1e-4)
      }
    }
  }

  @Test(
    "The weight gradient is the sum it stands for, at any density", arguments: shapes.indices, [0.0, 0.02, 0.3, 1.0])
  func weightGradientIsTheSum(index: Int, density: Double) {
    let convolution = Self.shapes[index]
    let shape = convolution.shape
    let (height, width) = (Int(shape.kernel_height), Int(shape.kernel_width))
    let input = numbers(convolution.inputs, seed: 2, density: density)
    let delta = numbers(convolution.outputs, seed: 3)
    let inner = Int(shape.in_channels) / convolution.groups
    var active = [UInt32](repeating: 0, count: convolution.inputs)
    var workspace = [Float](repeating: 0, count: convolution.trainingRoom)
    let start = numbers(convolution.weightCount, seed: 4)
    var gradient = start
    convolution.addWeightGradient(input, active: &active, delta: delta, to: &gradient, workspace: &workspace)
    var expected = start.map(Double.init)
    for index in input.indices where input[index] != 0 {
      let (pixel, channel) = index.quotientAndRemainder(dividingBy: Int(shape.in_channels))
      let (y, x) = pixel.quotientAndRemainder(dividingBy: Int(shape.in_width))
      let (group, c) = channel.quotientAndRemainder(dividingBy: inner)
      for ky in 0..<height {
        for kx in 0..<width {
          let (oy, restY) = (y + Int(shape.padding_y) - ky).quotientAndRemainder(dividingBy: Int(shape.stride_y))
          let (ox, restX) = (x + Int(shape.padding_x) - kx).quotientAndRemainder(dividingBy: Int(shape.stride_x))
          guard restY == 0, restX == 0, (0..<Int(shape.out_height)).contains(oy),
            (0..<Int(shape.out_width)).contains(ox)
          else { continue }
          for k in 0..<convolution.groupChannels {
            let at = ((group * height + ky) * width + kx) * inner + c
            let place = oy * Int(shape.out_width) + ox
            expected[at * convolution.groupChannels + k] +=
              Double(input[index]) * Double(delta[place * convolution.channels + group * convolution.groupChannels + k])
          }
        }
      }
    }
    // Up to 2800 terms of about one are added in single precision.
    #expect(zip(gradient, expected).allSatisfy { abs(Double($0) - $1) < 1e-3 })
    #expect(density == 0 || gradient != start)
  }

  @Test("Sparse and dense gradients of inputs agree", arguments: shapes.indices)
  func gradientsAgree(index: Int) {
    let convolution = Self.shapes[index]
    let weights = numbers(convolution.weightCount, seed: 1)
    let delta = numbers(convolution.outputs, seed: 3, density: 0.1)
    var active = [UInt32](repeating: 0, count: max(convolution.inputs, convolution.outputs))
    var workspace = [Float](repeating: 0, count: convolution.trainingRoom)

    // One more active output gradient than may be scattered makes the dense form run; its own share is taken off again.
    var transposed = weights
    convolution.transpose(weights, into: &transposed)
    var scattered = [Float](repeating: 0, count: convolution.inputs)
    convolution.addInputGradient(
      delta: delta, weights: weights, transposed: transposed, active: &active, to: &scattered, workspace: &workspace)
    let full = numbers(convolution.outputs, seed: 8)
    let both = zip(full, delta).map { $0 + $1 }
    var fromFull = [Float](repeating: 0, count: convolution.inputs)
    var fromBoth = fromFull
    convolution.addInputGradient(
      delta: full, weights: weights, transposed: transposed, active: &active, to: &fromFull, workspace: &workspace)
    convolution.addInputGradient(
      delta: both, weights: weights, transposed: transposed, active: &active, to: &fromBoth, workspace: &workspace)
    #expect(scattered.contains { $0 != 0 })
    for place in scattered.indices {
      #expect(abs(fromBoth[place] - fromFull[place] - scattered[place]) < 1e-3)
    }
  }
}
