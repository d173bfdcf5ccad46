import Numerics

/// Microseconds as seconds with six places.
package func seconds(_ microseconds: Int64) -> String { NumberText.seconds(microseconds) }

/// A number with some places behind the point.
package func fixed(_ value: Double, _ places: Int) -> String { NumberText.fixed(value, places) }

/// A text filled with blanks on the right.
package func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(width - text.count, 1))
}

/// A text filled with blanks on the left.
package func right(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(width - text.count, 1)) + text
}

/// A duration for people: `41 s`, `3 min 05 s`, `2 h 10 min`.
package func duration(_ seconds: Double) -> String {
  let whole = Int(seconds.rounded())
  if whole < 60 { return "\(whole) s" }
  let rest = whole % 60
  if whole < 3600 { return "\(whole / 60) min \(rest < 10 ? "0" : "")\(rest) s" }
  return "\(whole / 3600) h \(whole % 3600 / 60) min"
}
