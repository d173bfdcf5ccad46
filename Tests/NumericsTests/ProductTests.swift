import CBLAS
import Numerics
import Testing

@Suite("Products")
struct ProductTests {
  @Test("BLAS has one thread, however many processors there are, without being told")
  func threads() { #expect(openblas_get_num_threads() == 1) }

  private func numbers(_ count: Int, seed: UInt64, density: Double = 1) -> [Float] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in random.uniform() < density ? Float(random.uniform(in: -2...2)) : 0 }
  }

  @Test(
    "A scattered row and a multiplied row agree to the last bit",
    arguments: [(1, 1), (7, 3), (64, 10), (33, 16), (120, 35), (50, 128), (9, 24)])
  func scatteredEqualsMultiplied(depth: Int, width: Int) {
    for density in [0.0, 0.1, 0.5, 1.0] {
      let input = numbers(depth * 3, seed: 1, density: density)
      let weights = numbers(depth * width, seed: 2)
      var dense = numbers(3 * width, seed: 3)
      var sparse = dense
      var active = [UInt32](repeating: 0, count: depth)
      Float.multiply(
        input, inputStride: depth, weights, rows: 3, depth: depth, width: width, into: &dense, outputStride: width)
      for row in 0..<3 {
        let values = Array(input[row * depth..<(row + 1) * depth])
        let count = Float.listActive(values, width: depth, into: &active)
        #expect(count == values.filter { $0 != 0 }.count)
        #expect(Array(active[..<count]) == values.indices.filter { values[$0] != 0 }.map { UInt32($0) })
        sparse.withUnsafeMutableBufferPointer { sparse in
          guard let base = sparse.baseAddress else { return }
          Float.scatter(active: active, count: count, values, weights, width: width, into: base + row * width)
        }
      }
      #expect(dense.map(\.bitPattern) == sparse.map(\.bitPattern))
    }
  }

  @Test(
    "A product is the sum it stands for", arguments: [(1, 5, 3), (6, 8, 16), (13, 40, 37), (48, 27, 9), (5, 3, 10)])
  func productIsTheSum(rows: Int, depth: Int, width: Int) {
    let input = numbers(rows * depth, seed: 4)
    let weights = numbers(depth * width, seed: 5)
    var output = numbers(rows * width, seed: 6)
    let before = output
    Float.multiply(
      input, inputStride: depth, weights, rows: rows, depth: depth, width: width, into: &output, outputStride: width)
    for row in 0..<rows {
      for column in 0..<width {
        var sum = Double(before[row * width + column])
        for index in 0..<depth {
          sum += Double(input[row * depth + index]) * Double(weights[index * width + column])
        }
        #expect(abs(Double(output[row * width + column]) - sum) < 1e-4)
      }
    }
  }
}
