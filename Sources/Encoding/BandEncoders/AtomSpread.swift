import Glibc
import Spiketrum

/// How an atom's energy spreads over steps and over channels.
struct AtomSpread: Sendable {
  /// Milliseconds of an atom's envelope that count.
  private static let envelope = 120
  /// Milliseconds to either side of the middle that the window takes in.
  private static let half = 12

  let stepMilliseconds: Int
  /// Steps before an atom's own that it still reaches into.
  let early: Int
  /// Steps that an atom can reach into, at most.
  let reach: Int
  /// How long after its end a step is still open.
  let lateMicroseconds: Int64
  private let count: Int
  /// `[channel, phase, reach]`.
  private let table: [Float]
  /// `[channel, channel]`: what an atom of one gives the other.
  private let overlap: [Float]

  init(_ dictionary: GammatoneDictionary, stepMilliseconds step: Int) {
    stepMilliseconds = step
    count = dictionary.count
    // From the step's beginning to the window's, which lies about the step's middle.
    let begin = step / 2 - Self.half
    let latest = begin + 2 * Self.half
    lateMicroseconds = Int64(max(0, latest + 1 - step)) * 1_000
    let early = max(0, latest / step)
    self.early = early
    let reach = early + (Self.envelope - 1 - begin + step - 1) / step + 1
    self.reach = reach
    let width = 2 * Self.half + 1
    let hann = (0..<width).map { 0.5 - 0.5 * cos(2 * Double.pi * Double($0 + 1) / Double(width + 1)) }
    let sum = hann.reduce(0, +)
    func erb(_ frequency: Double) -> Double { 24.7 * (4.37 * frequency / 1_000 + 1) }
    let widths = dictionary.centreFrequencies.map { 1.019 * erb($0) }
    table = widths.flatMap { width -> [Float] in
      // The squared envelope of a gammatone of the fourth order, over each millisecond.
      let pieces = (0..<Self.envelope).map { millisecond in
        (0..<16).reduce(0.0) { total, part in
          let t = (Double(millisecond) + (Double(part) + 0.5) / 16) / 1_000
          let envelope = t * t * t * exp(-2 * .pi * width * t)
          return total + envelope * envelope
        }
      }
      let whole = pieces.reduce(0, +)
      return (0..<step).flatMap { phase in
        (0..<reach).map { offset -> Float in
          let start = step * (offset - early) + begin - phase
          return Float(
            hann.indices.reduce(0.0) { total, tap in
              let place = start + tap
              return pieces.indices.contains(place) ? total + hann[tap] / sum * pieces[place] / whole : total
            })
        }
      }
    }
    let frequencies = (0...2_000).map { Double($0) * Double(dictionary.parameters.sampleRate) / 4_000 }
    let spectra = zip(dictionary.centreFrequencies, widths).map { centre, width in
      frequencies.map { pow(1 + ($0 - centre) / width * (($0 - centre) / width), -4) }
    }
    overlap = spectra.flatMap { own in
      let whole = own.reduce(0, +)
      return spectra.map { other in Float(zip(own, other).reduce(0) { $0 + $1.0 * $1.1 } / whole) }
    }
  }

  /// Of each step from `early` before the atom's own on, what share of its energy falls into it.
  func weights(of channel: Int, phase: Int) -> ArraySlice<Float> {
    let start = (channel * stepMilliseconds + phase) * reach
    return table[start..<start + reach]
  }

  /// Lets every channel hear its neighbours.
  func overChannels(_ energies: [Float], at start: Int, into output: inout [Float]) {
    for channel in output.indices { output[channel] = 0 }
    for channel in 0..<count where energies[start + channel] != 0 {
      let energy = energies[start + channel]
      for other in 0..<count { output[other] += energy * overlap[channel * count + other] }
    }
  }
}
