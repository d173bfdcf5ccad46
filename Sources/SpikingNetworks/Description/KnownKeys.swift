/// A keyed container that refuses keys it does not know: a misspelt option must not pass for its default.
struct KnownKeys<Key: CodingKey & CaseIterable> {
  let container: KeyedDecodingContainer<Key>

  init(_ decoder: any Decoder, _: Key.Type) throws {
    let every = try decoder.container(keyedBy: AnyKey.self)
    let known = Set(Key.allCases.map(\.stringValue))
    for key in every.allKeys where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath + [key],
          debugDescription:
            "unknown option '\(key.stringValue)'; known are \(known.sorted().joined(separator: ", "))"))
    }
    container = try decoder.container(keyedBy: Key.self)
  }

  func value<Value: Decodable>(_ key: Key, or standard: Value) throws -> Value {
    try container.decodeIfPresent(Value.self, forKey: key) ?? standard
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
