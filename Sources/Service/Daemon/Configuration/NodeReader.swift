import OutputFiles
import Settings
import Yams

/// Walks a YAML document and gathers what is wrong with it instead of stopping there.
struct NodeReader {
  let path: String
  private(set) var diagnostics: [Diagnostic] = []

  init(path: String) {
    self.path = path
  }

  /// The root of the document; nil, with a diagnostic, where it is no YAML.
  mutating func compose(_ yaml: String) -> Node? {
    do {
      return try Yams.compose(yaml: yaml.withoutByteOrderMark)
    } catch let error as YamlError {
      switch error {
      case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
        .composer(_, let problem, let mark, _):
        note(mark.line, mark.column, problem)
      case .duplicatedKeysInMapping(let duplicates, let context):
        note(
          context.mark.line, context.mark.column,
          "key given twice: \(duplicates.map { "\($0)" }.sorted().joined(separator: ", "))")
      default: note(nil, nil, "\(error)".split(whereSeparator: \.isNewline).joined(separator: " "))
      }
    } catch {
      note(nil, nil, "\(error)")
    }
    return nil
  }

  mutating func note(_ line: Int?, _ column: Int?, _ problem: String) {
    diagnostics.append(Diagnostic(path: path, line: line, column: column, problem: problem))
  }

  mutating func note(_ node: Node, _ problem: String) { note(node.mark?.line, node.mark?.column, problem) }

  /// The fields of a mapping; names that are not among `known` are noted, with the one that was probably meant.
  mutating func mapping(_ node: Node, _ what: String, known: [String]? = nil) -> [(key: String, node: Node)] {
    if case .scalar(let scalar) = node, scalar.string.isEmpty || scalar.string == "null" || scalar.string == "~" {
      return []
    }
    guard case .mapping(let mapping) = node else {
      note(node, "\(what) is no mapping of keys to values")
      return []
    }
    var fields: [(key: String, node: Node)] = []
    for (key, value) in mapping {
      guard let name = key.string else {
        note(key, "a key of \(what) is no text")
        continue
      }
      if fields.contains(where: { $0.key == name }) {
        note(key, "'\(name)' is given twice in \(what)")
        continue
      }
      if let known, !known.contains(name) {
        let guess = nearestName(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
        note(key, "\(what) has no setting '\(name)'\(guess)")
        continue
      }
      fields.append((name, value))
    }
    return fields
  }

  mutating func text(_ node: Node, _ what: String) -> String? {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
      note(node, "\(what) is no text")
      return nil
    }
    return scalar.string
  }

  mutating func integer(_ node: Node, _ what: String, in range: ClosedRange<Int>) -> Int? {
    guard case .scalar(let scalar) = node, let value = Int(scalar.string), range.contains(value) else {
      note(
        node,
        "\(what) is '\(Self.shown(node))', allowed is a whole number of \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  mutating func number(_ node: Node, _ what: String, in range: ClosedRange<Double>) -> Double? {
    guard case .scalar(let scalar) = node, let value = Double(scalar.string), range.contains(value) else {
      note(node, "\(what) is '\(Self.shown(node))', allowed is a number of \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return value
  }

  mutating func choice<Value>(_ node: Node, _ what: String, _ choices: [(String, Value)]) -> Value? {
    guard case .scalar(let scalar) = node, let found = choices.first(where: { $0.0 == scalar.string }) else {
      let names = choices.map(\.0)
      let guess = node.string.flatMap { nearestName(to: $0, among: names) }.map { "; did you mean '\($0)'?" } ?? ""
      note(node, "\(what) is '\(Self.shown(node))', allowed is \(names.joined(separator: ", "))\(guess)")
      return nil
    }
    return found.1
  }

  /// A list, or one value in place of a list of one.
  mutating func list(_ node: Node, _ what: String) -> [Node] {
    switch node {
    case .sequence(let sequence): return Array(sequence)
    case .scalar: return [node]
    default:
      note(node, "\(what) is no list")
      return []
    }
  }

  private static func shown(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar): String(scalar.string.prefix(64))
    case .mapping: "a mapping"
    case .sequence: "a list"
    default: "something else"
    }
  }
}
