/// A file format of event cameras.
public struct EventFormat: RawRepresentable, Sendable, Codable {
  let definition: any EventFormatDefinition

  init(_ definition: some EventFormatDefinition) { self.definition = definition }

  /// The format of a name, as options give it; nil where there is none.
  public init?(rawValue: String) {
    guard let format = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = format
  }

  /// The format that is written for the ending of a file's name; nil where there is none.
  public init?(fileName: String) {
    let name = fileName.lowercased()
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let ending = String(name[name.index(after: dot)...])
    guard let format = Self.allCases.first(where: { $0.definition.endings.contains(ending) }) else { return nil }
    self = format
  }

  /// What options call it.
  public var rawValue: String { definition.name }

  /// How people call it.
  public var title: String { definition.title }

  /// Whether reading can begin only when all of a recording is there: what comes from a pipe waits in a temporary file,
  /// and what is live has no end to wait for.
  public var isReadWhole: Bool { definition.isReadWhole }
}

extension EventFormat: Hashable {
  public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension EventFormat: CustomStringConvertible {
  public var description: String { rawValue }
}
