import Foundation
import Numerics
import SoundEncoders
import Spiketrum
import TestSupport
import Testing

@testable import BandEncoders

@Suite("Encoders of bands")
struct BandEncoderTests {
  private static let rate = 16_000
  private static let mel = MelConfiguration(sampleRate: rate)
  private static let atoms = SpiketrumBandConfiguration(
    spiketrum: SpiketrumConfiguration(sampleRate: rate, lowestFrequency: 80, highestFrequency: 7_000))
  static let all: [any SoundEncoding] = [mel, atoms]

  private func tone(_ frequency: Double, amplitude: Double = 0.3, seconds: Double = 0.5) -> [Float] {
    (0..<Int(seconds * Double(Self.rate))).map {
      Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(Self.rate)))
    }
  }

  @Test("frames do not depend on how the stream is cut", arguments: 0..<2)
  func chunks(which: Int) throws {
    let encoder = try Self.all[which].makeEncoder()
    let samples = voice(samples: 24_000, sampleRate: Self.rate) + [Float](repeating: 0, count: 4_000)
    let whole = encoder.encode(samples)
    #expect(whole.steps == 175)
    #expect(whole.channels.count > 40 * 50)
    for size in [1, 7, 160, 4_001] {
      var pieces = encoder
      var sequence = SpikeSequence(shape: pieces.shape)
      for start in stride(from: 0, to: samples.count, by: size) {
        pieces.push(Array(samples[start..<min(start + size, samples.count)])) { sequence.append($0) }
      }
      pieces.finish { sequence.append($0) }
      #expect(sequence == whole, "in pieces of \(size)")
    }
  }

  @Test("silence is silent, and an offset is silence", arguments: 0..<2)
  func silence(which: Int) throws {
    let encoder = try Self.all[which].makeEncoder()
    for level: Float in [0, 0.2] {
      let sequence = encoder.encode([Float](repeating: level, count: 16_000))
      #expect(sequence.steps == 100)
      #expect(sequence.channels.isEmpty, "at an offset of \(level)")
    }
  }

  @Test("with a hold, so many steps after the last loud one are coded as they sound, and each loud one begins it anew")
  func hold() throws {
    // What is quiet is under the threshold, but not nothing.
    let quiet = (0..<4_800).map { Float(($0 * 37) % 101) / 101 * 8e-4 - 4e-4 }
    let samples = quiet + tone(500, seconds: 0.1) + quiet[..<800] + tone(500, seconds: 0.1) + quiet
    func active(_ hold: Int64?) throws -> (steps: [Int], sequence: SpikeSequence) {
      var configuration = Self.mel
      configuration.highPassFrequency = nil
      configuration.holdMicroseconds = hold
      let sequence = try configuration.makeEncoder().encode(samples)
      return ((0..<sequence.steps).filter { !sequence.range(ofStep: $0).isEmpty }, sequence)
    }
    let plain = try active(nil)
    #expect(try active(0).sequence == plain.sequence)
    // Windows of 25 ms reach two steps beyond a tone; the pause of 50 ms then has three silent steps.
    #expect(plain.steps == Array(30..<42) + Array(45..<57))
    let held = try active(20_000)
    #expect(held.steps == Array(30..<44) + Array(45..<59))
    #expect(try active(100_000).steps == Array(30..<67))
    // Behind a stream that ends loud there is silence, and it is held as any other.
    func ending(_ hold: Int64?, _ samples: [Float]) throws -> SpikeSequence {
      var configuration = Self.mel
      configuration.compression = .logarithm(floor: 1e-6)
      configuration.holdMicroseconds = hold
      configuration.highPassFrequency = nil
      return try configuration.makeEncoder().encode(samples)
    }
    let loud = tone(500, seconds: 0.2)
    #expect(try ending(nil, loud).steps == 20)
    // Two more windows reach back into the sound.
    #expect(try ending(50_000, loud).steps == 20 + 2 + 5)
    #expect(try ending(50_000, loud + [Float](repeating: 0, count: 640)).steps == 20 + 2 + 5)
    #expect(try ending(50_000, loud) == ending(50_000, loud + [Float](repeating: 0, count: 1_120)))
    #expect(try ending(50_000, loud + [Float](repeating: 0, count: 1_600)).steps == 30)
    #expect(try ending(50_000, []).steps == 0)
    // In the pause the past goes on with what there is instead of with nothing, so that only what is before it is equal.
    for step in 30..<42 {
      let (one, other) = (plain.sequence.range(ofStep: step), held.sequence.range(ofStep: step))
      #expect(Array(plain.sequence.values[one]) == Array(held.sequence.values[other]))
    }
  }

  @Test("a tone is loudest in its own band", arguments: 0..<2)
  func tones(which: Int) throws {
    let encoder = try Self.all[which].makeEncoder()
    var last = -1
    for frequency in [200.0, 500, 1_000, 2_000, 4_000] {
      let sequence = encoder.encode(tone(frequency))
      let range = sequence.range(ofStep: 3)
      let loudest = try #require(range.max { sequence.values[$0] < sequence.values[$1] })
      let channel = Int(sequence.channels[loudest])
      #expect(channel > last)
      last = channel
    }
  }

  @Test("the energy in a band is what the window's spectrum has there")
  func energies() throws {
    // The logarithm, so that the energy can be taken back out of the frame.
    var configuration = Self.mel
    configuration.compression = .logarithm(floor: 1e-8)
    configuration.highPassFrequency = nil
    let samples = voice(samples: 4_000, sampleRate: Self.rate)
    let sequence = try configuration.makeEncoder().encode(samples)
    // By its definition, as slowly as it is written.
    let step = 20
    let end = (step + 1) * 160
    let window = (0..<400).map { (index: Int) -> Double in
      let hann = 0.5 - 0.5 * cos(2 * Double.pi * (Double(index) + 0.5) / 400)
      return Double(samples[end - 400 + index]) * hann
    }
    let power = (0...256).map { bin -> Double in
      let angle = 2 * Double.pi * Double(bin) / 512
      let real = window.indices.reduce(0) { $0 + window[$1] * cos(angle * Double($1)) }
      let imaginary = window.indices.reduce(0) { $0 + window[$1] * sin(angle * Double($1)) }
      return real * real + imaginary * imaginary
    }
    func mel(_ frequency: Double) -> Double { 2595 * log10(1 + frequency / 700) }
    let (low, high) = (mel(80), mel(7_000))
    let edges = (0...41).map { (index: Int) -> Double in
      let place = low + (high - low) * Double(index) / 41
      return 700 * (pow(10, place / 2595) - 1)
    }
    for place in sequence.range(ofStep: step) {
      let band = Int(sequence.channels[place])
      let energy = (0...256).reduce(0.0) { total, bin in
        let frequency = Double(bin) * 31.25
        let rise = (frequency - edges[band]) / (edges[band + 1] - edges[band])
        let fall = (edges[band + 2] - frequency) / (edges[band + 2] - edges[band + 1])
        return total + max(0, min(rise, fall)) * power[bin]
      }
      #expect(abs(exp(Double(sequence.values[place])) - 1e-8 - energy) < 1e-4 * energy + 1e-6, "band \(band)")
    }
  }

  @Test("energies are normalised by their own past, from the first on")
  func normalisation() {
    var compressor = BandCompressor(.usual, bands: 1, means: [], deviations: [])
    var past = 0.0
    for (index, energy) in [4.0, 9, 0.25, 100].enumerated() {
      past = index == 0 ? energy : past + 0.04 * (energy - past)
      var values = [Float(energy)]
      compressor.compress(&values)
      let expected = (energy / pow(1e-6 + past, 0.8) + 2).squareRoot() - 2.0.squareRoot()
      #expect(abs(Double(values[0]) - expected) < 1e-5)
    }
  }

  @Test("after silence the past has faded")
  func fading() {
    var heard = BandCompressor(.usual, bands: 1, means: [], deviations: [])
    var values: [Float] = [1]
    heard.compress(&values)
    for _ in 0..<10 { heard.passSilence() }
    values = [1]
    heard.compress(&values)
    let past = pow(0.96, 10) + 0.04 * (1 - pow(0.96, 10))
    #expect(abs(Double(values[0]) - ((1 / pow(1e-6 + past, 0.8) + 2).squareRoot() - 2.0.squareRoot())) < 1e-5)
  }

  @Test(
    "calibrated, the inputs of the training clips have mean 0 and deviation 1", arguments: ["mel", "spiketrumBands"])
  func calibration(kind: String) throws {
    let json = #"{"sampleRate": 16000, "channels": 20}"#
    let clips = (1...4).map { voice(samples: 16_000, sampleRate: Self.rate, seed: UInt64($0)) }
    let decoder = JSONDecoder()
    var options: any SoundEncodingOptions =
      kind == "mel"
      ? try decoder.decode(MelOptions.self, from: Data(#"{"sampleRate": 16000, "bands": 20}"#.utf8))
      : try decoder.decode(SpiketrumBandOptions.self, from: Data(#"{"spiketrum": \#(json)}"#.utf8))
    #expect(options.needsCalibration)
    try options.calibrate(on: clips)
    #expect(!options.needsCalibration)
    let encoder = try options.configuration.makeEncoder()
    var statistics = BandStatistics(bands: 20)
    for clip in clips {
      let sequence = encoder.encode(clip)
      for step in 0..<sequence.steps {
        let range = sequence.range(ofStep: step)
        statistics.add(channels: Array(sequence.channels[range]), values: Array(sequence.values[range]))
      }
    }
    let found = try #require(statistics.meansAndDeviations)
    #expect(found.means.allSatisfy { abs($0) < 1e-3 }, "\(found.means)")
    #expect(found.deviations.allSatisfy { abs($0 - 1) < 1e-3 }, "\(found.deviations)")
  }

  @Test("an atom's energy is spread over steps and channels, and none of it is lost")
  func spread() throws {
    let dictionary = try GammatoneDictionary(Self.atoms.spiketrum.dictionary)
    let spread = AtomSpread(dictionary, stepMilliseconds: 10)
    for channel in [0, 20, 39] {
      for phase in 0..<10 {
        // Every millisecond of the envelope lies in two or three windows of 25 ms, a step of 10 ms apart, whose taps
        // of a Hann window add up to about a tenth each millisecond.
        let sum = spread.weights(of: channel, phase: phase).reduce(0, +)
        #expect(abs(sum - 0.1) < 0.006, "channel \(channel), phase \(phase): \(sum)")
      }
      var energies = [Float](repeating: 0, count: 40)
      energies[channel] = 1
      var output = energies
      spread.overChannels(energies, at: 0, into: &output)
      #expect(output.indices.max { output[$0] < output[$1] } == channel)
    }
  }

  @Test("settings that make no sense are refused by name")
  func refusals() {
    func why(_ change: (inout MelConfiguration) -> Void) -> String? {
      var configuration = Self.mel
      change(&configuration)
      do throws(EncoderError) {
        _ = try configuration.makeEncoder()
        return nil
      } catch {
        return error.description
      }
    }
    #expect(why { _ in } == nil)
    #expect(why { $0.version = 9 } == "mel encoder version 9; this program has version 1")
    #expect(
      why { $0.highestFrequency = 9_000 }?.hasPrefix("lowestFrequency is 80.0 with highestFrequency 9000.0") == true)
    #expect(why { $0.bands = 0 } == "bands is 0; it must be 1 to 1024")
    #expect(why { $0.means = [1] }?.contains("one a band") == true)
    #expect(
      why { $0.compression = .energyNormalisation(smoothing: 0, gain: 0.8, bias: 2, root: 0.5, floor: 1e-6) }
        == "smoothing is 0.0; it must be over 0 and at most 1")
  }
}
