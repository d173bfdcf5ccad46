import Failures
import OutputFiles
import Yams

/// The text of a recipe, of which sections are read, with the line of whatever is wrong.
public struct RecipeDocument {
  public let path: String
  private let root: Node

  /// - Throws: `RecipeError` where the text is no YAML.
  public init(yaml: String, path: String) throws(RecipeError) {
    self.path = path
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml.withoutByteOrderMark)
    } catch let error as YamlError {
      throw Self.explain(error, path: path)
    } catch {
      throw RecipeError(path: path, reason: "\(error)")
    }
    guard let root, root.mapping != nil else {
      throw RecipeError(path: path, reason: "holds no recipe: name, data, encoder, network and training")
    }
    self.root = root
  }

  private static func explain(_ error: YamlError, path: String) -> RecipeError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return RecipeError(path: path, line: mark.line, reason: "no valid YAML: \(problem)")
    case .duplicatedKeysInMapping(let keys, let context):
      return RecipeError(
        path: path, line: context.mark.line, reason: "given twice: \(keys.sorted().joined(separator: ", "))")
    default:
      return RecipeError(path: path, reason: "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
    }
  }

  /// The whole.
  public func decode<Value: Decodable>(_ type: Value.Type) throws(RecipeError) -> Value {
    try decode(type, from: root, below: [])
  }

  /// Whether there is a section of that name.
  public func holds(section name: String) -> Bool { root.mapping?[name] != nil }

  /// One section; nil where it is not there. The others are not looked at: a model keeps the recipe that it was made
  /// by, in which another program than this one may have known options.
  public func section<Value: Decodable>(_ name: String, _ type: Value.Type) throws(RecipeError) -> Value? {
    guard let node = root.mapping?[name] else { return nil }
    return try decode(type, from: node, below: [name])
  }

  private func decode<Value: Decodable>(
    _ type: Value.Type, from node: Node, below: [String]
  ) throws(RecipeError) -> Value {
    do {
      return try YAMLDecoder().decode(type, from: node)
    } catch let error as DecodingError {
      throw explain(error, below: below)
    } catch {
      throw RecipeError(path: path, reason: "\(error)")
    }
  }

  private func explain(_ error: DecodingError, below: [String]) -> RecipeError {
    func made(_ context: DecodingError.Context, _ problem: String) -> RecipeError {
      let place = below + context.codingPath.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }
      let option = place.reduce("") { text, part in
        Int(part) == nil ? (text.isEmpty ? part : "\(text).\(part)") : "\(text)[\(part)]"
      }
      return RecipeError(
        path: path, line: line(of: place), reason: option.isEmpty ? problem : "\(option): \(problem)")
    }
    switch error {
    case .keyNotFound(let key, let context): return made(context, "'\(key.stringValue)' is missing")
    case .typeMismatch(let type, let context): return made(context, "no value of the kind \(type)")
    case .valueNotFound(_, let context): return made(context, "there is no value")
    case .dataCorrupted(let context): return made(context, context.debugDescription)
    @unknown default: return RecipeError(path: path, reason: "\(error)")
    }
  }

  /// The line on which the last part of a path stands that is there, counted from 1.
  private func line(of place: [String]) -> Int? {
    var node = root
    var line: Int?
    for part in place {
      if let mapping = node.mapping, let pair = mapping.first(where: { $0.key.string == part }) {
        line = pair.key.mark?.line ?? line
        node = pair.value
      } else if let sequence = node.sequence, let index = Int(part), sequence.indices.contains(index) {
        node = sequence[index]
        line = node.mark?.line ?? line
      } else {
        break
      }
    }
    return line
  }
}

/// A recipe that cannot be read or does not fit together.
public struct RecipeError: ReportedError, Equatable {
  public let path: String
  /// Counted from 1; nil where it concerns the whole.
  public let line: Int?
  public let reason: String

  public init(path: String, line: Int? = nil, reason: String, kind: FailureKind = .configuration) {
    self.path = path
    self.line = line
    self.reason = reason
    self.kind = kind
  }

  /// What kind of failure it is: the recipe's, or that there is none.
  public let kind: FailureKind
  public var description: String { "\(path)\(line.map { ":\($0)" } ?? ""): \(reason)" }
}
