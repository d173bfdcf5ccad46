import CSndFile
import Foundation
import TestSupport
import Testing

@testable import Audio

/// What came of reading a sound to its end: the samples of every recording in it, and all that was told.
struct Heard: Equatable {
  struct Part: Equatable {
    var container: String
    var sampleRate: Int
    var channels: Int
    var samples: [Float]
  }

  var parts: [Part] = []
  var notices: [String] = []
  var errors: [AudioError.Reason] = []

  /// Whether the recordings are these; says no more than that, for a failure would print every sample.
  func holds(_ samples: [[Float]]) -> Bool { parts.map(\.samples) == samples }

  /// - Parameter chunk: samples that are asked for at once.
  init(_ open: () throws(AudioError) -> SoundFileReader, chunk: Int = 160) {
    do throws(AudioError) {
      let reader = try open()
      var goesOn = true
      while goesOn {
        var part = Part(
          container: reader.container, sampleRate: reader.sampleRate, channels: reader.channels, samples: [])
        do throws(AudioError) {
          while case let more = try reader.read(count: chunk), !more.isEmpty { part.samples += more }
        } catch {
          errors.append(error.reason)
        }
        parts.append(part)
        goesOn = try reader.nextStretch()
      }
      notices = reader.notices
    } catch {
      errors.append(error.reason)
    }
  }

  /// Reads bytes as a file.
  static func file(
    _ bytes: [UInt8], options: SoundReadingOptions = SoundReadingOptions(), isGrowing: Bool = false, chunk: Int = 160
  ) throws -> Heard {
    let file = try TemporaryFile(bytes)
    return Heard(
      { () throws(AudioError) in
        try SoundFileReader(.path(file.path), options: options, isGrowing: isGrowing)
      }, chunk: chunk)
  }

  /// Reads bytes as they come through a pipe in pieces.
  static func pipe(
    _ bytes: [UInt8], options: SoundReadingOptions = SoundReadingOptions(), assumesSamples: Bool = true,
    piece: Int = 1_009, chunk: Int = 160
  ) throws -> Heard {
    let pipe = try FilledPipe(bytes, piece: piece)
    defer { close(pipe.readEnd) }
    return Heard(
      { () throws(AudioError) in
        try SoundFileReader(
          .descriptor(pipe.readEnd, name: "-"), options: options, assumesSamples: assumesSamples)
      }, chunk: chunk)
  }
}

/// A sound as libsndfile writes it.
func written(_ format: Int, _ samples: [Float], sampleRate: Int32 = 16_000, channels: Int32 = 1) throws -> [UInt8] {
  let file = try TemporaryFile([])
  var info = SF_INFO()
  (info.samplerate, info.channels, info.format) = (sampleRate, channels, Int32(format))
  let handle = try #require(sf_open(file.path, Int32(SFM_WRITE), &info))
  let frames = sf_count_t(samples.count / Int(channels))
  #expect(sf_writef_float(handle, samples, frames) == frames)
  sf_close(handle)
  return Array(try Data(contentsOf: URL(fileURLWithPath: file.path)))
}

/// A tone that is at another place in its swing at every sample.
func tone(_ count: Int, frequency: Double = 440, sampleRate: Double = 16_000) -> [Float] {
  (0..<count).map { Float(0.5 * sin(2 * .pi * frequency * Double($0) / sampleRate)) }
}

let values = (0..<3_000).map { Int16(truncatingIfNeeded: $0 &* 29 &- 15_000) }

/// Samples as they are read.
func read(_ values: [Int16]) -> [Float] { values.map { Float($0) / 32_768 } }
