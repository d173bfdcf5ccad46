/// Numbers as text, the same everywhere: never by a locale, never with an exponent.
package enum NumberText {
  /// Microseconds as seconds with six places.
  package static func seconds(_ microseconds: Int64) -> String {
    let magnitude = microseconds.magnitude
    let fraction = String(magnitude % 1_000_000)
    return (microseconds < 0 ? "-" : "") + "\(magnitude / 1_000_000)."
      + String(repeating: "0", count: 6 - fraction.count) + fraction
  }

  /// Microseconds as seconds with no more places than two, for messages.
  package static func roundSeconds(_ microseconds: Int64) -> String {
    "\((Double(microseconds) / 1e4).rounded() / 1e2)"
  }

  /// A number with some places behind the point.
  package static func fixed(_ value: Double, _ places: Int) -> String {
    guard value.isFinite, value.magnitude < 1e15 else { return "\(value)" }
    let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = Int64((value * scale).rounded())
    let unit = Int64(scale)
    let whole = "\(scaled < 0 ? "-" : "")\(scaled.magnitude / unit.magnitude)"
    if places == 0 { return whole }
    let fraction = String(scaled.magnitude % unit.magnitude)
    return whole + "." + String(repeating: "0", count: places - fraction.count) + fraction
  }
}
