import Glibc
import Settings
import SoundEncoders

/// How the energy of a frequency band becomes a current.
package enum BandCompression: Codable, Sendable, Equatable {
  /// `log(E + floor)`.
  case logarithm(floor: Float)
  /// Per-channel energy normalisation (Wang et al. 2017, arXiv 1607.05666, eq. 1 and 2): each band against its own recent
  /// past, which takes out steady noise and how loud a recording is.
  ///
  /// `M += smoothing (E − M)`, from the stream's first energy on; `x = (E / (floor + M)^gain + bias)^root − bias^root`.
  case energyNormalisation(smoothing: Float, gain: Float, bias: Float, root: Float, floor: Float)

  /// The constants that did best on words.
  package static let usual = Self.energyNormalisation(smoothing: 0.04, gain: 0.8, bias: 2, root: 0.5, floor: 1e-6)

  func check() throws(EncoderError) {
    switch self {
    case .logarithm(let floor):
      try EncoderError.require(floor > 0 && floor.isFinite, "floor", floor, "positive")
    case .energyNormalisation(let smoothing, let gain, let bias, let root, let floor):
      try EncoderError.require(smoothing > 0 && smoothing <= 1, "smoothing", smoothing, "over 0 and at most 1")
      try EncoderError.require(gain >= 0 && gain <= 1, "gain", gain, "0 to 1")
      try EncoderError.require(bias >= 0 && bias.isFinite, "bias", bias, "0 or more")
      try EncoderError.require(root > 0 && root <= 1, "root", root, "over 0 and at most 1")
      try EncoderError.require(floor > 0 && floor.isFinite, "floor", floor, "positive")
    }
  }
}

/// Compresses the energies of a stream's bands, step after step; a value that holds what it remembers of them.
package struct BandCompressor: Sendable {
  private let compression: BandCompression
  private let means: [Float]
  private let deviations: [Float]
  /// M of each band, once there is a first step.
  private var past: [Float]
  private var hasBegun = false

  /// - Parameters:
  ///   - means, deviations: of each band's compressed energy, by which it is standardised; empty leaves it as it is.
  init(_ compression: BandCompression, bands: Int, means: [Float], deviations: [Float]) {
    self.compression = compression
    self.means = means
    self.deviations = deviations
    past = [Float](repeating: 0, count: bands)
  }

  /// Turns energies into currents in place.
  package mutating func compress(_ energies: inout [Float]) {
    switch compression {
    case .logarithm(let floor):
      for band in energies.indices { energies[band] = log(energies[band] + floor) }
    case .energyNormalisation(let smoothing, let gain, let bias, let root, let floor):
      remember(energies, smoothing)
      let offset = pow(bias, root)
      for band in energies.indices {
        let ratio = energies[band] / pow(floor + past[band], gain) + bias
        energies[band] = (root == 0.5 ? ratio.squareRoot() : pow(ratio, root)) - offset
      }
    }
    guard !means.isEmpty else { return }
    for band in energies.indices { energies[band] = (energies[band] - means[band]) / deviations[band] }
  }

  /// A step without any energy, of which nothing is handed on.
  mutating func passSilence() {
    guard case .energyNormalisation(let smoothing, _, _, _, _) = compression else { return }
    for band in past.indices { past[band] -= smoothing * past[band] }
    hasBegun = true
  }

  private mutating func remember(_ energies: [Float], _ smoothing: Float) {
    if hasBegun {
      for band in past.indices { past[band] += smoothing * (energies[band] - past[band]) }
    } else {
      past = energies
      hasBegun = true
    }
  }
}

/// Mean and standard deviation of each band over the frames of many clips.
struct BandStatistics {
  private var sums: [Double]
  private var squares: [Double]
  private var count = 0

  init(bands: Int) {
    sums = [Double](repeating: 0, count: bands)
    squares = sums
  }

  mutating func add(channels: [UInt32], values: [Float]) {
    guard !channels.isEmpty else { return }
    count += 1
    for (channel, value) in zip(channels, values) {
      sums[Int(channel)] += Double(value)
      squares[Int(channel)] += Double(value) * Double(value)
    }
  }

  /// Nil where there was no frame with anything in it.
  var meansAndDeviations: (means: [Float], deviations: [Float])? {
    guard count > 0 else { return nil }
    let means = sums.map { $0 / Double(count) }
    let deviations = zip(squares, means).map { max(1e-6, max(0, $0 / Double(count) - $1 * $1).squareRoot()) }
    return (means.map { Float($0) }, deviations.map { Float($0) })
  }
}

/// What a recipe says of the compression.
struct CompressionOptions: Decodable {
  let compression: BandCompression

  private enum CodingKeys: String, CodingKey, CaseIterable { case smoothing, gain, bias, root, floor }

  init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    guard case .energyNormalisation(let smoothing, let gain, let bias, let root, let floor) = BandCompression.usual
    else {
      preconditionFailure("the usual compression normalises")
    }
    func number(_ key: CodingKeys, _ bounds: Bounds<Double>, _ usual: Float) throws -> Float {
      Float(try values.number(key, bounds, or: Double(usual)))
    }
    compression = .energyNormalisation(
      smoothing: try number(.smoothing, .over(0, to: 1), smoothing), gain: try number(.gain, .from(0, to: 1), gain),
      bias: try number(.bias, .from(0, to: 1_000), bias), root: try number(.root, .over(0, to: 1), root),
      floor: try number(.floor, .over(0, to: 1), floor))
  }
}
