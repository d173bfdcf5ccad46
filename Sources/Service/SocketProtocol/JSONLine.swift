/// Writes one JSON object as a line of bytes. Fields stand in the order they are added; text is escaped as JSON asks.
public struct JSONLine: Sendable {
  public private(set) var bytes: [UInt8] = []

  /// Begins a message of a type.
  public init(type: String) {
    bytes.reserveCapacity(192)
    bytes.append(UInt8(ascii: "{"))
    add("type", type)
  }

  /// Begins an object inside a message.
  public init() { bytes.append(UInt8(ascii: "{")) }

  public mutating func add(_ key: String, _ value: String) {
    addKey(key)
    append(quoted: value)
  }

  public mutating func add(_ key: String, _ value: Int64) {
    addKey(key)
    bytes += String(value).utf8
  }

  /// Adds the field where there is a value.
  public mutating func add(_ key: String, ifPresent value: String?) {
    if let value { add(key, value) }
  }

  public mutating func add(_ key: String, ifPresent value: Int64?) {
    if let value { add(key, value) }
  }

  public mutating func add(_ key: String, _ values: [String]) {
    addKey(key)
    append(list: values) { $0.append(quoted: $1) }
  }

  /// Adds a list of numbers.
  public mutating func add(_ key: String, _ values: [Int]) {
    addKey(key)
    append(list: values) { $0.bytes += String($1).utf8 }
  }

  /// Adds a number of 0 to 1 with four decimals.
  public mutating func add(_ key: String, score: Double) {
    addKey(key)
    append(score: score)
  }

  package mutating func add(_ key: String, isTrue: Bool) {
    addKey(key)
    bytes += (isTrue ? "true" : "false").utf8
  }

  /// Adds a number with so many decimals; nothing where it is none.
  package mutating func add(_ key: String, decimal value: Double, places: Int) {
    let scale = (0..<places).reduce(1) { power, _ in power * 10 }
    let scaled = (value * Double(scale)).rounded()
    guard scaled.magnitude < 1e15 else { return }
    addKey(key)
    let parts = Int64(scaled.magnitude)
    if scaled < 0 { bytes.append(UInt8(ascii: "-")) }
    bytes += String(parts / Int64(scale)).utf8
    if places == 0 { return }
    let digits = String(parts % Int64(scale))
    bytes.append(UInt8(ascii: "."))
    for _ in digits.utf8.count..<places { bytes.append(UInt8(ascii: "0")) }
    bytes += digits.utf8
  }

  /// Adds an object of numbers of 0 to 1.
  public mutating func add(_ key: String, scores: [(label: String, score: Double)]) {
    var object = JSONLine()
    for (label, score) in scores { object.add(label, score: score) }
    add(key, object)
  }

  public mutating func add(_ key: String, _ object: JSONLine) {
    addKey(key)
    bytes += object.closed
  }

  public mutating func add(_ key: String, _ objects: [JSONLine]) {
    addKey(key)
    append(list: objects) { $0.bytes += $1.closed }
  }

  /// Takes the text of an object that is already written, without its closing brace.
  mutating func replaceBytes(with text: some Sequence<UInt8>) { bytes = Array(text) }

  /// The object with its closing brace and no end of line.
  public var closed: [UInt8] { bytes + [UInt8(ascii: "}")] }
  /// The whole line.
  public var line: [UInt8] { bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

  private mutating func addKey(_ key: String) {
    if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
    append(quoted: key)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func append<Value>(list values: [Value], _ append: (inout JSONLine, Value) -> Void) {
    bytes.append(UInt8(ascii: "["))
    for (index, value) in values.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      append(&self, value)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  private mutating func append(score: Double) {
    let parts = Int((min(1, max(0, score)) * 10_000).rounded())
    let digits = String(parts % 10_000)
    bytes += "\(parts / 10_000)".utf8
    bytes.append(UInt8(ascii: "."))
    for _ in digits.utf8.count..<4 { bytes.append(UInt8(ascii: "0")) }
    bytes += digits.utf8
  }

  private mutating func append(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case UInt8(ascii: "\n"): bytes += "\\n".utf8
      case UInt8(ascii: "\r"): bytes += "\\r".utf8
      case UInt8(ascii: "\t"): bytes += "\\t".utf8
      case 0..<0x20:
        bytes += "\\u00".utf8
        bytes += [byte >> 4, byte & 15].map { $0 < 10 ? UInt8(ascii: "0") + $0 : UInt8(ascii: "a") + $0 - 10 }
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
