import Numerics

/// A sound as the energies in its bands, step after step.
///
/// Energies of sounds that have nothing to do with each other add up, so streams are composed of them: a thousand times as
/// fast as of samples, and exact but for the interference that has a mean of zero.
struct BandClip: Sendable, Equatable {
  let bands: Int
  var energies: [Float]

  var frames: Int { energies.count / bands }

  /// Energy of a step over all bands.
  func energy(of frame: Int) -> Float {
    energies[frame * bands..<(frame + 1) * bands].reduce(0, +)
  }

  /// Mean energy of the steps within 30 dB of the loudest: what is said, without its pauses.
  var activeEnergy: Float {
    let all = (0..<frames).map(energy)
    let floor = (all.max() ?? 0) * 0.001
    let active = all.filter { $0 >= floor && $0 > 0 }
    return active.isEmpty ? 0 : active.reduce(0, +) / Float(active.count)
  }

  var meanEnergy: Float { frames > 0 ? energies.reduce(0, +) / Float(frames) : 0 }

  /// The same at another level; silence stays what it is.
  func scaled(to level: Float, from own: Float) -> BandClip {
    guard own > 0 else { return self }
    let factor = level / own
    return BandClip(bands: bands, energies: energies.map { $0 * factor })
  }

  /// Steps of the clip as one of its own.
  func part(_ range: Range<Int>) -> BandClip {
    BandClip(bands: bands, energies: Array(energies[range.lowerBound * bands..<range.upperBound * bands]))
  }

  /// Where the word of a recording stands: from the first to the last step above what lies around it, pauses of less than
  /// `pause` steps included; the span with the most energy where there are several.
  func wordSpan(pause: Int = 18) -> Range<Int> {
    guard frames > 0 else { return 0..<0 }
    let all = (0..<frames).map(energy)
    let peak = all.max() ?? 0
    let quiet = all.sorted()[frames / 10]
    let floor = max(peak * 1e-3, min(quiet * 6, peak * 0.05))
    var spans: [(range: Range<Int>, energy: Float)] = []
    for frame in 0..<frames where all[frame] > floor {
      if let last = spans.last, frame - last.range.upperBound < pause {
        spans[spans.count - 1] = (last.range.lowerBound..<frame + 1, last.energy + all[frame])
      } else {
        spans.append((frame..<frame + 1, all[frame]))
      }
    }
    return spans.max { $0.energy < $1.energy }?.range ?? 0..<frames
  }
}

/// How a clip is laid into a stream.
struct Placement {
  /// Factor of its energies.
  var gain: Float
  /// Its duration over its own.
  var stretch = 1.0
  /// Bands by which it is moved up.
  var shift = 0.0

  /// Steps that so many of a clip take.
  func frames(of count: Int) -> Int { max(1, Int((Double(count) * stretch).rounded())) }

  /// Adds some steps of a clip to energies from a step on, as far as they reach.
  func add(_ clip: BandClip, _ range: Range<Int>, to energies: inout [Float], at first: Int) {
    let bands = clip.bands
    let count = min(frames(of: range.count), energies.count / bands - first)
    guard count > 0 else { return }
    if stretch == 1 && shift == 0 {
      let from = range.lowerBound * bands
      for index in 0..<min(count, range.count) * bands {
        energies[first * bands + index] += gain * clip.energies[from + index]
      }
      return
    }
    let whole = Int(shift.rounded(.down))
    let part = Float(shift - Double(whole))
    for frame in 0..<count {
      let place = Double(range.lowerBound) + Double(frame) / stretch
      let low = min(Int(place), range.upperBound - 1)
      let high = min(low + 1, range.upperBound - 1)
      let late = Float(place - Double(low))
      let (lower, upper) = (low * bands, high * bands)
      for band in 0..<bands {
        // A band takes what lay `shift` below it.
        let near = band - whole
        let far = near - 1
        var value: Float = 0
        if near >= 0 && near < bands {
          value += (1 - part) * ((1 - late) * clip.energies[lower + near] + late * clip.energies[upper + near])
        }
        if far >= 0 && far < bands {
          value += part * ((1 - late) * clip.energies[lower + far] + late * clip.energies[upper + far])
        }
        energies[(first + frame) * bands + band] += gain * value
      }
    }
  }
}
