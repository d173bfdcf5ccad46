import Failures

/// Why the picture of a camera cannot be brought onto a model's sensor.
public struct SensorFitError: ReportedError, Sendable, Equatable {
  public var problem: String
  public var remedy: String
  public var kind: FailureKind { .badInput }
  public var description: String { "\(problem); \(remedy)" }

  public init(problem: String, remedy: String) {
    self.problem = problem
    self.remedy = remedy
  }
}

/// How the picture of a camera of any size comes onto the sensor that a model was trained on.
public struct SensorFit: Sendable, Hashable {
  public enum Mode: Sendable, Hashable {
    /// The whole picture in its own proportions, in the middle; what is left of the model's sensor stays empty.
    case scale
    /// The middle of the picture, as much of it as fills the model's sensor.
    case crop
    /// A rectangle of the camera's own pixels, as if that were the whole picture.
    case region(PixelRectangle)
    /// A square around what moves, see `ActivityFollower`.
    case follow
    /// As it is: a camera of another size is refused.
    case none
  }

  /// Clockwise, degrees.
  public enum Turn: Int, Sendable, Hashable, CaseIterable {
    case none = 0
    case quarter = 90
    case half = 180
    case threeQuarters = 270

    var swapsAxes: Bool { self == .quarter || self == .threeQuarters }
  }

  public var mode = Mode.scale
  public var turn = Turn.none
  /// Whether left and right change places, after the turn.
  public var isMirrored = false

  public init(_ mode: Mode = .scale, turn: Turn = .none, isMirrored: Bool = false) {
    self.mode = mode
    self.turn = turn
    self.isMirrored = isMirrored
  }

  /// A picture may be made larger so many times: more would be squares that no model has learnt from.
  public static let largestEnlargement = 2

  /// Where the picture of a camera comes to lie; for `follow` where it lies at first.
  public func placement(
    of camera: SensorGeometry, on model: SensorGeometry
  ) throws(SensorFitError) -> SensorPlacement {
    let whole = PixelRectangle(x: 0, y: 0, width: camera.width, height: camera.height)
    switch mode {
    case .none:
      let turned = turn.swapsAxes ? SensorGeometry(width: camera.height, height: camera.width) : camera
      guard turned == model else {
        throw SensorFitError(
          problem: "is from a sensor of \(camera), the model expects \(model)",
          remedy: "use a model for this camera, or another fit than none")
      }
    case .region(let region):
      guard region.isValid, region.x + region.width <= camera.width, region.y + region.height <= camera.height else {
        throw SensorFitError(
          problem: "the region \(region.text) does not lie within a sensor of \(camera)",
          remedy: "name X,Y,WIDTH,HEIGHT in the camera's own pixels, from its top left")
      }
      return try placement(of: region, camera: camera, model: model).checked()
    case .crop:
      // The model's proportions, as the camera sees them before the turn.
      let shape = turn.swapsAxes ? SensorGeometry(width: model.height, height: model.width) : model
      let width = min(camera.width, max(1, rounded(camera.height * shape.width, shape.height)))
      let height = min(camera.height, max(1, rounded(camera.width * shape.height, shape.width)))
      let middle = PixelRectangle(
        x: (camera.width - width) / 2, y: (camera.height - height) / 2, width: width, height: height)
      return try placement(of: middle, camera: camera, model: model).checked()
    case .follow:
      return try placement(of: ActivityFollower.beginning(in: camera), camera: camera, model: model).checked()
    case .scale: break
    }
    return try placement(of: whole, camera: camera, model: model).checked()
  }

  /// A rectangle of the camera's pixels, as large as the model's sensor takes it in its own proportions.
  func placement(of region: PixelRectangle, camera: SensorGeometry, model: SensorGeometry) -> SensorPlacement {
    let (width, height) = turn.swapsAxes ? (region.height, region.width) : (region.width, region.height)
    var extent = SensorGeometry(width: model.width, height: max(1, rounded(model.width * height, width)))
    if extent.height > model.height || mode == .crop {
      extent = SensorGeometry(width: max(1, rounded(model.height * width, height)), height: model.height)
    }
    // What was cut to the model's proportions fills it, whatever was rounded.
    if mode == .crop { extent = model }
    let target = PixelRectangle(
      x: (model.width - extent.width) / 2, y: (model.height - extent.height) / 2, width: extent.width,
      height: extent.height)
    return SensorPlacement(
      camera: camera, model: model, region: region, target: target, turn: turn, isMirrored: isMirrored)
  }
}

/// A quotient, rounded.
private func rounded(_ dividend: Int, _ divisor: Int) -> Int { (2 * dividend + divisor) / (2 * divisor) }

/// Which of a camera's pixels come onto which of the model's.
public struct SensorPlacement: Sendable, Hashable {
  public var camera: SensorGeometry
  public var model: SensorGeometry
  /// Of the camera, in its own pixels: what lies outside is cut off.
  public var region: PixelRectangle
  /// Of the model: what lies outside stays empty.
  public var target: PixelRectangle
  public var turn: SensorFit.Turn
  public var isMirrored: Bool

  /// Whether every pixel comes onto the one of the same address.
  public var isIdentity: Bool {
    camera == model && region == PixelRectangle(x: 0, y: 0, width: camera.width, height: camera.height)
      && target == region && turn == .none && !isMirrored
  }

  /// The region as it lies once it is turned.
  private var turned: (width: Int, height: Int) {
    turn.swapsAxes ? (region.height, region.width) : (region.width, region.height)
  }

  func checked() throws(SensorFitError) -> Self {
    let (width, height) = turned
    let largest = SensorFit.largestEnlargement
    guard target.width <= largest * width, target.height <= largest * height else {
      throw SensorFitError(
        problem:
          "\(region.width)x\(region.height) pixels of a sensor of \(camera) are too few for a model of \(model): "
          + "they would be made more than \(largest) times as large",
        remedy: "use a model for a smaller sensor, or a larger region")
    }
    return self
  }

  /// For people: what becomes of the camera's picture.
  public var summary: String {
    var text = "a sensor of \(camera)"
    if region.width != camera.width || region.height != camera.height {
      text += ", of which \(region.width)x\(region.height) at \(region.x),\(region.y)"
    }
    if turn != .none { text += ", turned by \(turn.rawValue) degrees" }
    if isMirrored { text += ", mirrored" }
    let (width, height) = turned
    if target.width == width && target.height == height {
      text += ", as it is"
    } else {
      text += ", scaled to \(target.width)x\(target.height)"
      // Hundredths, without a formatter.
      let hundredths = rounded(100 * width * height, target.width * target.height)
      let cents = hundredths % 100
      text += ", \(hundredths / 100).\(cents < 10 ? "0" : "")\(cents) pixels to one,"
    }
    text += " at \(target.x),\(target.y) of the model's \(model)"
    return text
  }
}

extension SensorFit.Mode {
  /// What can be given, for messages.
  public static let allowed = "scale, crop, region=X,Y,WIDTH,HEIGHT, follow or none"

  /// Reads `scale` or `region=10,10,64,64`; nil if it is anything else.
  public init?(_ text: String) {
    switch text {
    case "scale": self = .scale
    case "crop": self = .crop
    case "follow": self = .follow
    case "none": self = .none
    default:
      guard text.hasPrefix("region="), let region = PixelRectangle(text.dropFirst("region=".count)), region.isValid
      else { return nil }
      self = .region(region)
    }
  }

  /// As it is written.
  public var text: String {
    switch self {
    case .scale: "scale"
    case .crop: "crop"
    case .region(let region): "region=\(region.text)"
    case .follow: "follow"
    case .none: "none"
    }
  }
}
