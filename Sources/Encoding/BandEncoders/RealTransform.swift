import Glibc

/// Power spectrum of real samples: radix-2 Fourier transform, decimation in time, tables made once.
package struct RealTransform: Sendable {
  package let size: Int
  /// Squared magnitudes of bins 0...size / 2 after ``power(of:)``.
  package private(set) var power: [Float]
  private let cosines: [Float]
  private let sines: [Float]
  private let reversed: [Int]
  private var real: [Float]
  private var imaginary: [Float]

  package init(atLeast length: Int) {
    var bits = 1
    while 1 << bits < length { bits += 1 }
    size = 1 << bits
    let size = size
    power = [Float](repeating: 0, count: size / 2 + 1)
    cosines = (0..<size / 2).map { Float(cos(2 * Double.pi * Double($0) / Double(size))) }
    sines = (0..<size / 2).map { Float(-sin(2 * Double.pi * Double($0) / Double(size))) }
    reversed = (0..<size).map { index in
      (0..<bits).reduce(0) { $0 | ((index >> $1) & 1) << (bits - 1 - $1) }
    }
    real = [Float](repeating: 0, count: size)
    imaginary = real
  }

  /// Transforms `size` samples.
  package mutating func power(of samples: [Float]) {
    for index in 0..<size {
      real[index] = samples[reversed[index]]
      imaginary[index] = 0
    }
    var half = 1
    while half < size {
      let turn = size / (2 * half)
      for start in stride(from: 0, to: size, by: 2 * half) {
        for offset in 0..<half {
          let a = start + offset
          let b = a + half
          let c = cosines[offset * turn]
          let s = sines[offset * turn]
          let re = real[b] * c - imaginary[b] * s
          let im = real[b] * s + imaginary[b] * c
          real[b] = real[a] - re
          imaginary[b] = imaginary[a] - im
          real[a] += re
          imaginary[a] += im
        }
      }
      half *= 2
    }
    for bin in power.indices { power[bin] = real[bin] * real[bin] + imaginary[bin] * imaginary[bin] }
  }
}
