import SoundEncoders
import Spiketrum

/// The encoders Spiketrum is compared with, as a recipe names them.
public enum BaselineEncoder: Codable, Sendable, Equatable {
  case sendOnDelta(decibels: Double, floor: Float)
  case integrateAndFire(timeConstantMicroseconds: Int64, gain: Double)
  case latency(floorDecibels: Double, windowSteps: Int)
  case logMel(windowMicroseconds: Int64, floorDecibels: Double)
  case poisson(floorDecibels: Double, spikesPerSecond: Double, seed: UInt64)
  case directCurrent(floorDecibels: Double)

  /// The encoder on the channels of a dictionary, in steps of a given length. Throws ``EncoderError`` when a setting is
  /// outside the range its coder gives.
  public func make(
    _ parameters: GammatoneDictionary.Parameters, stepMicroseconds: Int64
  ) throws(EncoderError) -> any SoundEncoder {
    func stepped(_ coder: some StepCoder) throws(EncoderError) -> any SoundEncoder {
      try SteppedEncoder(coder, sampleRate: parameters.sampleRate, stepMicroseconds: stepMicroseconds)
    }
    return switch self {
    case .sendOnDelta(let decibels, let floor):
      try stepped(SendOnDeltaCoder(parameters, decibels: decibels, floor: floor))
    case .integrateAndFire(let timeConstantMicroseconds, let gain):
      try stepped(
        IntegrateAndFireCoder(parameters, timeConstantMicroseconds: timeConstantMicroseconds, gain: gain))
    case .latency(let floorDecibels, let windowSteps):
      try stepped(LatencyCoder(parameters, floorDecibels: floorDecibels, windowSteps: windowSteps))
    case .logMel(let windowMicroseconds, let floorDecibels):
      try stepped(LogMelCoder(parameters, windowMicroseconds: windowMicroseconds, floorDecibels: floorDecibels))
    case .poisson(let floorDecibels, let spikesPerSecond, let seed):
      try stepped(
        PoissonCoder(parameters, floorDecibels: floorDecibels, spikesPerSecond: spikesPerSecond, seed: seed))
    case .directCurrent(let floorDecibels):
      try stepped(DirectCurrentCoder(parameters, floorDecibels: floorDecibels))
    }
  }
}
