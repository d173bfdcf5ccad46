import Settings

/// An extent along the height and along the width of a map. In a recipe it is a number where both are the same, and
/// `[height, width]` otherwise.
public struct MapExtent: Codable, Sendable, Equatable, CustomStringConvertible, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral
{
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The same along both.
  public init(_ extent: Int) {
    self.init(height: extent, width: extent)
  }

  public init(integerLiteral extent: Int) { self.init(extent) }

  /// Height and width.
  public init(arrayLiteral extents: Int...) {
    precondition(extents.count == 2, "a map has a height and a width, not \(extents.count) extents")
    self.init(height: extents[0], width: extents[1])
  }

  public var isSquare: Bool { height == width }
  public var description: String { isSquare ? "\(height)" : "\(height) x \(width)" }

  /// Whether both are at least as much.
  func isAtLeast(_ least: Int) -> Bool { height >= least && width >= least }

  public init(from decoder: any Decoder) throws {
    let single = try decoder.singleValueContainer()
    if let extent = try? single.decode(Int.self) {
      self.init(extent)
      return
    }
    let both = try single.decode([Int].self)
    guard both.count == 2 else {
      throw DecodingError.dataCorruptedError(in: single, debugDescription: "\(both.count) numbers, it takes 2")
    }
    self.init(height: both[0], width: both[1])
  }

  public func encode(to encoder: any Encoder) throws {
    var single = encoder.singleValueContainer()
    if isSquare { try single.encode(height) } else { try single.encode([height, width]) }
  }
}

extension OptionMap {
  /// An extent of a map within bounds; the default where it is absent.
  func extent(_ key: Key, _ bounds: Bounds<Int>, or standard: MapExtent) throws -> MapExtent {
    guard let found = try numberOrList(key, bounds, count: 2) else { return standard }
    return found.count == 1 ? MapExtent(found[0]) : MapExtent(height: found[0], width: found[1])
  }
}
