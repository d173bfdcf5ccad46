/// A colour in sRGB, each part 0...1.
package struct Color: Sendable, Hashable {
  package var red: Double
  package var green: Double
  package var blue: Double
  /// 1 is opaque.
  package var alpha: Double

  package init(red: Double, green: Double, blue: Double, alpha: Double = 1) {
    self.red = red
    self.green = green
    self.blue = blue
    self.alpha = alpha
  }

  /// A colour by its six hexadecimal digits, as 0x1f77b4.
  package init(_ hexadecimal: UInt32, alpha: Double = 1) {
    red = Double(hexadecimal >> 16 & 0xff) / 255
    green = Double(hexadecimal >> 8 & 0xff) / 255
    blue = Double(hexadecimal & 0xff) / 255
    self.alpha = alpha
  }

  package static let white = Color(0xffffff)
  package static let black = Color(0x000000)
  package static let gray = Color(0x888888)
  package static let lightGray = Color(0xdddddd)

  /// Colours for series side by side, told apart also by readers who see red and green alike (Okabe and Ito, 2008).
  package static let series: [Color] = [
    Color(0x0072b2), Color(0xd55e00), Color(0x009e73), Color(0xcc79a7), Color(0xe69f00), Color(0x56b4e9),
    Color(0x000000), Color(0xb8a800),
  ]

  /// A mixture: 0 is this colour, 1 the other.
  package func mixed(with other: Color, _ share: Double) -> Color {
    Color(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share, alpha: alpha + (other.alpha - alpha) * share)
  }
}

/// Colours for values from 0 to 1: stops at equal distances, mixed between.
package struct ColorMap: Sendable {
  package var stops: [Color]

  /// At least one stop.
  package init(_ stops: [Color]) {
    precondition(!stops.isEmpty, "a colour map needs a stop")
    self.stops = stops
  }

  /// Dark to bright with even steps of brightness, close to matplotlib's viridis.
  package static let sequential = ColorMap([
    Color(0x440154), Color(0x472d7b), Color(0x3b528b), Color(0x2c728e), Color(0x21918c), Color(0x28ae80),
    Color(0x5ec962), Color(0xaddc30), Color(0xfde725),
  ])
  /// White to dark blue, for counts on paper.
  package static let paper = ColorMap([
    Color(0xffffff), Color(0xc6dbef), Color(0x6baed6), Color(0x2171b5), Color(0x08306b),
  ])
  /// Blue through white to red, for values about a middle at 0.5.
  package static let diverging = ColorMap([
    Color(0x2166ac), Color(0x92c5de), Color(0xf7f7f7), Color(0xf4a582), Color(0xb2182b),
  ])

  /// The colour of a value; values outside 0...1 and NaN take the ends.
  package func color(_ value: Double) -> Color {
    guard stops.count > 1, value > 0 else { return stops[0] }
    guard value < 1 else { return stops[stops.count - 1] }
    let place = value * Double(stops.count - 1)
    let index = Int(place)
    return stops[index].mixed(with: stops[index + 1], place - Double(index))
  }
}
