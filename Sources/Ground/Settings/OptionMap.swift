/// A map of options of which each is known and checked: unknown keys are refused, absent ones take their default, numbers
/// lie within their bounds.
///
/// Everything that is wrong is a `DecodingError.dataCorrupted` whose path is that of the option and whose description
/// has its value and what is allowed.
package struct OptionMap<Key: CodingKey & CaseIterable> {
  private let container: KeyedDecodingContainer<Key>

  /// - Parameter what: what the map is, for the refusal of an unknown key.
  package init(_ decoder: any Decoder, _: Key.Type, _ what: String = "option") throws {
    let known = Key.allCases.map(\.stringValue)
    for key in try Self.keys(decoder) where !known.contains(key.stringValue) {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath + [key],
          debugDescription: unknownName(key.stringValue, what: what, known: known.sorted())))
    }
    container = try decoder.container(keyedBy: Key.self)
  }

  private static func keys(_ decoder: any Decoder) throws -> [OptionPlace] {
    do {
      return try decoder.container(keyedBy: OptionPlace.self).allKeys
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "there is no map of options here, as {name: value}"))
    }
  }

  /// Whether there is such an option, be it without a value.
  package func contains(_ key: Key) -> Bool { container.contains(key) }

  /// An option that checks itself; its default where it is absent.
  package func value<Value: Decodable>(_ key: Key, or standard: Value) throws -> Value {
    try container.decodeIfPresent(Value.self, forKey: key) ?? standard
  }

  /// An option that checks itself and that there must be.
  package func required<Value: Decodable>(_ key: Key) throws -> Value {
    try require(key)
    return try container.decode(Value.self, forKey: key)
  }

  /// A number within its bounds; its default where it is absent.
  package func number<Number: OptionNumber>(
    _ key: Key, _ bounds: Bounds<Number>, or standard: Number
  ) throws -> Number {
    try number(key, bounds) ?? standard
  }

  /// A number within its bounds; nil where it is absent.
  package func number<Number: OptionNumber>(_ key: Key, _ bounds: Bounds<Number>) throws -> Number? {
    let found: Number?
    do {
      found = try container.decodeIfPresent(Number.self, forKey: key)
    } catch {
      throw refusal(key, "'\(shown(key))' is not \(Number.title); it takes one \(bounds)")
    }
    guard let found else { return nil }
    guard bounds.contains(found) else {
      throw refusal(key, "\(shownNumber(found)) is outside its range, \(bounds)")
    }
    return found
  }

  /// A number within its bounds that there must be.
  package func required<Number: OptionNumber>(_ key: Key, _ bounds: Bounds<Number>) throws -> Number {
    try require(key)
    guard let found = try number(key, bounds) else {
      throw refusal(key, "there is no value; it takes \(Number.title) \(bounds)")
    }
    return found
  }

  /// Numbers that all lie within bounds; the default where the list is absent.
  package func numbers<Number: OptionNumber>(
    _ key: Key, _ bounds: Bounds<Number>, count: ClosedRange<Int>, or standard: [Number]
  ) throws -> [Number] {
    let found: [Number]?
    do {
      found = try container.decodeIfPresent([Number].self, forKey: key)
    } catch {
      throw refusal(key, "'\(shown(key))' is no list of numbers; each is \(bounds)")
    }
    guard let found else { return standard }
    let wanted =
      count.lowerBound == count.upperBound ? "\(count.lowerBound)" : "\(count.lowerBound) to \(count.upperBound)"
    guard count.contains(found.count) else { throw refusal(key, "\(found.count) numbers, it takes \(wanted)") }
    if let bad = found.first(where: { !bounds.contains($0) }) {
      throw refusal(key, "\(shownNumber(bad)) is outside its range, \(bounds)")
    }
    return found
  }

  /// A number within its bounds or a list of so many; nil where there is neither.
  package func numberOrList<Number: OptionNumber>(
    _ key: Key, _ bounds: Bounds<Number>, count: Int
  ) throws -> [Number]? {
    guard (try? container.nestedUnkeyedContainer(forKey: key)) != nil else {
      return try number(key, bounds).map { [$0] }
    }
    return try numbers(key, bounds, count: count...count, or: [])
  }

  /// One of the words of a type; its default where it is absent.
  package func choice<Choice: OptionChoice>(_ key: Key, or standard: Choice) throws -> Choice {
    guard container.contains(key), try !container.decodeNil(forKey: key) else { return standard }
    let known = Choice.allCases.map(\.rawValue)
    let word = try? container.decode(String.self, forKey: key)
    guard let found = word.flatMap(Choice.init(rawValue:)) else {
      throw refusal(key, "'\(shown(key))' is none of \(known.joined(separator: ", "))\(guess(word ?? "", known))")
    }
    return found
  }

  /// One of the words of a type that there must be.
  package func required<Choice: OptionChoice>(choice key: Key) throws -> Choice {
    let known = Choice.allCases
    try require(key, "; it is one of \(known.map(\.rawValue).joined(separator: ", "))")
    guard let first = known.first else { throw refusal(key, "there is nothing to choose from") }
    return try choice(key, or: first)
  }

  /// True or false; the default where it is absent.
  package func flag(_ key: Key, or standard: Bool) throws -> Bool {
    do {
      return try container.decodeIfPresent(Bool.self, forKey: key) ?? standard
    } catch {
      throw refusal(key, "'\(shown(key))' is neither true nor false")
    }
  }

  /// A text that is not empty, or a number as text; nil where it is absent.
  package func text(_ key: Key) throws -> String? {
    guard container.contains(key), try !container.decodeNil(forKey: key) else { return nil }
    if let whole = try? container.decode(Int64.self, forKey: key) { return "\(whole)" }
    guard let found = try? container.decode(String.self, forKey: key) else {
      if let number = try? container.decode(Double.self, forKey: key) { return shownNumber(number) }
      throw refusal(key, "\(shown(key)) is no text")
    }
    guard !found.isEmpty else { throw refusal(key, "the text is empty") }
    return found
  }

  /// Texts of which none is empty and none occurs twice; nil where the list is absent.
  package func texts(_ key: Key) throws -> [String]? {
    let found: [String]?
    do {
      found = try container.decodeIfPresent([String].self, forKey: key)
    } catch {
      throw refusal(key, "'\(shown(key))' is no list of texts")
    }
    guard let found else { return nil }
    if found.contains("") { throw refusal(key, "an entry is empty") }
    var seen: Set<String> = []
    if let twice = found.first(where: { !seen.insert($0).inserted }) {
      throw refusal(key, "'\(twice)' is named twice")
    }
    return found
  }

  /// The error for one option of the map.
  package func refusal(_ key: Key, _ problem: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: container.codingPath + [key], debugDescription: problem))
  }

  /// The error for options that do not go together.
  package func refusal(_ problem: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: container.codingPath, debugDescription: problem))
  }

  /// The error for something further down.
  package func refusal(at place: [OptionPlace], _ problem: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: container.codingPath + place, debugDescription: problem))
  }

  private func require(_ key: Key, _ remedy: String = "") throws {
    if !container.contains(key) {
      throw refusal("'\(key.stringValue)' is missing\(remedy)")
    }
  }

  private func shown(_ key: Key) -> String {
    if let text = try? container.decode(String.self, forKey: key) { return String(text.prefix(64)) }
    if let number = try? container.decode(Double.self, forKey: key) { return shownNumber(number) }
    if let flag = try? container.decode(Bool.self, forKey: key) { return "\(flag)" }
    return (try? container.nestedUnkeyedContainer(forKey: key)) == nil ? "a map" : "a list"
  }
}

/// A step of the way to an option: its name, or its number in a list.
package struct OptionPlace: CodingKey, ExpressibleByStringLiteral {
  package let stringValue: String
  package let intValue: Int?

  package init(stringLiteral name: String) { self.init(stringValue: name) }
  package init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
  package init(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
}

/// A number that an option can be.
package protocol OptionNumber: Decodable, Comparable, Sendable {
  /// What people call it.
  static var title: String { get }
}

extension OptionNumber where Self: BinaryInteger {
  package static var title: String { "a whole number" }
}

extension OptionNumber where Self: BinaryFloatingPoint {
  package static var title: String { "a number" }
}

extension Int: OptionNumber {}
extension Int64: OptionNumber {}
extension UInt64: OptionNumber {}
extension Float: OptionNumber {}
extension Double: OptionNumber {}

/// A type whose cases are the words that an option can be.
package typealias OptionChoice = CaseIterable & RawRepresentable<String>

/// The text that refuses a name, with what is known and what was probably meant.
package func unknownName(_ name: String, what: String, known: [String]) -> String {
  "unknown \(what) '\(name)'; known are \(known.joined(separator: ", "))\(guess(name, known))"
}

private func guess(_ name: String, _ known: [String]) -> String {
  nearestName(to: name, among: known).map { "; did you mean \($0)?" } ?? ""
}
