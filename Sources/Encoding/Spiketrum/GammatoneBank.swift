import CKernels
import Glibc
import SoundEncoders

/// A streaming bank of gammatone filters on the channels of a dictionary, each of unit gain at its centre frequency.
///
/// A cascade of complex poles at `exp((-2 pi b + 2 pi i f) / sampleRate)`; its impulse response is the gammatone without
/// truncation. The magnitude of the complex output is the envelope.
public struct GammatoneBank: Sendable {
  /// What its kernels were made of.
  public let parameters: GammatoneDictionary.Parameters
  private let poles: [Double]
  private let gains: [Double]
  private var state: [Double]
  private var fine: [Float] = []
  private var envelope: [Float] = []

  /// Throws ``EncoderError`` when a parameter is outside the range its documentation gives; truncation and phase play
  /// no part.
  public init(_ parameters: GammatoneDictionary.Parameters) throws(EncoderError) {
    try GammatoneDictionary.check(parameters)
    self.parameters = parameters
    let rate = Double(parameters.sampleRate)
    var poles: [Double] = []
    var gains: [Double] = []
    for frequency in GammatoneDictionary.centreFrequencies(parameters) {
      let radius = exp(-2 * Double.pi * equivalentBandwidth(frequency) / rate)
      poles += [radius * cos(2 * Double.pi * frequency / rate), radius * sin(2 * Double.pi * frequency / rate)]
      // Half of a real tone's energy lies at the negative frequency, which the cascade removes.
      gains.append(2 * pow(1 - radius, Double(parameters.order)))
    }
    self.poles = poles
    self.gains = gains
    state = [Double](repeating: 0, count: 2 * parameters.order * parameters.channelCount)
  }

  /// Number of channels.
  public var count: Int { parameters.channelCount }

  /// Filters samples; `body` gets the fine structure and the envelope, `samples.count` values for each channel.
  public mutating func push<Result>(
    _ samples: Span<Float>, _ body: (_ fine: Span<Float>, _ envelope: Span<Float>) -> Result
  ) -> Result {
    let total = samples.count * count
    if fine.count < total {
      fine = [Float](repeating: 0, count: total)
      envelope = [Float](repeating: 0, count: total)
    }
    let channels = Int64(count)
    let order = Int64(parameters.order)
    samples.withUnsafeBufferPointer { samples in
      poles.withUnsafeBufferPointer { poles in
        gains.withUnsafeBufferPointer { gains in
          state.withUnsafeMutableBufferPointer { state in
            fine.withUnsafeMutableBufferPointer { fine in
              envelope.withUnsafeMutableBufferPointer { envelope in
                ganglion_gammatone_bank(
                  channels, order, poles.baseAddress, gains.baseAddress, state.baseAddress, samples.baseAddress,
                  Int64(samples.count), fine.baseAddress, envelope.baseAddress)
              }
            }
          }
        }
      }
    }
    return body(fine.span.extracting(0..<total), envelope.span.extracting(0..<total))
  }

  /// Mean envelope of each channel in frames of a given length, `frames * count` values, frame after frame: a cochleagram.
  public static func cochleagram(
    of samples: [Float], _ parameters: GammatoneDictionary.Parameters, frameSamples: Int
  ) throws(EncoderError) -> [Float] {
    try EncoderError.require(frameSamples > 0, "frameSamples", frameSamples, "positive")
    var bank = try GammatoneBank(parameters)
    var frames: [Float] = []
    for start in Swift.stride(from: 0, to: samples.count, by: frameSamples) {
      let frame = samples[start..<min(start + frameSamples, samples.count)]
      bank.push(frame.span) { _, envelope in
        for channel in 0..<parameters.channelCount {
          var sum: Float = 0
          for index in 0..<frame.count { sum += envelope[channel * frame.count + index] }
          frames.append(sum / Float(frame.count))
        }
      }
    }
    return frames
  }
}
