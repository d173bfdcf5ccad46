/// Microseconds as seconds with six places.
package func seconds(_ microseconds: Int64) -> String {
  let magnitude = microseconds.magnitude
  let fraction = String(magnitude % 1_000_000)
  return (microseconds < 0 ? "-" : "") + "\(magnitude / 1_000_000)."
    + String(repeating: "0", count: 6 - fraction.count) + fraction
}

/// A number with some places behind the point.
package func fixed(_ value: Double, _ places: Int) -> String {
  guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
  let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
  let scaled = Int64((value * scale).rounded())
  let unit = Int64(scale)
  let whole = "\(scaled < 0 ? "-" : "")\(scaled.magnitude / unit.magnitude)"
  if places == 0 { return whole }
  let fraction = String(scaled.magnitude % unit.magnitude)
  return whole + "." + String(repeating: "0", count: places - fraction.count) + fraction
}

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
