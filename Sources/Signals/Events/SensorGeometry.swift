/// The pixel array of an event camera: columns and rows, the origin at the top left.
public struct SensorGeometry: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Number of columns, 1...65536.
  public var width: Int
  /// Number of rows, 1...65536.
  public var height: Int

  public init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  public var description: String { "\(width)x\(height)" }

  /// Number of pixels.
  public var pixelCount: Int { width * height }

  /// Whether both extents can be held by 16-bit addresses.
  public var isValid: Bool { (1...65536).contains(width) && (1...65536).contains(height) }

  /// Reads `640x480`; nil if it is anything else.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]) else { return nil }
    self.init(width: width, height: height)
    guard isValid else { return nil }
  }
}
