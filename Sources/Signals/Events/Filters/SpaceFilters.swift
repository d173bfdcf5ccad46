/// Keeps one polarity.
public struct PolarityFilter: EventFilter {
  public let polarity: UInt8
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0

  public init(polarity: UInt8, geometry: SensorGeometry?) {
    self.polarity = polarity
    self.geometry = geometry
  }

  public var name: String { polarity == 1 ? "polarity=on" : "polarity=off" }

  public mutating func apply(_ batch: inout EventBatch) {
    let polarity = polarity
    removed += batch.retain { $0.polarity == polarity }
  }
}

/// A rectangle of pixels.
public struct PixelRectangle: Sendable, Hashable {
  public var x: Int
  public var y: Int
  public var width: Int
  public var height: Int

  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }

  /// Reads `10,10,64,64`: column, row, width and height; nil if it is anything else.
  public init?(_ text: some StringProtocol) {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 4, let x = numbers[0], let y = numbers[1], let width = numbers[2], let height = numbers[3]
    else { return nil }
    self.init(x: x, y: y, width: width, height: height)
  }

  func contains(_ event: Event) -> Bool {
    Int(event.x) >= x && Int(event.x) < x + width && Int(event.y) >= y && Int(event.y) < y + height
  }

  var isValid: Bool { x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 65536 && y + height <= 65536 }

  var text: String { "\(x),\(y),\(width),\(height)" }
}

/// Keeps a rectangle of the sensor and counts its pixels from its own corner.
public struct CropFilter: EventFilter {
  public let rectangle: PixelRectangle
  public private(set) var removed: Int64 = 0

  public init(_ rectangle: PixelRectangle) throws(EventFilterError) {
    guard rectangle.isValid else {
      throw EventFilterError(filter: "crop", reason: "\(rectangle.text) is no rectangle of pixels")
    }
    self.rectangle = rectangle
  }

  public var name: String { "crop=\(rectangle.text)" }
  public var geometry: SensorGeometry? { SensorGeometry(width: rectangle.width, height: rectangle.height) }

  public mutating func apply(_ batch: inout EventBatch) {
    let rectangle = rectangle
    removed += batch.retain { event in
      guard rectangle.contains(event) else { return false }
      event.x -= UInt16(rectangle.x)
      event.y -= UInt16(rectangle.y)
      return true
    }
  }
}

/// Takes out a rectangle of the sensor.
public struct MaskFilter: EventFilter {
  public let rectangle: PixelRectangle
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0

  public init(_ rectangle: PixelRectangle, geometry: SensorGeometry?) throws(EventFilterError) {
    guard rectangle.isValid else {
      throw EventFilterError(filter: "mask", reason: "\(rectangle.text) is no rectangle of pixels")
    }
    self.rectangle = rectangle
    self.geometry = geometry
  }

  public var name: String { "mask=\(rectangle.text)" }

  public mutating func apply(_ batch: inout EventBatch) {
    let rectangle = rectangle
    removed += batch.retain { !rectangle.contains($0) }
  }
}

/// Mirrors or transposes the sensor.
public struct OrientationFilter: EventFilter {
  public enum Change: String, Sendable, CaseIterable {
    case flipHorizontally = "flip-x"
    case flipVertically = "flip-y"
    case transpose
  }

  public let change: Change
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0
  private let sensor: SensorGeometry

  /// The sensor must be known; events outside it are taken out.
  public init(_ change: Change, geometry: SensorGeometry) {
    self.change = change
    sensor = geometry
    self.geometry =
      change == .transpose ? SensorGeometry(width: geometry.height, height: geometry.width) : geometry
  }

  public var name: String { change.rawValue }

  public mutating func apply(_ batch: inout EventBatch) {
    let (sensor, change) = (sensor, change)
    removed += batch.retain { event in
      guard event.x < sensor.width, event.y < sensor.height else { return false }
      switch change {
      case .flipHorizontally: event.x = UInt16(sensor.width - 1) - event.x
      case .flipVertically: event.y = UInt16(sensor.height - 1) - event.y
      case .transpose: swap(&event.x, &event.y)
      }
      return true
    }
  }
}

/// Lets squares of pixels fall together into one.
public struct DownsampleFilter: EventFilter {
  public let factor: Int
  public let geometry: SensorGeometry?
  public private(set) var removed: Int64 = 0

  public init(factor: Int, geometry: SensorGeometry?) throws(EventFilterError) {
    guard (1...65536).contains(factor) else {
      throw EventFilterError(filter: "downsample", reason: "a factor of \(factor) is outside 1...65536")
    }
    self.factor = factor
    self.geometry = geometry.map {
      SensorGeometry(width: ($0.width + factor - 1) / factor, height: ($0.height + factor - 1) / factor)
    }
  }

  public var name: String { "downsample=\(factor)" }

  public mutating func apply(_ batch: inout EventBatch) {
    let factor = factor
    removed += batch.retain { event in
      event.x = UInt16(Int(event.x) / factor)
      event.y = UInt16(Int(event.y) / factor)
      return true
    }
  }
}
