import Foundation

/// Repeatable pseudo-random numbers (SplitMix64).
package struct SplitMix: RandomNumberGenerator {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// A gliding harmonic tone with pauses and a little noise: something like a voice.
package func voice(samples: Int, sampleRate: Int, seed: UInt64 = 1, loudness: Double = 0.3) -> [Float] {
  var random = SplitMix(state: seed)
  var phase = 0.0
  return (0..<samples).map { index in
    let t = Double(index) / Double(sampleRate)
    phase += 2 * Double.pi * (130 + 40 * sin(2 * Double.pi * 1.7 * t)) / Double(sampleRate)
    let envelope = max(0, sin(2 * Double.pi * 2.3 * t + 0.4))
    var value = 0.0
    for harmonic in 1...12 {
      let formant = exp(-pow((Double(harmonic) - 4 - 2 * sin(3 * t)) / 2.5, 2))
      value += formant * sin(Double(harmonic) * phase)
    }
    return Float(loudness * (0.5 * envelope * value + 0.02 * Double.random(in: -1...1, using: &random)))
  }
}
