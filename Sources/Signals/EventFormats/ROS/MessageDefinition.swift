/// The definition of a message, as bags carry it: the fields of the type, then those of the types it is made of.
struct MessageDefinition {
  /// Longest text that is looked at, bytes; those of messages with events have about a thousand.
  static let largestSize = 256 * 1024
  private static let deepest = 8
  private static let mostFields = 256

  /// The fields in the order in which they are serialised, each as `type name`, those of a type of its own in its place;
  /// those of an array of such types stand between brackets. Nil when it does not hang together.
  let fields: [String]

  init?(_ text: String, type: String) {
    guard text.utf8.count <= Self.largestSize else { return nil }
    var sections: [String: [Substring]] = [:]
    var name = Self.plain(type)
    var lines: [Substring] = []
    for line in text.split(whereSeparator: \.isNewline) {
      if line.hasPrefix("=====") {
        sections[name] = lines
        lines = []
        name = ""
      } else if name.isEmpty, line.hasPrefix("MSG:") {
        name = Self.plain(line.dropFirst(4).filter { !$0.isWhitespace })
      } else {
        lines.append(line)
      }
    }
    sections[name] = lines
    var fields: [String] = []
    guard Self.collect(Self.plain(type), sections, depth: 0, into: &fields), !fields.isEmpty else { return nil }
    self.fields = fields
  }

  /// `package/Type` of what ROS 2 calls `package/msg/Type`.
  static func plain(_ type: String) -> String {
    let parts = type.split(separator: "/")
    return parts.count == 3 && parts[1] == "msg" ? "\(parts[0])/\(parts[2])" : type
  }

  private static func collect(
    _ type: String, _ sections: [String: [Substring]], depth: Int, into fields: inout [String]
  ) -> Bool {
    guard depth < deepest, let lines = sections[type] else { return false }
    for line in lines {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      if words.isEmpty { continue }
      guard words.count > 1 else { return false }
      // A constant takes no place in a message.
      if words[1].contains("=") || words.count > 2 && words[2].hasPrefix("=") { continue }
      guard fields.count < mostFields, add(String(words[0]), String(words[1]), in: type, sections, depth, &fields)
      else {
        return false
      }
    }
    return true
  }

  /// Adds one field.
  private static func add(
    _ type: String, _ name: String, in owner: String, _ sections: [String: [Substring]], _ depth: Int,
    _ fields: inout [String]
  ) -> Bool {
    let element = type.prefix { $0 != "[" && $0 != "<" }
    let isArray = type.contains("[")
    if let primitive = primitives[String(element)] {
      fields.append("\(primitive)\(isArray ? type[element.endIndex...] : "") \(name)")
      return true
    }
    guard let section = find(plain(String(element)), in: owner, sections) else { return false }
    // Only arrays of any length begin with one.
    if isArray { fields.append("[\(type.hasSuffix("[]") ? "" : type)") }
    guard collect(section, sections, depth: depth + 1, into: &fields) else { return false }
    if isArray { fields.append("]") }
    return true
  }

  /// The full name of a type that may be named without its package.
  private static func find(_ type: String, in owner: String, _ sections: [String: [Substring]]) -> String? {
    if sections[type] != nil { return type }
    if type.contains("/") { return nil }
    if type == "Header", sections["std_msgs/Header"] != nil { return "std_msgs/Header" }
    let sibling = owner.prefix { $0 != "/" } + "/" + type
    return sections[sibling] != nil ? sibling : nil
  }

  /// Types that are serialised alike get one name.
  private static let primitives: [String: String] = [
    "bool": "uint8", "byte": "uint8", "char": "uint8", "uint8": "uint8", "int8": "int8", "uint16": "uint16",
    "int16": "int16", "uint32": "uint32", "int32": "int32", "uint64": "uint64", "int64": "int64",
    "float32": "float32", "float64": "float64", "string": "string", "wstring": "wstring", "time": "time",
    "duration": "duration",
  ]
}
