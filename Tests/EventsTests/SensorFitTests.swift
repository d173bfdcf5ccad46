import Events
import Numerics
import Testing

@Suite struct SensorFitTests {
  private static let square = SensorGeometry(width: 128, height: 128)

  private func placement(
    _ fit: SensorFit, _ width: Int, _ height: Int, on model: SensorGeometry = square
  ) throws -> SensorPlacement {
    try fit.placement(of: SensorGeometry(width: width, height: height), on: model)
  }

  private func rectangle(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> PixelRectangle {
    PixelRectangle(x: x, y: y, width: width, height: height)
  }

  @Test func picturesOfEveryCameraLieWhereTheyShould() throws {
    let golden: [(SensorFit, Int, Int, region: PixelRectangle, target: PixelRectangle)] = [
      (SensorFit(), 128, 128, rectangle(0, 0, 128, 128), rectangle(0, 0, 128, 128)),
      (SensorFit(), 240, 180, rectangle(0, 0, 240, 180), rectangle(0, 16, 128, 96)),
      (SensorFit(), 346, 260, rectangle(0, 0, 346, 260), rectangle(0, 16, 128, 96)),
      (SensorFit(), 640, 480, rectangle(0, 0, 640, 480), rectangle(0, 16, 128, 96)),
      (SensorFit(), 1280, 720, rectangle(0, 0, 1280, 720), rectangle(0, 28, 128, 72)),
      (SensorFit(turn: .quarter), 1280, 720, rectangle(0, 0, 1280, 720), rectangle(28, 0, 72, 128)),
      (SensorFit(.crop), 240, 180, rectangle(30, 0, 180, 180), rectangle(0, 0, 128, 128)),
      (SensorFit(.crop), 346, 260, rectangle(43, 0, 260, 260), rectangle(0, 0, 128, 128)),
      (SensorFit(.crop), 1280, 720, rectangle(280, 0, 720, 720), rectangle(0, 0, 128, 128)),
      (SensorFit(.crop), 480, 640, rectangle(0, 80, 480, 480), rectangle(0, 0, 128, 128)),
      (
        SensorFit(.region(rectangle(100, 50, 256, 64))), 640, 480, rectangle(100, 50, 256, 64),
        rectangle(0, 48, 128, 32)
      ),
      (SensorFit(.follow), 640, 480, rectangle(80, 0, 480, 480), rectangle(0, 0, 128, 128)),
      (SensorFit(), 64, 64, rectangle(0, 0, 64, 64), rectangle(0, 0, 128, 128)),
      (SensorFit(.none), 128, 128, rectangle(0, 0, 128, 128), rectangle(0, 0, 128, 128)),
    ]
    for (fit, width, height, region, target) in golden {
      let found = try placement(fit, width, height)
      #expect(found.region == region && found.target == target, "\(fit) \(width)x\(height): \(found)")
    }
  }

  @Test func whatCannotBeFittedIsRefusedWithTheReason() {
    for (fit, width, height, part) in [
      (SensorFit(.none), 346, 260, "is from a sensor of 346x260, the model expects 128x128"),
      (SensorFit(), 34, 34, "too few"), (SensorFit(.region(rectangle(0, 0, 63, 63))), 640, 480, "too few"),
      (SensorFit(.region(rectangle(600, 0, 64, 64))), 640, 480, "does not lie within"),
    ] {
      let error = #expect(throws: SensorFitError.self) { _ = try placement(fit, width, height) }
      #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    }
  }

  @Test func whatIsDoneIsSaid() throws {
    #expect(
      try placement(SensorFit(), 640, 480).summary
        == "a sensor of 640x480, scaled to 128x96, 25.00 pixels to one, at 0,16 of the model's 128x128")
    #expect(
      try placement(SensorFit(.crop, turn: .half, isMirrored: true), 346, 260).summary
        == "a sensor of 346x260, of which 260x260 at 43,0, turned by 180 degrees, mirrored, scaled to 128x128, 4.13 "
        + "pixels to one, at 0,0 of the model's 128x128")
    #expect(
      try placement(SensorFit(.region(rectangle(10, 20, 128, 128))), 640, 480).summary
        == "a sensor of 640x480, of which 128x128 at 10,20, as it is at 0,0 of the model's 128x128")
  }

  @Test func modesAreReadAsTheyAreWritten() {
    for text in ["scale", "crop", "region=1,2,3,4", "follow", "none"] { #expect(SensorFit.Mode(text)?.text == text) }
    for text in ["", "letterbox", "region", "region=1,2,3", "region=1,2,0,4", "region=-1,2,3,4", "region=1,2,3,4,5"] {
      #expect(SensorFit.Mode(text) == nil, "\(text)")
    }
  }

  private func frames(
    _ batch: EventBatch, _ configuration: EventBinningConfiguration, camera: SensorGeometry?, _ fit: SensorFit,
    pieces: Int = .max
  ) throws -> (frames: [SpikeFrame], binner: EventBinner) {
    var binner = try EventBinner(configuration, camera: camera, fit: fit)
    var frames: [SpikeFrame] = []
    var start = 0
    while start < batch.count {
      let end = min(batch.count, start + min(pieces, batch.count))
      try binner.push(batch.slice(start..<end)) { frames.append($0) }
      start = end
    }
    let last = binner
    binner.finish { frames.append($0) }
    return (frames, last)
  }

  /// Where one event at a pixel comes to lie: inputs with their values.
  private func inputs(
    _ x: UInt16, _ y: UInt16, camera: SensorGeometry, on configuration: EventBinningConfiguration, _ fit: SensorFit
  ) throws -> [UInt32: Float] {
    let batch = EventBatch(times: [0], x: [x], y: [y], polarities: [0])
    let frame = try frames(batch, configuration, camera: camera, fit).frames[0]
    return Dictionary(uniqueKeysWithValues: zip(frame.channels, frame.values))
  }

  @Test func turnsAndMirrorsMovePixelsClockwise() throws {
    // 4 columns and 2 rows, so that every pixel can be told apart: 0 1 2 3 / 4 5 6 7.
    let camera = SensorGeometry(width: 4, height: 2)
    let golden: [(SensorFit, [UInt32])] = [
      (SensorFit(), [0, 1, 2, 3, 4, 5, 6, 7]), (SensorFit(isMirrored: true), [3, 2, 1, 0, 7, 6, 5, 4]),
      (SensorFit(turn: .half), [7, 6, 5, 4, 3, 2, 1, 0]),
      (SensorFit(turn: .half, isMirrored: true), [4, 5, 6, 7, 0, 1, 2, 3]),
      // Upright, 2 columns and 4 rows: 4 0 / 5 1 / 6 2 / 7 3.
      (SensorFit(turn: .quarter), [1, 3, 5, 7, 0, 2, 4, 6]),
      (SensorFit(turn: .quarter, isMirrored: true), [0, 2, 4, 6, 1, 3, 5, 7]),
      // 3 7 / 2 6 / 1 5 / 0 4.
      (SensorFit(turn: .threeQuarters), [6, 4, 2, 0, 7, 5, 3, 1]),
      (SensorFit(turn: .threeQuarters, isMirrored: true), [7, 5, 3, 1, 6, 4, 2, 0]),
    ]
    for (fit, places) in golden {
      let isUpright = fit.turn == .quarter || fit.turn == .threeQuarters
      let model = isUpright ? SensorGeometry(width: 2, height: 4) : camera
      let configuration = EventBinningConfiguration(sensor: model, binMicroseconds: 10)
      for pixel in 0..<8 {
        let found = try inputs(UInt16(pixel % 4), UInt16(pixel / 4), camera: camera, on: configuration, fit)
        #expect(found == [places[pixel]: 1], "\(fit) \(pixel)")
      }
    }
  }

  @Test func theModelsOwnCameraIsCountedAsEver() throws {
    let batch = randomEvents(count: 5000, seed: 3, width: 20, height: 17, maximumStep: 40)
    let sensor = SensorGeometry(width: 20, height: 17)
    for downsampling in 1...3 {
      let configuration = EventBinningConfiguration(sensor: sensor, binMicroseconds: 900, downsampling: downsampling)
      let own = try frames(batch, configuration, camera: nil, SensorFit()).frames
      for mode in [SensorFit.Mode.scale, .crop, .none, .region(rectangle(0, 0, 20, 17))] {
        #expect(try frames(batch, configuration, camera: sensor, SensorFit(mode)).frames == own)
      }
    }
  }

  @Test func pixelsThatFallTogetherCountForTheirShare() throws {
    // 5 columns on 2: three and two of them; 4 rows on 2.
    let camera = SensorGeometry(width: 5, height: 4)
    let model = SensorGeometry(width: 2, height: 2)
    var configuration = EventBinningConfiguration(sensor: model, binMicroseconds: 10)
    let fit = SensorFit(.region(rectangle(0, 0, 5, 4)))
    let found = try (0..<5).map { try inputs($0, 0, camera: camera, on: configuration, fit) }
    #expect(found.map(\.keys.first) == [0, 0, 1, 1, 1])
    #expect(found.map(\.values.first) == [Float(1) / 4, Float(1) / 4, Float(1) / 6, Float(1) / 6, Float(1) / 6])
    // An event of each pixel is one of each input, exactly.
    var all = EventBatch()
    for pixel in 0..<20 {
      all.append(Event(timeMicroseconds: 0, x: UInt16(pixel % 5), y: UInt16(pixel / 5), polarity: 1))
    }
    #expect(try frames(all, configuration, camera: camera, fit).frames[0].values == [1, 1, 1, 1])
    configuration.maximumCount = 1
    var twice = all
    twice.append(contentsOf: all)
    #expect(try frames(twice, configuration, camera: camera, fit).frames[0].values == [1, 1, 1, 1])
    // Half of an input's pixels make it active, fewer do not.
    configuration.mode = .binary
    let steps = try [0..<1, 0..<2, 0..<3].map {
      try frames(all.slice($0), configuration, camera: SensorGeometry(width: 4, height: 2), SensorFit()).frames[0]
    }
    #expect(steps.map(\.channels) == [[], [4], [4]])
    #expect(try frames(all.slice(0..<1), configuration, camera: camera, fit).frames[0].channels == [])
  }

  @Test func aFinerModelTakesTheNearestPixel() throws {
    let camera = SensorGeometry(width: 2, height: 2)
    let configuration = EventBinningConfiguration(sensor: SensorGeometry(width: 4, height: 3), binMicroseconds: 10)
    // The picture is 3 x 3, at column 0: columns of model pixels see those of the camera 0, 1, 1.
    #expect(try inputs(0, 0, camera: camera, on: configuration, SensorFit()) == [0: 1])
    #expect(try inputs(1, 1, camera: camera, on: configuration, SensorFit()) == [5: 1, 6: 1, 9: 1, 10: 1])
    // Inputs of two by two model pixels hold the sum of what each of their pixels sees.
    var halved = configuration
    halved.downsampling = 2
    #expect(try inputs(1, 1, camera: camera, on: halved, SensorFit()) == [0: 1, 1: 1, 2: 1, 3: 1])
  }

  @Test func eventsOutsideAndThoseThatAreCutAreCountedApart() throws {
    let batch = EventBatch(times: [0, 1, 2, 3], x: [0, 5, 15, 16], y: [0, 5, 5, 0], polarities: [1, 1, 1, 1])
    let configuration = EventBinningConfiguration(sensor: SensorGeometry(width: 8, height: 8), binMicroseconds: 10)
    let (found, binner) = try frames(
      batch, configuration, camera: SensorGeometry(width: 16, height: 16), SensorFit(.region(rectangle(4, 4, 8, 8))))
    #expect(binner.eventsOutside == 1 && binner.eventsCut == 2)
    #expect(found.map(\.channels) == [[64 + 8 + 1]])
  }

  @Test(arguments: [SensorFit(), SensorFit(.crop, turn: .quarter), SensorFit(.follow), SensorFit(isMirrored: true)])
  func piecesDoNotMatter(fit: SensorFit) throws {
    for (width, height) in [(40, 30), (70, 40), (10, 12)] {
      let batch = randomEvents(count: 4000, seed: 9, width: width, height: height, maximumStep: 60)
      let configuration = EventBinningConfiguration(
        sensor: SensorGeometry(width: 16, height: 16), binMicroseconds: 700, downsampling: 2)
      let camera = SensorGeometry(width: width, height: height)
      let whole = try frames(batch, configuration, camera: camera, fit)
      for pieces in [1, 7, 160] {
        let cut = try frames(batch, configuration, camera: camera, fit, pieces: pieces)
        #expect(cut.frames == whole.frames)
        #expect(cut.binner.placement == whole.binner.placement && cut.binner.eventsCut == whole.binner.eventsCut)
      }
    }
  }
}
