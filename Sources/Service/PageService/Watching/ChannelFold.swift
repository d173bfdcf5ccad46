/// How the inputs of a network, or the units of a layer, come onto the rows or pixels of a picture. A value.
package struct ChannelFold: Equatable, Sendable {
  /// Rows of a picture of something without places.
  static let mostRows = 128
  /// Pixels of a side of something with places.
  static let mostPixels = 64

  /// Of the picture: rows alone, or planes, height and width.
  package let shape: [Int]
  /// The place in the picture of each channel.
  private let places: [UInt16]

  package var count: Int { shape.reduce(1, *) }

  /// - Parameter shape: of what is shown: `[channels]`, or `[planes, height, width]`.
  package init(shape: [Int], mostRows: Int = Self.mostRows, mostPixels: Int = Self.mostPixels) {
    if shape.count == 3 {
      let (planes, height, width) = (shape[0], shape[1], shape[2])
      let shrink = max(1, (max(height, width) + mostPixels - 1) / mostPixels)
      let (rows, columns) = ((height + shrink - 1) / shrink, (width + shrink - 1) / shrink)
      // More planes than polarities are not pictures for people: they lie upon each other.
      let shown = min(planes, 2)
      self.shape = [shown, rows, columns]
      places = (0..<planes * height * width).map { channel in
        let (plane, place) = channel.quotientAndRemainder(dividingBy: height * width)
        return UInt16(
          ((plane % shown) * rows + place / width / shrink) * columns + place % width / shrink)
      }
    } else {
      let channels = max(1, shape.reduce(1, *))
      let rows = min(channels, mostRows)
      self.shape = [rows]
      places = (0..<channels).map { UInt16($0 * rows / channels) }
    }
  }

  /// Adds values up where their channels lie. Channels beyond the shape are left out.
  func picture(_ channels: [UInt32], _ values: [Float]) -> [Float] {
    var picture = [Float](repeating: 0, count: count)
    for (index, channel) in channels.enumerated() where Int(channel) < places.count {
      picture[Int(places[Int(channel)])] += values[index]
    }
    return picture
  }

  /// Counts units where they lie, at most 255 a place.
  func counts(_ units: [UInt32]) -> [UInt8] {
    var counts = [UInt8](repeating: 0, count: count)
    for unit in units where Int(unit) < places.count {
      let place = Int(places[Int(unit)])
      if counts[place] < 255 { counts[place] += 1 }
    }
    return counts
  }
}
