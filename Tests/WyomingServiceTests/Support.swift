import ClassifierStreams
import Foundation
import Glibc
import ModelFiles
import StreamSources
import Synchronization

@testable import WyomingService

private let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
  "../../Samples"
)
.standardizedFileURL

/// The wake words that are shipped, and a model that has none.
let words: WakeWords = {
  let models = ["digits", "computer", "jarvis"].map { samples.appendingPathComponent("models/\($0).safetensors").path }
  return WakeWords(models.compactMap { path in (try? Model(reading: path)).flatMap { try? PreparedModel($0) } })
}()

/// A recording of 16 bits and 16 kHz as a satellite sends it, with silence before and behind it.
func sound(_ name: String) throws -> [UInt8] {
  let bytes = [UInt8](try Data(contentsOf: samples.appendingPathComponent("recordings/wake/\(name).wav")))
  return [UInt8](repeating: 0, count: 64_000) + bytes.dropFirst(44) + [UInt8](repeating: 0, count: 16_000)
}

/// An event as a satellite writes it.
func event(_ type: String, _ data: String = "", _ payload: [UInt8] = []) -> [UInt8] {
  var header = "{\"type\":\"\(type)\""
  if !data.isEmpty { header += ",\"data_length\":\(data.utf8.count)" }
  if !payload.isEmpty { header += ",\"payload_length\":\(payload.count)" }
  return Array("\(header)}\n\(data)".utf8) + payload
}

let format = #"{"rate":16000,"width":2,"channels":1}"#

/// A stream of sound with its beginning and end.
func stream(_ sound: [UInt8], chunk: Int = 2_048) -> [UInt8] {
  var bytes = event("audio-start", format)
  for begin in stride(from: 0, to: sound.count, by: chunk) {
    bytes += event("audio-chunk", format, Array(sound[begin..<min(sound.count, begin + chunk)]))
  }
  return bytes + event("audio-stop")
}

/// What a service has said, as the types of its events and their data.
struct Said: Equatable {
  var type: String
  var data: [String: String]

  init(_ type: String, _ data: [String: String] = [:]) { (self.type, self.data) = (type, data) }

  /// Reads what a service has written.
  static func read(_ bytes: [UInt8]) throws -> [Said] {
    var said: [Said] = []
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 10) {
      let header = try JSONSerialization.jsonObject(with: Data(rest[..<end])) as? [String: Any] ?? [:]
      rest = rest[(end + 1)...]
      let length = header["data_length"] as? Int ?? 0
      guard rest.count >= length else { break }
      let data = length == 0 ? [:] : try JSONSerialization.jsonObject(with: Data(rest.prefix(length))) as? [String: Any]
      rest = rest.dropFirst(length)
      said.append(Said(header["type"] as? String ?? "", (data ?? [:]).mapValues { "\($0)" }))
    }
    return said
  }
}
