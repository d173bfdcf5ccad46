/// Options of a recipe read from a map: unknown keys are refused, absent ones take their default.
struct Options<Key: CodingKey & CaseIterable> {
  let container: KeyedDecodingContainer<Key>

  init(_ decoder: any Decoder, _: Key.Type) throws {
    let known = Set(Key.allCases.map(\.stringValue))
    for key in try decoder.container(keyedBy: AnyKey.self).allKeys where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath + [key],
          debugDescription: "unknown option '\(key.stringValue)'; known are \(known.sorted().joined(separator: ", "))"))
    }
    container = try decoder.container(keyedBy: Key.self)
  }

  func value<Value: Decodable>(_ key: Key, or standard: Value) throws -> Value {
    try container.decodeIfPresent(Value.self, forKey: key) ?? standard
  }

  /// A text or a number as text; nil where it is absent.
  func text(_ key: Key) throws -> String? {
    guard container.contains(key), try !container.decodeNil(forKey: key) else { return nil }
    if let whole = try? container.decode(Int.self, forKey: key) { return "\(whole)" }
    if let number = try? container.decode(Double.self, forKey: key) { return "\(number)" }
    return try container.decode(String.self, forKey: key)
  }

  func required<Value: Decodable>(_ key: Key) throws -> Value {
    try container.decode(Value.self, forKey: key)
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
