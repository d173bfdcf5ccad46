/// Filters one after the other, made from their descriptions.
public struct EventFilterChain: Sendable {
  public private(set) var filters: [any EventFilter] = []
  /// Pixel array of what comes out.
  public private(set) var geometry: SensorGeometry?
  /// Events that went in so far.
  public private(set) var received: Int64 = 0

  public init(geometry: SensorGeometry?) {
    self.geometry = geometry
  }

  /// The descriptions that `append` understands, one a line.
  public static let help = """
    refractory=US           silence of a pixel after each of its events
    background=US           events without a neighbour in that time go
    hot-pixels=DEVIATIONS   pixels far busier than the mean and their neighbours go: those of
                            the whole recording
    hot-pixels=DEVIATIONS,US   those of the last so many microseconds, found while it runs
    flicker=LOW..HIGH,CYCLES   pixels go that brighten so many times on end at such frequencies, Hz;
                            flicker alone: lamps, 90..135,5
    polarity=on|off         keep one polarity
    crop=X,Y,WIDTH,HEIGHT   keep a rectangle
    mask=X,Y,WIDTH,HEIGHT   take a rectangle out
    flip-x, flip-y, transpose
    downsample=FACTOR       squares of pixels become one
    rate=EVENTS             at most so many events a second, in steps of 1 ms
    time=START..END         from START up to END, microseconds of the recording's clock
    events=START..END       by number, from 0
    shift=US                add to every time
    noise=RATE,SEED         random events, so many a second
    """

  /// The names alone.
  static let names = [
    "refractory", "background", "hot-pixels", "flicker", "polarity", "crop", "mask", "flip-x", "flip-y", "transpose",
    "downsample", "rate", "time", "events", "shift", "noise",
  ]

  /// Whether a description needs the pixels' counts beforehand.
  public static func needsCounts(_ description: String) -> Bool {
    description.hasPrefix("hot-pixels") && !description.contains(",")
  }

  /// Where the hot pixels of `hot-pixels=DEVIATIONS` come from.
  public enum HotPixels: Sendable {
    /// The counts of all that will come in.
    case counted(HotPixelFinder)
    /// The recording has been read once already, or cannot be.
    case unknown
    /// They are found while the stream runs.
    case running
  }

  /// Adds a filter by its description, as `crop=10,10,64,64`.
  public mutating func append(_ description: String, hotPixels: HotPixels = .unknown) throws(EventFilterError) {
    let filter = try Self.make(description, geometry: geometry, hotPixels: hotPixels)
    filters.append(filter)
    geometry = filter.geometry
  }

  /// What is wrong with a description, or nil.
  public static func problem(of description: String) -> EventFilterError? {
    do throws(EventFilterError) {
      _ = try make(description, geometry: SensorGeometry(width: 1, height: 1), hotPixels: .running)
      return nil
    } catch {
      return error
    }
  }

  public mutating func append(_ filter: any EventFilter) {
    filters.append(filter)
    geometry = filter.geometry
  }

  /// Why nothing is left of the stream, if a filter was to cut a piece out that is not there.
  public var emptiness: String? { filters.lazy.compactMap(\.emptiness).first }

  /// What each filter did so far, a line each.
  public var findings: [String] {
    var before = received
    return filters.map { filter in
      defer { before += filter.added - filter.removed }
      return "filter \(filter.name) took out \(filter.removed) of \(before) events"
        + (filter.added > 0 ? " and added \(filter.added)" : "") + (filter.finding.map { ", \($0)" } ?? "")
    }
  }

  /// Sends a batch through all filters.
  public mutating func apply(_ batch: inout EventBatch) {
    received += Int64(batch.count)
    for index in filters.indices { filters[index].apply(&batch) }
  }

  private static func make(
    _ description: String, geometry: SensorGeometry?, hotPixels: HotPixels
  ) throws(EventFilterError) -> any EventFilter {
    let parts = description.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let value = parts.count > 1 ? String(parts[1]) : ""
    func refused(_ reason: String) -> EventFilterError { EventFilterError(filter: description, reason: reason) }
    func whole() throws(EventFilterError) -> Int64 {
      guard let number = Int64(value) else { throw refused("a whole number is wanted") }
      return number
    }
    func sensor() throws(EventFilterError) -> SensorGeometry {
      guard let geometry else { throw refused("the sensor's size must be known: name it with --sensor") }
      return geometry
    }
    func rectangle() throws(EventFilterError) -> PixelRectangle {
      guard let rectangle = PixelRectangle(value) else { throw refused("X,Y,WIDTH,HEIGHT is wanted") }
      return rectangle
    }
    /// What seconds with a point are in the unit that is wanted.
    func microseconds(_ start: Substring, _ end: Substring) -> String {
      guard name == "time" else { return "" }
      let times = [start, end].map { text in
        text.isEmpty ? "" : Double(text).flatMap { Int64(exactly: ($0 * 1e6).rounded()) }.map { "\($0)" }
      }
      let example = times.compactMap { $0 }
      return " of microseconds"
        + (example.count == 2 ? ": \(start)..\(end) s is time=\(example[0])..\(example[1])" : "")
    }
    func range() throws(EventFilterError) -> Range<Int64> {
      guard let dots = value.firstRange(of: "..") else { throw refused("START..END is wanted") }
      let start = value[..<dots.lowerBound]
      let end = value[dots.upperBound...]
      let low = start.isEmpty ? Int64.min : Int64(start)
      let high = end.isEmpty ? Int64.max : Int64(end)
      guard let low, let high else { throw refused("START..END is wanted, whole numbers\(microseconds(start, end))") }
      guard low <= high else { throw refused("START..END with START before END is wanted") }
      return low..<high
    }
    switch name {
    case "refractory": return try RefractoryFilter(periodMicroseconds: whole(), geometry: sensor())
    case "background": return try BackgroundActivityFilter(windowMicroseconds: whole(), geometry: sensor())
    case "hot-pixels":
      let numbers = value.split(separator: ",", omittingEmptySubsequences: false)
      guard let deviations = numbers.first.flatMap({ Double($0) }), deviations > 0, numbers.count <= 2 else {
        throw refused("a number above 0 is wanted, or two: DEVIATIONS,MICROSECONDS")
      }
      var counts: HotPixelFinder?
      if numbers.count == 1, case .counted(let finder) = hotPixels { counts = finder }
      var window = RunningHotPixelFilter.usualWindowMicroseconds
      if numbers.count == 2 {
        guard let named = Int64(numbers[1]) else { throw refused("DEVIATIONS,MICROSECONDS is wanted") }
        window = named
      } else if case .unknown = hotPixels {
        throw refused(
          "the recording must be read twice, which a pipe cannot; hot-pixels=\(value),1000000 finds them as it runs")
      }
      guard let counts else {
        return try RunningHotPixelFilter(deviations: deviations, windowMicroseconds: window, geometry: sensor())
      }
      let found = counts.hotPixels(deviations: deviations)
      let names = found.prefix(20).map { "(\($0.x), \($0.y)) \($0.count) times" }.joined(separator: ", ")
      return PixelListFilter(
        name: "hot-pixels=\(value), found \(found.count)" + (found.isEmpty ? "" : ": \(names)")
          + (found.count > 20 ? ", …" : ""), pixels: found.map { ($0.x, $0.y) }, geometry: geometry)
    case "flicker":
      if parts.count == 1 { return try FlickerFilter(geometry: sensor()) }
      let numbers = value.split(separator: ",", omittingEmptySubsequences: false)
      let cycles = numbers.count == 2 ? Int(numbers[1]) : FlickerFilter.usual.cycles
      guard let dots = numbers[0].firstRange(of: ".."), numbers.count <= 2, let cycles,
        let low = Double(numbers[0][..<dots.lowerBound]), let high = Double(numbers[0][dots.upperBound...])
      else { throw refused("LOW..HIGH,CYCLES is wanted, as 90..135,5") }
      return try FlickerFilter(low: low, high: high, cycles: cycles, geometry: sensor())
    case "polarity":
      guard value == "on" || value == "off" else { throw refused("on or off is wanted") }
      return PolarityFilter(polarity: value == "on" ? 1 : 0, geometry: geometry)
    case "crop": return try CropFilter(rectangle())
    case "mask": return try MaskFilter(rectangle(), geometry: geometry)
    case "flip-x", "flip-y", "transpose":
      guard let change = OrientationFilter.Change(rawValue: name) else { throw refused("unknown") }
      return OrientationFilter(change, geometry: try sensor())
    case "downsample": return try DownsampleFilter(factor: Int(clamping: whole()), geometry: geometry)
    case "rate": return try RateLimitFilter(rate: whole(), geometry: geometry)
    case "time": return TimeSliceFilter(range: try range(), geometry: geometry)
    case "events": return CountSliceFilter(range: try range(), geometry: geometry)
    case "shift": return TimeShiftFilter(shiftMicroseconds: try whole(), geometry: geometry)
    case "noise":
      let numbers = value.split(separator: ",")
      guard let rate = numbers.first.flatMap({ Double($0) }), numbers.count <= 2,
        let seed = numbers.count == 2 ? UInt64(numbers[1]) : 0
      else { throw refused("RATE,SEED is wanted") }
      return try NoiseFilter(rate: rate, seed: seed, geometry: sensor())
    default:
      // What brackets of YAML make of crop=1,2,3,4.
      let isPiece = Int64(description) != nil
      throw refused(
        "no such filter, known are \(names.joined(separator: ", "))"
          + (isPiece ? "; a list in brackets ends entries at commas: write one filter a line" : ""))
    }
  }
}
