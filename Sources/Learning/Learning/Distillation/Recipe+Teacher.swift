import EncoderList
import Foundation
import ModelFiles

// What a recipe and the models it names must have in common.
extension Recipe {
  /// What of the encoder is measured on the training data, or does not change the spikes.
  private var measured: Set<String> {
    switch encoder {
    case .sound(let options): options.measuredSettings
    case .events: ["maximumGapMicroseconds"]
    }
  }

  /// A teacher has to hear what the student hears.
  ///
  /// - Throws: `DistillationError` with what differs.
  func requireEncoder(of teacher: Model?) throws {
    guard let teacher else { return }
    let mine = encoder.configuration
    guard mine.sense == teacher.manifest.sense else {
      throw DistillationError.encoder(
        teacher: teacher.manifest.name,
        differences: ["it is for \(teacher.manifest.sense.rawValue), this recipe for \(mine.sense.rawValue)"])
    }
    let different = try Self.differences(mine, teacher.manifest.encoder).filter { !measured.contains($0.option) }
    guard different.isEmpty else {
      throw DistillationError.encoder(
        teacher: teacher.manifest.name,
        differences: different.map { "\($0.option) is \($0.other), here \($0.own)" })
    }
  }

  /// What may not be meant about the models that the recipe names; called once the encoder is fitted to the data.
  func remarks(teacher: Model?, beginning: Model?) -> [String] {
    func differing(_ model: Model) -> String? {
      guard let found = try? Self.differences(encoder.configuration, model.manifest.encoder), !found.isEmpty else {
        return nil
      }
      return found.map(\.option).joined(separator: ", ")
    }
    var lines: [String] = []
    if let teacher, let options = differing(teacher) {
      lines.append("the teacher's encoder was fitted to other recordings (\(options))")
    }
    if let beginning {
      if beginning.manifest.sense != encoder.sense {
        lines.append("the weights to begin with are of a model for \(beginning.manifest.sense.rawValue)")
      } else if let options = differing(beginning) {
        lines.append("the weights to begin with were trained with another encoder (\(options))")
      }
    }
    return lines
  }

  /// Options of two encoders of one kind that are not the same.
  private static func differences(
    _ own: EncoderConfiguration, _ other: EncoderConfiguration
  ) throws -> [(option: String, own: String, other: String)] {
    func options(_ encoder: EncoderConfiguration) throws -> [String: String] {
      let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(encoder)) as? [String: [String: Any]]
      let map = json?.first?.value ?? [:]
      return try map.mapValues { value in
        // What has options of its own has them in no order.
        guard value is [String: Any] else {
          return "\(value)".split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return String(decoding: try JSONSerialization.data(withJSONObject: value, options: .sortedKeys), as: UTF8.self)
      }
    }
    let (own, other) = (try options(own), try options(other))
    return Set(own.keys).union(other.keys).sorted().compactMap { key in
      own[key] == other[key] ? nil : (key, own[key] ?? "not given", other[key] ?? "not given")
    }
  }
}
